# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""A key in Helm values that nothing reads, and what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Unknown:
    """A key that nothing reads: its path, a likely key instead of it, or a note why it does not count."""

    path: str
    suggestion: str | None = None
    note: str | None = None

    def __str__(self) -> str:
        if self.suggestion:
            return f"{self.path} (did you mean {self.suggestion}?)"
        return f"{self.path} ({self.note})" if self.note else self.path


def suggest(key: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a mistyped key most resembles, if one does."""
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    close = difflib.get_close_matches(key.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[close[0]] if close else None
