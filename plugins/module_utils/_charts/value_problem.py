# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is wrong with a Helm value: nothing reads it, it is of the wrong type, or nobody can tell yet."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

# The way to a value: the keys of maps and the places in lists.
At: TypeAlias = "tuple[str | int, ...]"
# A key that nothing reads; something else where a map is read; a value of another type than its reader takes; a field of an
# Istio that is newer than what is known.
Code = Literal["unknown", "no_map", "type", "newer"]


@dataclass(frozen=True)
class ValueProblem:
    """A value that is not right: where it is, a likely key instead of it, or a note why it does not count."""

    at: At
    code: Code = "unknown"
    suggestion: str | None = None
    note: str | None = None

    @property
    def path(self) -> str:
        """Where it is, as one writes it."""
        return path_of(self.at)

    def __str__(self) -> str:
        if self.suggestion:
            return f"{self.path} (did you mean {self.suggestion}?)"
        return f"{self.path} ({self.note})" if self.note else self.path


def path_of(at: At) -> str:
    """The way to a value, as one writes it, such as C(meshConfig.extensionProviders[0].name)."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in at).removeprefix(".")


def no_map(at: At) -> ValueProblem:
    """A single value or a list where keys are read, which passes all of it over."""
    return ValueProblem(at, "no_map", note="it must be a map")


def wrong_type(at: At, wanted: str, value: Any) -> ValueProblem:
    """A value of another type. The value itself is not told, for it may be a secret."""
    hint = ": put it in quotes" if wanted == "text" and not isinstance(value, Mapping | list) else ""
    return ValueProblem(at, "type", note=f"it must be {wanted}, not {_type(value)}{hint}")


def misspelt(at: At, wanted: str) -> ValueProblem:
    """A text that does not say what its reader takes."""
    return ValueProblem(at, "type", note=f"it must be {wanted}")


def suggest(key: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a mistyped key most resembles, if one does."""
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    close = difflib.get_close_matches(key.lower(), by_lower, n=1, cutoff=0.7)
    return by_lower[close[0]] if close else None


def is_number(value: Any) -> bool:
    """Whether a value is a number, also as text, which older versions of Ansible make of every template."""
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int | float) and not isinstance(value, bool)


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return "a map" if isinstance(value, Mapping) else "a list" if isinstance(value, list) else "text"
