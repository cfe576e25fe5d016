# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Metrics that a gate judges: what Prometheus answered, held against limits. No data is never within them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..._errors import InvalidOption
from .model import Check, Word

# Why there are no values. What is refused stays so, however often it is asked; an answer that did not come may come later.
Refusal = Literal["", "unreachable", "query_refused", "unauthorized"]
REFUSED: tuple[Refusal, ...] = ("query_refused", "unauthorized")


@dataclass(frozen=True)
class Sample:
    """What Prometheus answered: values, or why there are none.

    :ivar labels: of the series of each value.
    """

    values: tuple[float, ...] = ()
    problem: str = ""
    code: Refusal = ""
    labels: tuple[Mapping[str, str], ...] = field(default=(), compare=False)

    @property
    def unreadable(self) -> str:
        """Why nothing can be judged by it; empty where something can."""
        if self.problem or not self.values:
            return self.problem or "the query gives no data"
        return "the query gives NaN, which stands for no data" if any(map(math.isnan, self.values)) else ""


@dataclass(frozen=True)
class Limits:
    """A metric of a gate. All values must lie within C(low) and C(high), which belong to the range."""

    name: str
    query: str
    low: float | None = None
    high: float | None = None

    def breached(self, value: float) -> float | None:
        """The limit that a value does not keep."""
        if self.low is not None and value < self.low:
            return self.low
        return self.high if self.high is not None and value > self.high else None

    @property
    def range(self) -> str:
        """What is allowed, in words."""
        parts = [f"at least {self.low:g}" if self.low is not None else "", f"at most {self.high:g}" if self.high is not None else ""]
        return " and ".join(part for part in parts if part)


@dataclass(frozen=True)
class Judged:
    """What limits make of a sample. C(value) is the first one outside of them, or else the first one; None without any."""

    verdict: Word
    detail: str
    code: str = "ok"
    value: float | None = None


def parse_limits(given: Mapping[str, Any]) -> Limits:
    """One entry of the option C(metrics).

    :raises MeshyardError: it has no limit, or none that a value could meet.
    """
    limits = Limits(given["name"], given["query"], given.get("min"), given.get("max"))
    if limits.low is None and limits.high is None:
        raise InvalidOption(f"The metric {limits.name} has no limit.", "Give min, max or both.")
    for word, limit in (("min", limits.low), ("max", limits.high)):
        if limit is not None and not math.isfinite(limit):  # no value would ever breach it
            raise InvalidOption(f"The metric {limits.name} has the {word} {limit:g}.", "Give a number, or leave it out.")
    if limits.low is not None and limits.high is not None and limits.low > limits.high:
        raise InvalidOption(f"The metric {limits.name} has min {limits.low:g} above max {limits.high:g}.", "Exchange them.")
    return limits


def parse_url(given: str | None, needed: bool) -> str:
    """The option C(prometheus_url).

    :param needed: whether there are metrics.
    :raises MeshyardError: it is missing, or no URL.
    """
    if needed and not given:
        raise InvalidOption("There are metrics, and no Prometheus to ask.", "Give prometheus_url as well.")
    if given and not given.startswith(("http://", "https://")):
        raise InvalidOption(f"{given!r} is no URL of a Prometheus.", "Give one such as http://prometheus.example.com:9090.")
    return given or ""


def judge(limits: Limits, sample: Sample) -> Judged:
    """Whether all values are within limits; without data nobody can tell."""
    if sample.unreadable:
        word: Word = "unreachable" if sample.code == "unreachable" else "inconclusive"
        return Judged(word, f"{limits.name}: {sample.unreadable}", "metric_unreadable")
    outside = next((value for value in sample.values if limits.breached(value) is not None), None)
    if outside is not None:
        return Judged("failed", f"{limits.name} is {outside:g}, and must be {limits.range}", "metric_out_of_range", outside)
    shown = ", ".join(f"{value:g}" for value in sample.values[:3])
    return Judged("passed", f"{limits.name} is {shown} ({limits.range})", value=sample.values[0])


def metric(limits: Limits, sample: Sample) -> Check:
    """A metric as a check of an upgrade's gate, for which a Prometheus that does not answer is one more thing that nobody can tell."""
    found = judge(limits, sample)
    values = [shown(value) for value in sample.values]
    facts = {"name": limits.name, "query": limits.query, "min": limits.low, "max": limits.high, "samples": values}
    return Check("metric", "inconclusive" if found.verdict == "unreachable" else found.verdict, found.detail, facts, found.code)


def shown(value: float | None) -> float | str | None:
    """A value as it is returned: JSON has no words for what is no finite number."""
    return value if value is None or math.isfinite(value) else str(value)
