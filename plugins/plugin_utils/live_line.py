# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Lines of a run beside one line at the bottom of a terminal that is drawn again and again."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TextIO

from ansible import constants

from .progress_lines import TROUBLE, Line

_ERASE = "\r\x1b[K"  # a terminal shows what was written when a carriage return comes, as with the end of a line
_REDRAW_SECONDS = 1.0
_COLORS: Mapping[str, str | None] = {
    "heading": constants.COLOR_HIGHLIGHT,
    "ok": constants.COLOR_OK,
    "changed": constants.COLOR_CHANGED,
    "skipped": constants.COLOR_SKIP,
    "failed": constants.COLOR_ERROR,
    "unreachable": constants.COLOR_UNREACHABLE,
    "waiting": constants.COLOR_VERBOSE,
}
# Set by users who want plain text, by systems that keep what is written, and by AWX and ansible-runner, whose terminal is a file.
_PLAIN = ("NO_COLOR", "CI", "AWX_ISOLATED_DATA_DIR")


def is_terminal(stdout: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether somebody looks at what is written, on a terminal that can go back to the beginning of a line."""
    named = environment.get("TERM", "dumb")
    return stdout.isatty() and named != "dumb" and not any(environment.get(name) for name in _PLAIN)


class Screen:
    """Stands before Ansible's display, through which all of a run is written: callbacks, warnings, and lines of modules at work.

    Those of modules come from other processes; Ansible brings them to the display of the first one, on a thread. Without a line at the
    bottom no lock is held while something is written: AWX holds one of its own around callbacks, and takes it for what is displayed, too.

    :param display: Ansible's.
    :param hear: the lines in place of a text that is to be displayed, or None where it is to be displayed as it is.
    :param text: the line at the bottom for a width, or nothing.
    :param live: whether there is a line at the bottom.
    """

    def __init__(
        self,
        display: Any,
        hear: Callable[[str], list[Line] | None],
        text: Callable[[int], str],
        *,
        live: bool,
    ) -> None:
        self._display, self._hear, self._text, self._live = display, hear, text, live
        self._write: Callable[..., None] = display.display
        self._process = os.getpid()
        self._lock = threading.RLock() if live else contextlib.nullcontext()
        self._drawn = False
        self._ended = threading.Event()
        if live:
            threading.Thread(target=self._redraw, name="meshyard-live-line", daemon=True).start()
        elif hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(line_buffering=True)  # a log is read while it is written
        display.display = self._displayed

    def show(self, lines: Iterable[Line], *, stderr: bool = False) -> None:
        """Writes lines, which do not move any more."""
        with self._lock:
            self._erase()
            for line in lines:
                self._write(line.text, color=_COLORS.get(line.tone), stderr=stderr and line.tone in TROUBLE)
            self._draw()

    def hint(self, lines: Iterable[Line]) -> None:
        """Lines that the one at the bottom tells as well."""
        self.show([] if self._live else lines)

    def close(self) -> None:
        """The display is as it was before."""
        with self._lock:
            self._ended.set()
            self._erase()
            self._display.__dict__.pop("display", None)

    def _displayed(self, msg: str, *args: Any, **options: Any) -> None:
        """In place of the method of the display; other processes inherit it, and have no line at the bottom."""
        heard = self._hear(msg) if os.getpid() == self._process else None
        if heard is not None:
            self.hint(heard)
        elif os.getpid() != self._process or options.get("log_only"):
            self._write(msg, *args, **options)
        else:
            with self._lock:
                self._erase()
                self._write(msg, *args, **options)
                self._draw()

    def _redraw(self) -> None:
        while not self._ended.wait(_REDRAW_SECONDS):
            with self._lock:
                self._draw()

    def _draw(self) -> None:
        if not self._live or self._ended.is_set():
            return
        text = self._text(shutil.get_terminal_size().columns)
        if text:
            self._write(f"{_ERASE}{text}", newline=False, screen_only=True)
            self._drawn = True
        else:
            self._erase()

    def _erase(self) -> None:
        if self._drawn:
            self._write(_ERASE, newline=False, screen_only=True)
            self._drawn = False
