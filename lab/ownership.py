"""Which checkout's lab uses this machine: names and addresses are the same for all, so it can be one only.

A lab whose programs have all died (killed, out of memory, the end of a container) does not use the machine any more:
the next one takes its place, and what it left behind goes.
"""

from __future__ import annotations

from pathlib import Path

from lab import mounts
from lab.addresses import PLANS, RUN
from lab.paths import LAB, LabError
from lab.process import Processes

OWNER = RUN / "owner"


def require() -> None:
    """LabError while the lab of another checkout runs."""
    owner = _owner()
    if owner != LAB and _runs():
        raise LabError(f"The lab in {owner} uses this machine; end it with `python -m lab down` there.")


def is_inherited() -> bool:
    """Whether what is on this machine was left by the lab of another checkout that has died."""
    return _owner() != LAB and not _runs()


def claim() -> None:
    """Make this checkout the one whose lab uses the machine; LabError while another one's runs."""
    require()
    if is_inherited():
        for point in mounts.below((str(_owner()),)):
            mounts.unmount(point)
    RUN.mkdir(parents=True, exist_ok=True)
    OWNER.write_text(str(LAB))


def _owner() -> Path:
    return Path(OWNER.read_text()) if OWNER.exists() else LAB


def _runs() -> bool:
    recorded = [Processes(plan.records) for plan in PLANS]
    return any(processes.alive(name) for processes in recorded for name in processes.names())
