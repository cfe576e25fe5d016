# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Who holds a Lease, and whether that one still lives."""

from __future__ import annotations

import datetime
import os
import time
from dataclasses import dataclass
from typing import Any

RUN = "meshyard.io/run"
PROCESS = "meshyard.io/process"
SECONDS = 15
_FORGOTTEN_SECONDS = 600
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # the first one goes on while the machine sleeps; not all have it

Found = dict[str, Any]


@dataclass(frozen=True)
class Holder:
    """One call of one module.

    :ivar run: who runs, the same for all tasks of a playbook. :ivar identity: the run and this call of it.
    :ivar since: when the Lease was taken. :ivar process: its machine and process, as C(machine/number).
    """

    run: str
    identity: str
    since: str = "just now"
    process: str = ""

    @classmethod
    def of(cls, lease: Found) -> Holder:
        """The holder of a Lease."""
        spec, meta = lease.get("spec") or {}, lease.get("metadata") or {}
        identity = str(spec.get("holderIdentity") or "somebody unknown")
        notes = meta.get("annotations") or {}
        return cls(str(notes.get(RUN) or identity), identity, str(spec.get("acquireTime") or "just now"), str(notes.get(PROCESS) or ""))

    @property
    def annotations(self) -> dict[str, str]:
        """By which other tasks of the run know it."""
        return {RUN: self.run, PROCESS: f"{os.uname().nodename}/{os.getpid()}"}

    def holds(self, lease: Found) -> bool:
        """Whether a Lease is held by this call."""
        return Holder.of(lease).identity == self.identity

    @property
    def lives_here(self) -> bool:
        """Whether its process is one of this machine and runs."""
        machine, _slash, number = self.process.rpartition("/")
        if machine != os.uname().nodename or not number.isdigit():
            return False
        try:
            os.kill(int(number), 0)
        except OSError as problem:
            return isinstance(problem, PermissionError)
        return True


class Watch:
    """Looks at a Lease by our own clock, for clocks of two machines may differ.

    :ivar signs: how many signs of life were seen, the first sight included. :ivar is_new: whether the last one is of a new holder.
    """

    def __init__(self) -> None:
        self.signs = 0
        self.is_new = False
        self._holder: Holder | None = None
        self._renewed = ""
        self._noticed = self._appeared = clock()

    @property
    def seconds(self) -> float:
        """For how long the present holder is seen."""
        return clock() - self._appeared

    def is_over(self, lease: Found) -> bool:
        """Whether the holder did not renew the Lease for its time, or has long forgotten it."""
        return (self._is_as_before(lease) and clock() - self._noticed >= SECONDS) or _age(lease) > _FORGOTTEN_SECONDS

    def notices(self, lease: Found) -> bool:
        """Whether there is a sign of life since the last look."""
        if self._is_as_before(lease):
            return False
        self.is_new = Holder.of(lease) != self._holder
        self.signs += 1
        self._holder, self._renewed, self._noticed = Holder.of(lease), _renewed(lease), clock()
        if self.is_new:
            self._appeared = self._noticed
        return True

    def _is_as_before(self, lease: Found) -> bool:
        return Holder.of(lease) == self._holder and _renewed(lease) == self._renewed


def clock() -> float:
    """Seconds of a clock that nobody sets."""
    return time.clock_gettime(_CLOCK)


def _renewed(lease: Found) -> str:
    return str((lease.get("spec") or {}).get("renewTime") or "")


def _age(lease: Found) -> float:
    """Seconds since the last renewal; a Lease without one is as old as can be."""
    try:
        renewed = datetime.datetime.fromisoformat(_renewed(lease))
        return (datetime.datetime.now(datetime.UTC) - renewed).total_seconds()
    except (ValueError, TypeError):
        return float("inf")
