"""Playbooks of this collection, run from the working tree against API servers."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import procfs
from tests import tree

DROPPED = ("K8S_AUTH_", "KUBECONFIG", "MESHYARD_", "ANSIBLE_", "PYTHONDONTWRITEBYTECODE")
"""What playbooks do not inherit: credentials, settings, and that each module compiles its libraries anew, half of its time."""

PATIENCE = 600.0
"""Seconds that no playbook needs, however busy the machine is."""


@dataclass(frozen=True)
class Outcome:
    """A playbook that has ended.

    :ivar lines: what it said. :ivar said: the same in one line.
    """

    status: int
    lines: list[str]

    @property
    def said(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.lines))

    @property
    def changed(self) -> int:
        """How many tasks changed something, on all hosts."""
        return sum(map(int, re.findall(r"\bchanged=(\d+)", self.said)))


Groups = Mapping[str, Mapping[str, Mapping[str, Any]]]


def play(name: str, groups: Groups, folder: Path, *arguments: str, **options: Any) -> Outcome:
    """Runs a playbook to its end, with the parameters of C(start)."""
    process = start(name, groups, folder, *arguments, **options)
    try:
        said, _errors = process.communicate(timeout=PATIENCE)
    finally:
        kill(process)
    return Outcome(process.returncode, said.splitlines())


def start(
    name: str,
    groups: Groups,
    folder: Path,
    *arguments: str,
    settings: Path | None = None,
    environment: Mapping[str, str] | None = None,
    **variables: Any,
) -> subprocess.Popen[str]:
    """Starts a playbook in a process group of its own.

    :param groups: host variables by host by group. :param folder: for the inventory. :param arguments: further ones.
    :param settings: an `ansible.cfg`. :param environment: further environment variables. :param variables: extra variables.
    """
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({group: {"hosts": dict(hosts)} for group, hosts in groups.items()}))
    own = {
        "ANSIBLE_COLLECTIONS_PATH": str(tree.linked()),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": "1",
        **({"ANSIBLE_CONFIG": str(settings)} if settings else {}),
    }
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(tree.ROOT / "playbooks" / f"{name}.yml"), "-i", str(inventory)]
    extra = ["-e", json.dumps(variables), *arguments]
    return subprocess.Popen(
        [*command, *extra],
        env={**inherited(), **own, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def inherited() -> dict[str, str]:
    """The environment of this process without what playbooks do not inherit."""
    return {key: value for key, value in os.environ.items() if not key.startswith(DROPPED)}


def kill(process: subprocess.Popen[str]) -> None:
    """Ends the playbook and all that it started, as when the machine goes down: its workers may lead groups of their own."""
    for leader in (process.pid, *procfs.children(process.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)
