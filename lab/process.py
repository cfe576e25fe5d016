"""Long-running programs of the lab: started detached, recorded, recognised again, ended.

A record names a process by pid, start time and boot, so that a pid used again by another program is never touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lab import procfs
from lab.paths import BIN, LabError, program
from lab.waiting import until

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def tool(name: str) -> str:
    """The path of a small system program: the lab's own one if it has it, else the host's."""
    own = program(name)
    found = str(own) if own.exists() else shutil.which(name, path=SYSTEM_PATH)
    if found is None:
        raise LabError(f"The program {name} is missing; install it (Debian: iproute2, util-linux, mount).")
    return found


def environment() -> dict[str, str]:
    """What the lab's programs get: its own programs first on PATH, and nothing of the user's settings."""
    return {"PATH": f"{BIN}:{SYSTEM_PATH}", "HOME": "/root", "LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Program:
    """What to start: `argv[0]` is an absolute path; `namespace` a network namespace's name or None for the host's."""

    name: str
    argv: list[str]
    log: Path
    namespace: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """A started process."""

    name: str
    pid: int
    started: int
    boot: str

    def alive(self) -> bool:
        return self.boot == procfs.boot_id() and procfs.start_time(self.pid) == self.started


class Processes:
    """The processes recorded in one folder."""

    def __init__(self, records: Path) -> None:
        self.records = records

    def start(self, spec: Program) -> bool:
        """Start a program unless it runs already; True when it was started."""
        if self.alive(spec.name):
            return False
        self.records.mkdir(parents=True, exist_ok=True)
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        pid = _spawn(spec)
        record = Record(spec.name, pid, procfs.start_time(pid) or 0, procfs.boot_id())
        self._file(spec.name).write_text(json.dumps(asdict(record)))
        return True

    def record(self, name: str) -> Record | None:
        """The record of a program, whether it still runs or not."""
        try:
            return Record(**json.loads(self._file(name).read_text()))
        except (FileNotFoundError, json.JSONDecodeError, TypeError):
            return None

    def alive(self, name: str) -> bool:
        record = self.record(name)
        return record is not None and record.alive()

    def names(self) -> list[str]:
        """Every recorded program."""
        return sorted(path.stem for path in self.records.glob("*.json"))

    def stop(self, names: Iterable[str], seconds: float = 10) -> None:
        """End programs together: politely, then by force after `seconds`; returns when all have ended."""
        records = [record for record in map(self.record, names) if record is not None]
        end([record.pid for record in records if record.alive()], seconds)
        for record in records:
            self._file(record.name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.records / f"{name}.json"


def end(pids: Iterable[int], seconds: float) -> None:
    """End processes by pid: SIGTERM, after `seconds` SIGKILL (at once for 0); returns when all have ended."""
    started = {pid: ticks for pid in pids if (ticks := procfs.start_time(pid)) is not None}

    def left() -> list[int]:
        _reap(started)
        return [pid for pid, ticks in started.items() if procfs.start_time(pid) == ticks]

    if seconds > 0:
        _signal(left(), signal.SIGTERM)
        with contextlib.suppress(LabError):
            until(lambda: not left(), seconds, lambda: "", every=0.02)
    _signal(left(), signal.SIGKILL)
    until(lambda: not left(), 10, lambda: f"Processes {left()} do not end even by SIGKILL; look at their state in ps.")


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _reap(pids: Iterable[int]) -> None:
    # Only needed where starter and ender are the same process; elsewhere init has adopted them.
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _spawn(spec: Program) -> int:
    """Start detached in a session of its own, output appended to the log; the pid."""
    argv = list(spec.argv)
    if spec.namespace is not None:
        # Not `ip netns exec`: it mounts /sys anew and hides the cgroups from the kubelet.
        argv = [tool("nsenter"), f"--net=/run/netns/{spec.namespace}", *argv]
    log = os.open(spec.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, log, 1), (os.POSIX_SPAWN_DUP2, log, 2)]
        return os.posix_spawn(
            argv[0],
            argv,
            {**environment(), **spec.env},
            file_actions=actions,
            setsid=True,
            setsigmask=(),
            setsigdef=(signal.SIGINT, signal.SIGPIPE),
        )
    except FileNotFoundError as error:
        raise LabError(f"The program {argv[0]} is missing; run `python -m lab up` to prepare it.") from error
    finally:
        os.close(log)


def log_tail(log: Path, lines: int = 3) -> str:
    """The last lines of a log, for an error's sentence."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return "(no output)"
    return " | ".join(line[:300] for line in text.splitlines()[-lines:]) or "(no output)"
