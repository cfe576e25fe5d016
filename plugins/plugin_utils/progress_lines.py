# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a reader of a run is shown: the lines that a result, a wave and a verdict become."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..module_utils._words import listed

Status = Literal["ok", "changed", "skipped", "failed", "unreachable"]
Tone = Literal["plain", "heading", "ok", "changed", "skipped", "failed", "unreachable", "waiting"]

PASSED = "passed"
TROUBLE = ("failed", "unreachable")
_BAR_WIDTH = 12
_NEXT = 4
_FEW_CHECKS = 2
_NOTED_SECONDS = 3
_INDENT, _DEEPER = "  ", "    "
_OWN_ROLE = re.compile(r"meshyard\.istio\.\w+ : ")
_NUMBERED = re.compile(r"Wave \d+ of \d+: ")
_TIME = re.compile(r" \(\d+ s\)$")
# What happens within a phase for its sake, and is none of its own.
_WITHIN = ("Gate", "Stop", "Judge", "React")
# What is said in other words already, or is of no use to a reader.
_SAID = {
    *("changed", "failed", "unreachable", "skipped", "skip_reason", "msg", "problem", "remedy", "code", "verdict", "evidence"),
    *("cluster", "requests", "invocation", "exception", "warnings", "deprecations", "results", "item", "ansible_loop_var"),
}


@dataclass(frozen=True)
class Line:
    """One line, and how it is coloured."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Result:
    """What a task, or one item of it, came to on a host.

    :ivar host: as it is shown, with the host that the task was delegated to. :ivar values: what the module returned.
    :ivar said: what is told of it in one line, such as the label of an item. :ivar details: what else is told, as text.
    :ivar ignored: whether the run goes on in spite of a failure. :ivar seconds: how long it took.
    """

    host: str
    status: Status
    values: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""
    details: str = ""
    ignored: bool = False
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """That of a gate; empty where nothing was judged, or where the gate itself failed."""
        judged = self.status not in TROUBLE and self.values.get("evidence") and self.values.get("verdict")
        return str(judged) if judged else ""

    @property
    def message(self) -> str:
        """What is wrong, without what to do about it where that is known by itself."""
        return str(self.values.get("problem") or self.values.get("msg") or "it gave no reason")


@dataclass(frozen=True)
class Title:
    """The name of a task as people read it: C(Waves | Wave 1 of 2: shop) is in the phase Waves; others are in none."""

    phase: str
    text: str

    @property
    def within(self) -> bool:
        """Whether it belongs to the phase around it."""
        return self.phase in _WITHIN


def title(name: str) -> Title:
    """The title of a task, without the name of a role of this collection."""
    short = _OWN_ROLE.sub("", name.strip(), count=1)
    phase, mark, text = short.partition(" | ")
    return Title(phase, text) if mark else Title("", short)


def of_result(result: Result) -> list[Line]:
    """The lines of a result: one for what is well, all that is known where something is not."""
    if result.verdict:
        return _judged(result)
    if result.status in TROUBLE:
        return _in_trouble(result)
    return [_head(result, result.status, result.said, result.status), *_indented(result.details)]


def further(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a failed task returned besides what its lines say already: what is empty says nothing."""
    empty: tuple[Any, ...] = (None, "", [], {})
    return {name: value for name, value in values.items() if name not in _SAID and not name.startswith("_") and value not in empty}


def series(done: int, labels: Sequence[str]) -> Line:
    """How far a series of waves or steps is: those that are done, the one that comes now, and those that are left."""
    far = f"{_INDENT}{gauge(done, len(labels))} {done} of {len(labels)} done"
    if done == len(labels):
        return Line(far, "ok")
    left = listed((_NUMBERED.sub("", label) for label in labels[done + 1 :]), "; ", _NEXT)
    return Line(f"{far}, now {labels[done]}{f'; then {left}' if left else ''}", "heading")


def gauge(done: int, total: int) -> str:
    """A bar of letters that every terminal and log has."""
    filled = _BAR_WIDTH * done // total if total else 0
    return f"[{'#' * filled}{'-' * (_BAR_WIDTH - filled)}]"


