"""How long a program runs, how much memory it needs, and how many requests it makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.lab import audit
from tests.harness.modules import clean_environment

_KIB = 1024


@dataclass(frozen=True)
class Measured:
    """A program that has ended well.

    :ivar seconds: from its start to its end. :ivar peak_mib: the most memory that it or one of its children held.
    :ivar begin: when it began, as the audit log writes times, and :ivar end: when it ended.
    """

    seconds: float
    peak_mib: float
    output: str
    begin: str
    end: str

    def requests(self, log: Path, agent: str) -> int:
        """How many requests a client made while it ran, by the API server's audit log.

        :param agent: how its user agent begins.
        """
        return sum(
            1
            for event in audit.events(log)
            if event.get("stage") == "ResponseComplete"
            and str(event.get("userAgent", "")).startswith(agent)
            and self.begin <= event.get("requestReceivedTimestamp", "") <= self.end
        )


def program(command: Sequence[str], given: str = "") -> Measured:
    """Runs a program to its end, which must be a good one."""
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        told.write(given.encode())
        told.seek(0)
        begin, started = audit.now(), time.monotonic()
        process = subprocess.Popen(command, stdin=told, stdout=said, stderr=subprocess.STDOUT)
        _pid, status, used = os.wait4(process.pid, 0)
        seconds, end = time.monotonic() - started, audit.now()
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read().decode(errors="replace")
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:4])} ended with {process.returncode}: {output[-3000:]}")
    return Measured(round(seconds, 2), round(used.ru_maxrss / _KIB, 1), output, begin, end)


def module(name: str, **options: Any) -> tuple[Measured, dict[str, Any]]:
    """Runs a module as a process of its own, as Ansible does; also what it answers."""
    request = json.dumps({"name": name, "arguments": {"ANSIBLE_MODULE_ARGS": options}, "environment": clean_environment()})
    found = program([sys.executable, "-m", "bench.module"], request)
    answer: dict[str, Any] = json.loads(found.output.splitlines()[-1])
    if answer.get("failed"):
        raise SystemExit(f"{name}: {answer.get('msg')}")
    return found, answer


def ratio(own: float, other: float) -> float:
    """How many times the other's time it took."""
    return round(own / other, 2) if other else 0.0
