# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What the answers to a probe say: counts, latencies, who answered, and whether that is what was expected."""

from __future__ import annotations

import fnmatch
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._errors import InvalidOption
from ..._words import listed

DEFAULT_HEADER = "x-responder"
# How well-known echo servers name the pod they run in: Istio's, whoami, agnhost and fortio.
DEFAULT_BODY = r"(?m)^Hostname[=:] ?(\S+)|echo debug server up for .{1,80} on (\S+) - request from"
NO_ANSWER, UNNAMED = "no_answer", "unnamed"
_SHOWN_ERRORS = 5


@dataclass(frozen=True)
class Answer:
    """What came back for one request.

    C(status) is None where no HTTP answer came, and C(error) then says why. C(seconds) is None where the client has no
    clock. C(text) is the headers and the beginning of the body.
    """

    status: int | None
    seconds: float | None = None
    text: str = ""
    error: str = ""


@dataclass(frozen=True)
class Naming:
    """Where an answer names the one that gave it: a header, or else what a pattern finds in headers and body."""

    header: str = DEFAULT_HEADER
    body: str = DEFAULT_BODY

    def responder(self, answer: Answer) -> str:
        """The name of the responder; empty when the answer does not tell."""
        by_header = re.search(rf"(?mi)^\s*{re.escape(self.header)}:[ \t]*(.*?)\s*$", answer.text)
        if by_header and by_header.group(1):
            return by_header.group(1)
        by_body = re.search(self.body, answer.text) if self.body else None
        if by_body is None:
            return ""
        return next((group for group in by_body.groups() if group), by_body.group(0))


@dataclass(frozen=True)
class Expectation:
    """What a probe must show.

    C(statuses) count as success; without any, every status below 400 does. Each pattern of C(responders) must have
    answered, and nobody else. C(max_latency_ms) is the limit of the 99th percentile.
    """

    success_percent: float = 100.0
    statuses: tuple[int, ...] = ()
    responders: tuple[str, ...] = ()
    max_latency_ms: float | None = None

    def succeeded(self, answer: Answer) -> bool:
        """Whether one answer counts as success."""
        if answer.status is None:
            return False
        return answer.status in self.statuses if self.statuses else answer.status < 400


@dataclass(frozen=True)
class Result:
    """The counts of one probe; C(unmet) are sentences, one for each expectation that does not hold."""

    total: int
    succeeded: int
    by_status: Mapping[str, int]
    by_responder: Mapping[str, int]
    latency_ms: Mapping[str, float | None]
    failures: tuple[Mapping[str, Any], ...] = field(default=())
    unmet: tuple[str, ...] = field(default=())

    @property
    def counts(self) -> dict[str, Any]:
        """The counts as they are returned."""
        return {
            "total": self.total,
            "succeeded": self.succeeded,
            "by_status": dict(self.by_status),
            "by_responder": dict(self.by_responder),
        }


def parse_naming(given: Mapping[str, Any] | None) -> Naming:
    """The option C(responder).

    :raises MeshyardError: a pattern that is no regular expression.
    """
    given = given or {}
    body = given.get("body_regex")
    body = DEFAULT_BODY if body is None else str(body)
    try:
        re.compile(body)
    except re.error as problem:
        raise InvalidOption(
            f"responder.body_regex {body!r} is not a regular expression: {problem}.",
            "Write one with a group around the name of the responder, such as 'pod=(\\S+)'.",
        ) from problem
    return Naming(given.get("header") or DEFAULT_HEADER, body)


def parse_expectation(given: Mapping[str, Any] | None) -> Expectation:
    """The option C(expect).

    :raises MeshyardError: a share that is not between 0 and 100, or a limit that is not positive.
    """
    given = {key: value for key, value in (given or {}).items() if value is not None}
    share, limit = float(given.get("success_percent", 100.0)), given.get("max_latency_ms")
    if not 0 <= share <= 100:
        raise InvalidOption(f"expect.success_percent is {share:g}.", "Give a percentage between 0 and 100.")
    if limit is not None and not 0 < float(limit) < float("inf"):
        raise InvalidOption(f"expect.max_latency_ms is {limit:g}.", "Give a positive number of milliseconds.")
    return Expectation(
        share,
        tuple(int(status) for status in given.get("statuses", ())),
        tuple(given.get("responders", ())),
        None if limit is None else float(limit),
    )


def judge(answers: Sequence[Answer], naming: Naming, expected: Expectation) -> Result:
    """The counts of a probe's answers, held against what is expected."""
    statuses = Counter(NO_ANSWER if one.status is None else str(one.status) for one in answers)
    responders = Counter(naming.responder(one) or UNNAMED for one in answers if one.status is not None)
    succeeded = sum(expected.succeeded(one) for one in answers)
    latencies = latency([one.seconds for one in answers if one.status is not None])
    return Result(
        total=len(answers),
        succeeded=succeeded,
        by_status=dict(sorted(statuses.items())),
        by_responder=dict(sorted(responders.items())),
        latency_ms=latencies,
        failures=_failures(answers, expected),
        unmet=tuple(_unmet(len(answers), succeeded, responders, latencies, expected)),
    )


def latency(seconds: Sequence[float | None]) -> dict[str, float | None]:
    """Percentiles in milliseconds, each a time that was really measured; None without any."""
    known = sorted(one for one in seconds if one is not None)
    wanted = {"p50": 0.50, "p90": 0.90, "p99": 0.99, "max": 1.0}
    if not known:
        return dict.fromkeys(wanted)
    return {name: round(known[math.ceil(share * len(known)) - 1] * 1000, 3) for name, share in wanted.items()}


def _failures(answers: Sequence[Answer], expected: Expectation) -> tuple[Mapping[str, Any], ...]:
    found = Counter((one.status, one.error or f"status {one.status}") for one in answers if not expected.succeeded(one))
    return tuple({"status": status, "error": error, "count": count} for (status, error), count in found.most_common(_SHOWN_ERRORS))


def _unmet(
    total: int, succeeded: int, responders: Mapping[str, int], latencies: Mapping[str, float | None], expected: Expectation
) -> list[str]:
    found = []
    if not total or succeeded * 100 < expected.success_percent * total:
        found.append(f"{succeeded} of {total} requests succeeded, and {expected.success_percent:g} % must")
    if expected.responders:
        found += _unmet_responders(responders, expected.responders)
    if expected.max_latency_ms is not None:
        measured = latencies["p99"]
        if measured is None:
            found.append("no latency could be measured")
        elif measured > expected.max_latency_ms:
            found.append(f"the 99th percentile of the latency is {measured:g} ms, and {expected.max_latency_ms:g} ms is the limit")
    return found


def _unmet_responders(responders: Mapping[str, int], patterns: Sequence[str]) -> list[str]:
    strangers = sorted(name for name in responders if not any(fnmatch.fnmatchcase(name, one) for one in patterns))
    absent = [one for one in patterns if not any(fnmatch.fnmatchcase(name, one) for name in responders)]
    found = []
    if strangers:
        found.append(f"{listed(f'{name} ({responders[name]})' for name in strangers)} answered, which expect.responders does not name")
    if absent:
        found.append(f"no answer came from {listed(absent)}")
    return found
