"""Reading /proc: who runs, since when, from where."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")


def boot_id() -> str:
    """Changes at every boot of the machine."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def start_time(pid: int) -> int | None:
    """Start of a running process in clock ticks since boot; None when it has ended (zombies count as ended)."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def command(pid: int) -> list[str]:
    """The arguments of a process; empty when it has ended."""
    try:
        text = (PROC / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [part.decode(errors="replace") for part in text.split(b"\0")[:-1]]


def program(pid: int) -> str:
    """The path of the program file of a process; empty when it has ended or is the kernel's."""
    try:
        return os.readlink(PROC / str(pid) / "exe")
    except OSError:
        return ""


def pids() -> list[int]:
    """All processes."""
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]


def children(pid: int) -> list[int]:
    """The processes that the main thread of a process has started; none when it has ended."""
    try:
        return [int(child) for child in (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def seconds_since(ticks: int) -> float:
    """Seconds since a start time given in clock ticks since boot."""
    uptime = float((PROC / "uptime").read_text().split()[0])
    return uptime - ticks / os.sysconf("SC_CLK_TCK")
