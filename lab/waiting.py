"""Waiting for a condition with a deadline: for the lab, the demo and the tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from lab.paths import LabError

_Seen = TypeVar("_Seen")


def until(condition: Callable[[], _Seen], seconds: float, failure: Callable[[], str], every: float = 0.05) -> _Seen:
    """The first true value of `condition`.

    :param seconds: how long to wait. :param failure: called for the error's sentence once the time is over.
    :param every: seconds between two tries.
    """
    if found := last(condition, seconds, every):
        return found
    raise LabError(failure())


def last(condition: Callable[[], _Seen], seconds: float, every: float = 0.05) -> _Seen:
    """The first true value of `condition`, or the false one that it had when the time was over."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(every)
    return found
