# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""From a module's chart options to rendered objects, by the Helm binary of the host that the module runs on."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from ..._charts import chart, helm, keys, manifests, values, versions
from ..._errors import MeshyardError
from ..._words import listed

Object = dict[str, Any]
SECONDS = 120


class Renderer:
    """One chart in one version, with the options of a module.

    :param name: C(base), C(istiod) or C(gateway).
    :param version: the version of Istio that the user asks for.
    :param options: C(chart_ref), C(chart_repo_url), C(chart_version) and C(binary_path).
    :param warn: gives a warning.
    """

    def __init__(self, name: str, version: versions.Version, options: Mapping[str, Any], warn: Callable[[str], None]) -> None:
        self.name = name
        self.version = version
        self._warn = warn
        self._declared = options.get("chart_version")
        wanted = self._declared or str(version)
        self._chart = chart.source(name, wanted, options.get("chart_ref"), options.get("chart_repo_url"))
        self._helm = helm.Helm(_run, options.get("binary_path") or "helm")

    @cached_property
    def defaults(self) -> Object:
        """The chart's own values."""
        return self._helm.show_values(self._chart)

    def begin(self, given: Mapping[str, Any] | None) -> None:
        """Asks Helm for what C(refuse) looks at, which does that itself otherwise: so a connection can be made meanwhile."""
        self._helm.begin_to_show(self._chart, "chart", *(["values"] if given else []))

    def refuse(self, given: Mapping[str, Any] | None) -> None:
        """Returns when the chart is the one that was asked for and takes all of these values.

        What only an Istio newer than this collection can know is a warning.

        :raises MeshyardError: it is another chart, or of another version of Istio; or it does not know a key or takes another
            type, and each is named, with what was probably meant.
        """
        self.begin(given)
        self._refuse_other()
        for text in keys.refuse(given, self.defaults, self.name, self.version.minor) if given else ():
            self._warn(text)

    def carried_over(self, recorded: Mapping[str, Any], source: str) -> Object:
        """The values of another revision, without what names a version and without what this chart does not read.

        :param source: where they come from, in words.
        """
        return self.only_read(values.carry_over(recorded), source)

    def only_read(self, earlier: Mapping[str, Any], source: str) -> Object:
        """Values that were given for another version, without what this chart does not read, of which it warns.

        :param source: where they come from, in words.
        """
        kept, unread = keys.only_read(earlier, self.defaults, self.name, self.version.minor) if earlier else ({}, [])
        if unread:
            named = listed(sorted(unread))
            self._warn(f"Values of {source} that the {self.name} chart of Istio {self.version} does not read are left behind: {named}.")
        return kept

    def objects(self, release: str, namespace: str, given: Mapping[str, Any], kube_version: str) -> list[Object]:
        """The rendered objects."""
        return self._helm.render(self._chart, release, namespace, given, kube_version=kube_version)

    def _refuse_other(self) -> None:
        described = self._helm.show_chart(self._chart)
        if described.get("name") != self.name:
            raise MeshyardError(
                f"The chart {self._chart} is {described.get('name')}, not {self.name}.", "Correct chart_ref.", code="chart_unusable"
            )
        found = {str(described.get("version", "")).removeprefix("v"), str(described.get("appVersion", "")).removeprefix("v")}
        if not self._declared and str(self.version) not in found:
            raise MeshyardError(
                f"The chart {self._chart} is of Istio {described.get('appVersion')}, but version is {self.version}.",
                "Correct version or chart_ref, or name the chart's own version in chart_version if it belongs to that version of Istio.",
                code="chart_unusable",
            )


def parse_yaml(text: str) -> Any:
    """One YAML document.

    :raises ValueError: it is not YAML.
    """
    try:
        found = manifests.documents_of(text)
    except MeshyardError as problem:
        raise ValueError(str(problem)) from problem
    return found[0] if found else None


def _run(command: list[str], text: str) -> tuple[int, str, str]:
    # Helm takes a directory of the chart's name for the chart: it gets a working directory that has none.
    with tempfile.TemporaryDirectory(prefix="meshyard-helm-") as empty:
        return asyncio.run(_answer(command, text, empty))


async def _answer(command: list[str], text: str, folder: str) -> tuple[int, str, str]:
    """Status and output; a program that gives none in time is ended."""
    pipe = asyncio.subprocess.PIPE
    program = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder)
    try:
        said, errors = await asyncio.wait_for(program.communicate(text.encode()), SECONDS)
    except TimeoutError:
        program.kill()
        await program.wait()
        return 1, "", f"it gave no answer for {SECONDS} seconds: failed to fetch"
    return program.returncode or 0, said.decode(errors="replace"), errors.decode(errors="replace")
