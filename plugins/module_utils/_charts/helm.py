# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The Helm binary: it renders charts, and nothing else. Whatever runs programs is given from outside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from .._errors import MeshyardError
from . import manifests
from .chart import Chart
from .manifests import Object

# Runs a program with a text on its standard input and returns its exit code, output and error output. It raises
# OSError when the program is not there.
Run = Callable[[list[str], str], tuple[int, str, str]]

MAJOR, TESTED = 3, "3.22"
MISSING = (
    f"Install Helm {MAJOR} on the host that runs this module, or give its path as binary_path; an execution environment gets it in "
    f"additional_build_steps, by Helm's own script get-helm-{MAJOR}, which finds the architecture."
)
_VERSION_COMMAND = ["version", "--short"]
_VERSION = re.compile(r"\bv(\d+)\.\d+\S*")
# Helm prefers a directory of the chart's name in the working directory to the repository, and only says so.
HIJACKED = "repository url ignored"


class Helm:
    """The Helm binary.

    :param run: runs a program. Its working directory should hold no charts.
    :param binary: the name or path of the binary.
    """

    def __init__(self, run: Run, binary: str = "helm") -> None:
        self._run = run
        self._binary = binary
        self._suits = False
        self._begun: dict[tuple[str, ...], Future[tuple[int, str, str]]] = {}

    def begin_to_show(self, chart: Chart, *parts: str) -> None:
        """Asks for parts of a chart, C(chart) or C(values), at the same time, so that who asks for them next does not wait for each.

        Beside them for the version of the binary, unless it is known. What was begun already is not begun again.
        """
        wanted = [*([] if self._suits else [_VERSION_COMMAND]), *(["show", part, *chart.arguments] for part in parts)]
        missing = [command for command in wanted if tuple(command) not in self._begun]
        pool = ThreadPoolExecutor(len(wanted))
        self._begun |= {tuple(command): pool.submit(self._run, [self._binary, *command], "") for command in missing}
        pool.shutdown(wait=False)

    def show_chart(self, chart: Chart) -> dict[str, Any]:
        """What a chart says of itself: C(name), C(version), C(appVersion) and more.

        :raises MeshyardError: the chart cannot be had.
        """
        return self._document(["show", "chart", *chart.arguments], f"read the chart {chart}")

    def show_values(self, chart: Chart) -> dict[str, Any]:
        """A chart's default values.

        :raises MeshyardError: the chart cannot be had.
        """
        return self._document(["show", "values", *chart.arguments], f"read the values of the chart {chart}")

    def render(
        self,
        chart: Chart,
        release: str,
        namespace: str,
        values: Mapping[str, Any],
        kube_version: str = "",
    ) -> list[Object]:
        """The objects that a chart renders; hooks are left out.

        :param kube_version: the cluster's version, which some templates ask for, such as C(v1.34.1).
        :raises MeshyardError: the chart cannot be had, or refuses the values.
        """
        command = ["template", release, *chart.arguments, "--namespace", namespace, "--include-crds", "--values", "-"]
        command += ["--kube-version", kube_version] if kube_version else []
        # JSON is YAML, and needs no care about how a text is quoted.
        rendered = self._output(command, f"render the chart {chart}", json.dumps(values))
        return manifests.parse(rendered, namespace)

    def _document(self, command: list[str], purpose: str) -> dict[str, Any]:
        documents = manifests.documents_of(self._output(command, purpose))
        return documents[0] if documents and isinstance(documents[0], dict) else {}

    def _output(self, command: list[str], purpose: str, text: str = "") -> str:
        self._refuse_other()
        code, output, errors = self._call(command, text)
        if HIJACKED in errors:
            raise MeshyardError(
                f"Helm took a directory of the working directory for the chart, and could not {purpose}.",
                "Run from a directory that has no folder of the chart's name.",
                code="chart_unusable",
            )
        if code != 0:
            raise MeshyardError(f"Helm could not {purpose}: {_reason(errors or output)}.", _remedy(errors), code="chart_unusable")
        return output

    def _refuse_other(self) -> None:
        """Returns when the binary is of the version that renders as expected; it is asked once.

        :raises MeshyardError: it is of another one, or none.
        """
        if self._suits:
            return
        _code, output, errors = self._call(_VERSION_COMMAND)
        # Helm 2 tells its version and fails, because it misses its server.
        version = _VERSION.search(f"{output}\n{errors}")
        if version is None or int(version[1]) != MAJOR:
            which = f"Helm {version[0]}" if version else "no Helm that tells its version"
            raise MeshyardError(
                f"The program {self._binary} is {which}; charts are rendered by Helm {MAJOR} (tested with {TESTED}).",
                f"Install Helm {MAJOR} beside it on the host that runs this module, and give its path as binary_path.",
                code="requirement_missing",
            )
        self._suits = True

    def _call(self, command: list[str], text: str = "") -> tuple[int, str, str]:
        begun = self._begun.pop(tuple(command), None)
        try:
            return begun.result() if begun else self._run([self._binary, *command], text)
        except OSError as problem:
            raise MeshyardError(
                f"Helm cannot be run as {self._binary}: {problem.strerror or problem}.", MISSING, code="requirement_missing"
            ) from problem


def _reason(errors: str) -> str:
    """What Helm says, in one line and without its own decoration."""
    lines = [line.strip() for line in errors.splitlines() if line.strip() and not line.startswith("Use --debug")]
    reasons = [line for line in lines if not line.startswith("WARNING") and " WARN " not in line]
    return " ".join(reasons).removeprefix("Error: ").rstrip(".") or "it gave no reason"


def _remedy(errors: str) -> str:
    if any(part in errors for part in ("not found", "no such file", "no cached repo", "failed to fetch", "dial tcp", "FetchReference")):
        return "Check chart_ref, chart_repo_url and the version, and that this host can reach the charts."
    return "Check the values that were given for this chart."
