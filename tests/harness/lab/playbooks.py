"""Playbooks of the installed collection, run as a user does, with what they said and did."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import waiting
from tests.harness.lab import ansible_playbook, audit, task_results
from tests.harness.lab.cluster import Body, LabCluster

UPGRADE, RETIRE, ROLLBACK = "meshyard.istio.upgrade", "meshyard.istio.retire", "meshyard.istio.rollback"
INSTALL = "meshyard.istio.install"
MINUTES = 10


@dataclass(frozen=True)
class Outcome:
    """A playbook that has ended.

    :ivar begin: and C(end): RFC 3339 times. :ivar tasks: the file with a line per task result.
    """

    status: int
    output: str
    tasks: Path
    begin: str
    end: str

    @property
    def changes(self) -> list[str]:
        """What modules changed, or would have in check mode: one line per object and field."""
        return task_results.steps(self.tasks)

    @property
    def said(self) -> str:
        """The output in one line, as sentences break where the screen ends."""
        return re.sub(r"\s+", " ", self.output)

    def changed_tasks(self) -> list[str]:
        """The names of the tasks that changed something."""
        return [line["task"] for line in task_results.lines(self.tasks) if line.get("changed")]


class Playbooks:
    """Runs playbooks on one cluster; every output stays in its folder as evidence."""

    def __init__(self, cluster: LabCluster, collections: Path) -> None:
        self._cluster, self._collections = cluster, collections
        self._number = 0

    def run(self, playbook: str, *options: str, expect: int = 0, **variables: Any) -> Outcome:
        """Runs it to its end, which must be the expected status."""
        with self.started(playbook, *options, **variables) as run:
            outcome = run.ended(MINUTES * 60)
        assert outcome.status == expect, f"{playbook} ended with {outcome.status} instead of {expect}:\n{outcome.output[-6000:]}"
        return outcome

    @contextlib.contextmanager
    def started(self, playbook: str, *options: str, **variables: Any) -> Iterator[Running]:
        """Starts it; whoever leaves the block leaves nothing running."""
        self._number += 1
        name = f"{self._number:02d}-{playbook.rpartition('.')[2] if '/' not in playbook else Path(playbook).stem}"
        tasks, log = self._cluster.work / f"{name}.tasks.jsonl", self._cluster.work / f"{name}.log"
        command = ansible_playbook.command(playbook, self._cluster.target, *options, "-e", json.dumps(variables))
        environment = ansible_playbook.environment(tasks, self._collections) | {
            "ANSIBLE_FORCE_COLOR": "0",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
        }
        begin = audit.now()
        with (
            log.open("w", encoding="utf-8") as output,
            subprocess.Popen(
                command, cwd=self._cluster.work, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            ) as process,
        ):
            running = Running(process, log, tasks, begin)
            try:
                yield running
            finally:
                if process.poll() is None:
                    process.kill()


@dataclass
class Running:
    """A playbook under way."""

    process: subprocess.Popen[bytes]
    log: Path
    tasks: Path
    begin: str

    def ended(self, seconds: float) -> Outcome:
        """Waits for its end."""
        status = self.process.wait(seconds)
        return Outcome(status, self.log.read_text(encoding="utf-8"), self.tasks, self.begin, audit.now())

    def reaches(self, pattern: str, seconds: float = 240) -> None:
        """Waits until its output contains something."""
        found = f"{self.log} does not come to hold {pattern}."
        self.comes_to(lambda: bool(re.search(pattern, self.log.read_text(encoding="utf-8"))), found, seconds)

    def comes_to(self, condition: Callable[[], bool], failure: str, seconds: float = 240) -> None:
        """Waits until something holds, which must be before its end."""

        def seen() -> bool:
            if condition():
                return True
            assert self.process.poll() is None, f"it ended before ({failure}): {self._end()}"
            return False

        waiting.until(seen, seconds, lambda: failure, every=0.2)

    def kill(self) -> None:
        """Ends it and all of its processes at once."""
        for pid in (self.process.pid, *descendants(self.process.pid)):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(60)

    def _end(self) -> str:
        """What failed, in the words of the tasks, before the end of the output."""
        output = self.log.read_text(encoding="utf-8")
        said = [line.strip()[:2000] for line in output.splitlines() if line.startswith(("fatal:", "[ERROR]"))]
        return "\n".join([*said, output[-3000:]])


def writes(cluster: LabCluster, begin: str, end: str = "9") -> list[Body]:
    """What the collection wrote between two times by the API server's audit log; dry runs and Leases are no writes of an upgrade."""
    found = audit.writes_by(cluster.audit(), audit.COLLECTION, begin, end)
    return [event for event in found if event.get("objectRef", {}).get("resource") != "leases"]


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and theirs."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = entry.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, todo = [], [pid]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def alive(pids: list[int]) -> list[int]:
    """Those of some processes that still run."""
    return [pid for pid in pids if os.path.exists(f"/proc/{pid}") and _state(pid) != "Z"]


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
