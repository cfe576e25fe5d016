# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Waiting for a condition: one loop, one clock, and what it waits for said aloud."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from .._errors import MeshyardError

T = TypeVar("T")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 2.0


@dataclass(frozen=True)
class Pending:
    """Not yet: a phrase that completes "waiting for ..."."""

    what: str


@dataclass(frozen=True)
class Ready(Generic[T]):
    """The condition holds, with what was seen."""

    value: T


class TimedOut(MeshyardError):
    """The condition did not hold in time.

    :ivar pending: what was still missing.
    """

    code = "timed_out"

    def __init__(self, problem: str, remedy: str, pending: str) -> None:
        super().__init__(problem, remedy, pending=pending)
        self.pending = pending


def until(
    observe: Callable[[], Pending | Ready[T]],
    *,
    timeout: float,
    where: str,
    tell: Callable[[str], None],
    alive: Callable[[], None],
) -> T:
    """Asks again until ready.

    :param observe: reads the cluster and judges.
    :param timeout: seconds; the condition is looked at once even with 0.
    :param where: the cluster, for messages.
    :param tell: takes a progress line whenever what is missing changes.
    :param alive: raises when the run that started this module is gone.
    :raises TimedOut: with what was still missing.
    """
    deadline, pause, said = time.monotonic() + timeout, _FIRST_PAUSE, ""
    while True:
        alive()
        seen = observe()
        if isinstance(seen, Ready):
            return seen.value
        if seen.what != said:
            tell(f"waiting for {seen.what}")
            said = seen.what
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimedOut(
                f"On cluster {where}, after {timeout:.0f} s still waiting for {seen.what}.",
                "Look at the events of what is named, then run again: what is done already stays and is not done twice.",
                seen.what,
            )
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
