"""Waiting for a condition with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

from lab.paths import LabError


def until(condition: Callable[[], object], seconds: float, failure: Callable[[], str], every: float = 0.05) -> None:
    """Return as soon as `condition` is true.

    :param seconds: how long to wait.
    :param failure: called for the error's sentence once the time is over.
    :param every: seconds between two tries.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(failure())
        time.sleep(every)
