# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What probes and metrics say to the gate: the pairs of planes that traffic really crossed, and values within their limits."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._errors import InvalidOption
from .checks import Check
from .traffic import Result

PAIRS = ("old-old", "old-new", "new-old", "new-new")
# One side has no sidecar, or nobody knows who it was.
OTHER = "other"


@dataclass(frozen=True)
class Behind:
    """Who may have answered a probe.

    :ivar planes: the revision of each pod that may answer, by its name; None for one without a sidecar.
    :ivar service: the names of those pods that are behind the Service that was asked.
    """

    planes: Mapping[str, str | None] = field(default_factory=dict)
    service: frozenset[str] = frozenset()

    def plane(self, responder: str) -> str | None:
        """The revision of a responder; of an unnamed one that of the Service's pods, if they all have the same."""
        if responder in self.planes:
            return self.planes[responder]
        possible = {self.planes.get(name) for name in self.service}
        return possible.pop() if len(possible) == 1 else None


@dataclass(frozen=True)
class Sample:
    """What Prometheus answered: values, or why there are none."""

    values: tuple[float, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Limits:
    """A metric of the gate. All values must lie within C(low) and C(high), which belong to the range."""

    name: str
    query: str
    low: float | None = None
    high: float | None = None


def parse_limits(given: Mapping[str, Any]) -> Limits:
    """One entry of the option C(metrics).

    :raises MeshyardError: it has no limit, or none that a value could meet.
    """
    limits = Limits(given["name"], given["query"], given.get("min"), given.get("max"))
    if limits.low is None and limits.high is None:
        raise InvalidOption(f"The metric {limits.name} has no limit.", "Give min, max or both.")
    if limits.low is not None and limits.high is not None and limits.low > limits.high:
        raise InvalidOption(f"The metric {limits.name} has min {limits.low:g} above max {limits.high:g}.", "Exchange them.")
    return limits


def refuse_twins(what: str, names: Sequence[str]) -> None:
    """Names must tell checks apart.

    :raises MeshyardError: two of them have the same.
    """
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidOption(f"Several {what} have the name {twice[0]!r}.", "Give each a name of its own.")


def parse_url(given: str | None, metrics: Sequence[Limits]) -> str:
    """The option C(prometheus_url), which metrics need.

    :raises MeshyardError: it is missing, or no URL.
    """
    if metrics and not given:
        raise InvalidOption("There are metrics, and no Prometheus to ask.", "Give prometheus_url as well.")
    if given and not given.startswith(("http://", "https://")):
        raise InvalidOption(f"{given!r} is no URL of a Prometheus.", "Give one such as http://prometheus.example.com:9090.")
    return given or ""


def pairs(sender: str | None, by_responder: Mapping[str, int], behind: Behind, target: str) -> Counter[str]:
    """How many answers crossed each pair of planes, from the sender's to the responder's."""
    found = Counter[str]()
    for responder, count in by_responder.items():
        found[_pair(sender, behind.plane(responder), target)] += count
    return found


def probe(name: str, result: Result, seen: Mapping[str, int], asked: Sequence[str], facts: Mapping[str, Any]) -> Check:
    """Whether a probe showed what was expected, on the pairs of planes that were asked for."""
    facts = {"name": name, **facts, "plane_pairs": {pair: seen.get(pair, 0) for pair in (*PAIRS, OTHER)}}
    if result.unmet:
        such = f" (such as: {result.failures[0]['error']})" if result.failures else ""
        return Check("probe", "failed", f"{name}: {'; '.join(result.unmet)}{such}", facts, "probe_unmet")
    said = f"{name}: {result.succeeded} of {result.total} requests succeeded"
    absent = [pair for pair in asked if not seen.get(pair)]
    if absent:
        crossed = ", ".join(pair for pair in (*PAIRS, OTHER) if seen.get(pair)) or "none"
        return Check("probe", "inconclusive", f"{said}, but crossed {crossed} and not {', '.join(absent)}", facts, "planes_not_crossed")
    return Check("probe", "passed", said, facts)


def metric(limits: Limits, sample: Sample) -> Check:
    """Whether a metric is within its limits; without data nobody can tell."""
    real = [value for value in sample.values if not math.isnan(value)]
    values = [_shown(value) for value in sample.values]
    facts = {"name": limits.name, "query": limits.query, "min": limits.low, "max": limits.high, "samples": values}
    if sample.problem or len(real) < len(sample.values) or not real:
        why = sample.problem or ("the query gives no data" if not sample.values else "the query gives NaN, which stands for no data")
        return Check("metric", "inconclusive", f"{limits.name}: {why}", facts, "metric_unreadable")
    worst = [value for value in real if _outside(value, limits)]
    if worst:
        return Check("metric", "failed", f"{limits.name} is {worst[0]:g}, and must be {_range(limits)}", facts, "metric_out_of_range")
    return Check("metric", "passed", f"{limits.name} is {', '.join(f'{value:g}' for value in real[:3])} ({_range(limits)})", facts)


def _pair(sender: str | None, responder: str | None, target: str) -> str:
    if sender is None or responder is None:
        return OTHER
    return f"{'new' if sender == target else 'old'}-{'new' if responder == target else 'old'}"


def _outside(value: float, limits: Limits) -> bool:
    return (limits.low is not None and value < limits.low) or (limits.high is not None and value > limits.high)


def _range(limits: Limits) -> str:
    parts = [f"at least {limits.low:g}" if limits.low is not None else "", f"at most {limits.high:g}" if limits.high is not None else ""]
    return " and ".join(part for part in parts if part)


def _shown(value: float) -> float | str:
    """JSON has no words for what is no finite number."""
    return value if math.isfinite(value) else str(value)
