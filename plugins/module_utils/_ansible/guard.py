# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Whether the run that started this module still exists.

SIGTERM and SIGINT reach the module. SIGKILL of ansible-playbook does not: then the action plugin's thread removes a private file,
and a module that finds it gone writes no more.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

from .._errors import Abandoned

ALIVE_FILE = "MESHYARD_ALIVE_FILE"


class Guard:
    """Asked before each write and in each turn of a wait."""

    def __init__(self) -> None:
        self._told_to_end = False
        self._file = os.environ.get(ALIVE_FILE)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._told_to_end = True

    def proceed(self) -> None:
        """Returns where the run goes on.

        :raises Abandoned: it was told to end, or it is gone.
        """
        if self._told_to_end:
            raise Abandoned("The run was told to end.", "What was done stays; run again to go on, or run rollback.yml to go back.")
        if self._file and not os.path.exists(self._file):
            raise Abandoned("The playbook that started this module is gone.", "Run again to go on, or run rollback.yml to go back.")
