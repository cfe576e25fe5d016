# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Judges a C(meshConfig) by the fields that a minor version of Istio has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .._words import listed
from .meshconfig_fields import FIELDS, MINORS
from .meshconfig_words import WORDS
from .value_problem import At, ValueProblem, is_number, misspelt, no_map, path_of, suggest, wrong_type

NEWEST = max(MINORS)
# What Go reads as a duration (time.ParseDuration).
_DURATION = re.compile(r"[-+]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)")


def is_duration(value: Any) -> bool:
    """Whether Istio reads a value as a duration."""
    return isinstance(value, str) and _DURATION.fullmatch(value) is not None


# What Istio takes for a field that is no message, and how that is called.
_SCALARS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "": ("text", lambda value: isinstance(value, str)),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "number": ("a number", is_number),
    "duration": ("a duration such as 10s or 1m30s", is_duration),
    "any": ("anything", lambda _value: True),
}


@dataclass(frozen=True)
class _Field:
    """A field: the kind of its value, and the first and last minor that has it."""

    kind: str
    first: int
    last: int

    def why_not(self, minor: int | None) -> str:
        """Why an Istio of this minor does not read it; nothing where it does."""
        if minor is None or self.first <= minor <= self.last:
            return ""
        return f"Istio has it since 1.{self.first}" if minor < self.first else f"Istio had it up to 1.{self.last}"


def _fields(text: str) -> dict[str, _Field]:
    fields = {}
    for token in text.split():
        field, _at, range_ = token.partition("@")
        name, _colon, kind = field.partition(":")
        first, _dash, last = range_.partition("-")
        fields[name] = _Field(kind, int(first or MINORS[0]), int(last or NEWEST))
    return fields


_MESSAGES = {message: _fields(text) for message, text in FIELDS.items()}
_WORDS = {enumeration: _fields(text) for enumeration, text in WORDS.items()}


@dataclass(frozen=True)
class _Judge:
    """Judges for one minor of Istio, or for all of them together.

    :ivar minor: the nearest minor that the table has.
    :ivar newer: whether the Istio in question is newer than that, so that it may have more fields.
    """

    minor: int | None
    newer: bool

    def value(self, value: Any, kind: str, at: At) -> Iterator[ValueProblem]:
        """What is wrong with the value of a field of this kind."""
        if value is None:
            return
        if kind.endswith("[]"):
            yield from self._list(value, kind.removesuffix("[]"), at)
        elif kind in _SCALARS:
            wanted, suits = _SCALARS[kind]
            if not suits(value):
                yield misspelt(at, wanted) if kind == "duration" and isinstance(value, str) else wrong_type(at, wanted, value)
        elif kind.startswith("="):
            yield from self._word(value, at, _WORDS[kind[1:]])
        elif not isinstance(value, Mapping):
            yield no_map(at)
        elif kind.startswith("{"):
            for key, below in value.items():
                yield from self.value(below, kind[1:-1], (*at, key))
        else:
            for key, below in value.items():
                yield from self._field(str(key), below, at, _MESSAGES[kind])

    def _list(self, value: Any, kind: str, at: At) -> Iterator[ValueProblem]:
        if not isinstance(value, list):
            yield wrong_type(at, "a list", value)
            return
        for index, entry in enumerate(value):
            yield from self.value(entry, kind, (*at, index))

    def _word(self, value: Any, at: At, words: Mapping[str, _Field]) -> Iterator[ValueProblem]:
        """What is wrong with a word of an enumeration, which Istio also takes by its number, though not as text."""
        if not isinstance(value, str):
            if not is_number(value):
                yield wrong_type(at, f"one of {listed(words)}", value)
        elif value not in words:
            if not self.newer:
                yield misspelt(at, f"one of {listed(words)}")
        elif words[value].why_not(self.minor):
            yield ValueProblem(at, "type", note=words[value].why_not(self.minor))

    def _field(self, key: str, value: Any, at: At, fields: Mapping[str, _Field]) -> Iterator[ValueProblem]:
        here = (*at, key)
        name = next((name for name in fields if key == name or ("_" in key and _same(key, name))), None)
        if name is None:
            near = suggest(key, fields)
            yield ValueProblem(here, "newer" if self.newer else "unknown", path_of((*at, near)) if near else None)
            return
        why_not = fields[name].why_not(self.minor)
        if why_not:
            yield ValueProblem(here, note=why_not)
        else:
            yield from self.value(value, fields[name].kind, here)


def problems(value: Any, minor: int | None = None) -> list[ValueProblem]:
    """What is wrong with a C(meshConfig): Istio passes over a field that it does not have, and does not start with a wrong type.

    :param minor: the minor version of Istio that is to read it (31 for 1.31); without, fields of every version count.
    """
    nearest = None if minor is None else min(max(minor, MINORS[0]), NEWEST)
    judge = _Judge(nearest, newer=minor is not None and minor > NEWEST)
    return list(judge.value(value, "MeshConfig", ("meshConfig",)))


def _same(key: str, name: str) -> bool:
    # The original names of the API, such as access_log_file or mesh_mTLS, are understood as well.
    return key.replace("_", "").lower() == name.lower()
