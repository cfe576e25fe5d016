# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Lines of progress that the action plugin shows while the module works."""

from __future__ import annotations

import os

PROGRESS_FILE = "MESHYARD_PROGRESS_FILE"


class Progress:
    """Appends lines to a private file whose path came by environment; without one it is silent."""

    def __init__(self) -> None:
        self._file = os.environ.get(PROGRESS_FILE)

    def tell(self, line: str) -> None:
        """One line, without its end."""
        if not self._file:
            return
        try:
            with open(self._file, "a", encoding="utf-8") as target:
                target.write(f"{line}\n")
        except OSError:  # the run that reads it is gone; the guard stops this module before its next write
            self._file = None