def heard(message: str, hosts: Iterable[str]) -> tuple[str, str] | None:
    """The host and the text of a line of progress of this collection's modules; None for anything else.

    How long it lasts is known to who listens, so the time that is written into some of them is taken off.
    """
    for host in hosts:
        if message.startswith(f"[{host}] "):
            return host, _TIME.sub("", message[len(host) + 3 :])
    return None


def waiting(host: str, text: str, seconds: float) -> Line:
    """What a host waits for, and how long already."""
    return Line(f"{_DEEPER}[{host}] {text}{took(seconds)}", "waiting")


def took(seconds: float) -> str:
    """A time in brackets; nothing for one that nobody notices."""
    return f" ({duration(seconds)})" if seconds >= 1 else ""


def duration(seconds: float) -> str:
    """A time in words, such as C(4 min 12 s)."""
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def counts(host: str, width: int, numbers: Mapping[str, int]) -> Line:
    """The line of a host at the end, with the words of Ansible's own, which programs look for."""
    words = {"failed": "failures"}
    names = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")
    shown = " ".join(f"{name}={numbers.get(words.get(name, name), 0)}" for name in names)
    tone: Tone = "failed" if numbers.get("failures") or numbers.get("unreachable") else "changed" if numbers.get("changed") else "ok"
    return Line(f"{host.ljust(width)} : {shown}", tone)


def remedy(values: Mapping[str, Any]) -> list[Line]:
    """What to do about a failure, where it says so."""
    known = values.get("remedy")
    return [Line(f"{_DEEPER}what to do: {known}", "failed")] if known else []


def _head(result: Result, word: str, said: str, tone: Tone) -> Line:
    first, *more = said.splitlines() or [""]
    time = took(result.seconds) if result.seconds >= _NOTED_SECONDS else ""
    text = f"{_INDENT}{word}: [{result.host}]{f' {first}' if first else ''}{time}"
    return Line("\n".join([text, *(f"{_DEEPER}{line}" for line in more)]), tone)


def _judged(result: Result) -> list[Line]:
    """The verdict of a gate, and each check with its figures; few that are well are told in one line."""
    evidence = [one for one in result.values["evidence"] if isinstance(one, Mapping)]
    if result.verdict == PASSED and len(evidence) <= _FEW_CHECKS:
        said = "; ".join(f"{_named(one)}{one.get('detail', '')}" for one in evidence)
        return [_head(result, PASSED, said, "ok"), *_indented(result.details)]
    width = max((len(str(one.get("verdict", ""))) for one in evidence), default=0)
    checks = [
        Line(
            f"{_DEEPER}{str(one.get('verdict', '')).ljust(width)}  {_named(one)}{one.get('detail', '')}",
            "plain" if one.get("verdict") == PASSED else "failed",
        )
        for one in evidence
    ]
    return [_head(result, result.verdict, "", "ok" if result.verdict == PASSED else "failed"), *checks, *_indented(result.details)]


def _named(check: Mapping[str, Any]) -> str:
    """The name of a probe or metric, unless its sentence says it anyway."""
    name = str(check.get("name") or "")
    return f"{name}: " if name and not str(check.get("detail", "")).startswith(name) else ""


def _in_trouble(result: Result) -> list[Line]:
    what = f"{result.said}: {result.message}" if result.said else result.message
    code = result.values.get("code")
    lines = [
        _head(result, result.status, what, "failed" if result.status == "failed" else "unreachable"),
        *remedy(result.values),
        *([Line(f"{_DEEPER}code: {code}", "failed")] if code else []),
        *_indented(result.details),
    ]
    return [*lines, Line(f"{_DEEPER}ignored: the run goes on", "skipped")] if result.ignored else lines


def _indented(text: str) -> Iterator[Line]:
    yield from (Line(f"{_DEEPER}{line}") for line in textwrap.dedent(text.strip("\n")).splitlines())
