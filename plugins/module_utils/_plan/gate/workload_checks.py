# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Whether the traffic of a workload is well, from what Prometheus answered to the queries about it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import histogram, queries
from .metrics import REFUSED, Limits, Sample, judge, shown
from .model import Check
from .workload_request import DURATION, REQUESTS, SUCCESS, OwnMetric, Reporter, WorkloadRequest

Answers = Mapping[str, Sample]
_PERCENTILE = 0.99
_DIGITS = 6  # of a percentage: what comes after them is the noise of a sum of floating point numbers


@dataclass(frozen=True)
class Asked:
    """What a query is for; C(single) where it must give one value."""

    name: str
    reporter: Reporter | None = None
    single: bool = False


def asked(request: WorkloadRequest) -> dict[str, Asked]:
    """Every query, with what it is for."""
    return dict(_asked(request))


def refused(request: WorkloadRequest, answers: Answers) -> Iterator[tuple[Asked, Sample]]:
    """What can give nothing to judge, however often it is asked."""
    for query, what in asked(request).items():
        sample = answers[query]
        if sample.code in REFUSED:
            yield what, sample
        elif what.single and len(sample.values) > 1:
            yield what, Sample(problem=f"it gives {len(sample.values)} values, and a relative metric is one", code="query_refused")


def judged(request: WorkloadRequest, answers: Answers) -> list[Check]:
    """One check for each metric and reporter."""
    found = []
    for reporter in request.reporters:
        counted = _requests(request, reporter, answers)
        found.append(counted)
        if request.success_percent is not None:
            found.append(_success(request, reporter, answers, counted))
        if request.p99_ms is not None:
            found.append(_duration(request, reporter, answers, counted))
    fewest = min((check.facts["samples"] for check in found if check.facts["samples"] is not None), default=None)
    return [*found, *(_own(request, one, answers, fewest) for one in request.own)]


def accepted(request: WorkloadRequest, answers: Answers) -> list[Check]:
    """One check for each query, which is passed when Prometheus accepts it, with data or without."""
    found = []
    for query, what in asked(request).items():
        sample = answers[query]
        facts = {"name": what.name, "reporter": what.reporter, "query": query}
        if sample.code == "unreachable":
            found.append(_unreadable(facts, sample, f"{what.name}: {sample.problem}"))
            continue
        said = "gives no data now" if sample.unreadable else "gives data"
        found.append(Check("metric", "passed", f"{what.name}: the query is accepted, and {said}", facts))
    return found


def _asked(request: WorkloadRequest) -> Iterator[tuple[str, Asked]]:
    subject, window = request.subject, request.window
    for reporter in request.reporters:
        yield queries.requests(subject, reporter, window), Asked(REQUESTS, reporter)
        if request.success_percent is not None:
            yield queries.success_percent(subject, reporter, window), Asked(SUCCESS, reporter)
        if request.p99_ms is not None:
            yield queries.durations(subject, reporter, window), Asked(DURATION, reporter)
    for one in request.own:
        what = Asked(one.limits.name, single=one.relative)
        yield queries.filled(one.limits.query, subject, window), what
        if one.relative and request.stable:
            yield queries.filled(one.limits.query, request.stable, window), what


def _requests(request: WorkloadRequest, reporter: Reporter, answers: Answers) -> Check:
    query = queries.requests(request.subject, reporter, request.window)
    facts = _facts(REQUESTS, query, reporter, Limits(REQUESTS, query, low=request.min_requests))
    sample = answers[query]
    if sample.unreadable or math.isinf(sample.values[0]):
        return _unreadable(facts, sample, f"{REQUESTS} ({reporter}): {sample.unreadable or 'the query gives no number'}")
    count = round(sample.values[0])
    facts |= {"value": count, "samples": count}
    said = f"{count} requests in {request.window} s by the {reporter}"
    if count < request.min_requests:
        return Check("metric", "inconclusive", f"{said}, and {request.min_requests} are needed", facts, "requests_few")
    return Check("metric", "passed", said, facts)


def _success(request: WorkloadRequest, reporter: Reporter, answers: Answers, counted: Check) -> Check:
    query = queries.success_percent(request.subject, reporter, request.window)
    limits = Limits(f"{SUCCESS} ({reporter})", query, low=request.success_percent)
    sample = replace(answers[query], values=tuple(round(value, _DIGITS) for value in answers[query].values))
    return _held_against(limits, sample, _facts(SUCCESS, query, reporter, limits), counted)


def _duration(request: WorkloadRequest, reporter: Reporter, answers: Answers, counted: Check) -> Check:
    query = queries.durations(request.subject, reporter, request.window)
    limit, sample = request.p99_ms or 0.0, answers[query]
    limits = Limits(f"{DURATION} ({reporter})", query, high=limit)
    facts = _facts(DURATION, query, reporter, limits)
    given = () if sample.unreadable else histogram.buckets(sample.labels, sample.values)
    found = histogram.percentile(_PERCENTILE, given)
    if found is None:
        return _held_against(limits, Sample(problem=sample.problem, code=sample.code), facts, counted)
    share = histogram.share_within(limit, given)
    facts |= {"share_within": None if share is None else round(share, _DIGITS), "interpolated": found.cuts(limit)}
    check = _held_against(limits, Sample((found.value,)), facts, counted)
    if check.verdict == "failed" and math.isinf(found.value):
        return replace(check, detail=f"{limits.name} is above {found.above:g}, the histogram's last bound, and must be {limits.range}")
    return check


def _own(request: WorkloadRequest, one: OwnMetric, answers: Answers, fewest: int | None) -> Check:
    query = queries.filled(one.limits.query, request.subject, request.window)
    limits = Limits(one.limits.name, query, one.limits.low, one.limits.high)
    facts = {**_facts(limits.name, query, None, limits), "samples": fewest}
    if not one.relative or request.stable is None:
        return _held_against(limits, answers[query], facts)
    stable = answers[queries.filled(one.limits.query, request.stable, request.window)]
    for side, sample in (("", answers[query]), ("of the stable, ", stable)):
        if sample.unreadable:
            return _unreadable(facts, sample, f"{limits.name}: {side}{sample.unreadable}")
    pair = answers[query].values[0], stable.values[0]
    facts |= {"canary": shown(pair[0]), "stable": shown(pair[1])}
    return _held_against(limits, Sample((_ratio(*pair),)), facts)


def _ratio(canary: float, stable: float) -> float:
    """How many times the stable's value it is; where both are 0 they are the same, and NaN where nobody can tell."""
    if stable == 0:
        return 1.0 if canary == 0 else math.copysign(math.inf, canary)
    return canary / stable


def _held_against(limits: Limits, sample: Sample, facts: Mapping[str, Any], counted: Check | None = None) -> Check:
    """A check of these limits.

    :param counted: the check of the requests that it is made of: too few of them say nothing.
    """
    found = judge(limits, sample)
    value = found.value
    breached = None if value is None else limits.breached(value)
    told = {**facts, "value": shown(value), "limit": facts["limit"] if breached is None else breached}
    if counted is not None:
        told["samples"] = counted.facts["samples"]
        if counted.verdict != "passed" and found.verdict != "unreachable":
            return Check("metric", counted.verdict, f"{limits.name}: not judged: {counted.detail}", told, counted.code)
    return Check("metric", found.verdict, found.detail, told, found.code)


def _facts(name: str, query: str, reporter: Reporter | None, limits: Limits) -> dict[str, Any]:
    """What every check tells, whatever came of it."""
    limit = limits.low if limits.high is None else limits.high
    bounds = {"limit": limit, "min": limits.low, "max": limits.high}
    return {"name": name, "reporter": reporter, "value": None, **bounds, "samples": None, "query": query}


def _unreadable(facts: Mapping[str, Any], sample: Sample, detail: str) -> Check:
    return Check("metric", "unreachable" if sample.code == "unreachable" else "inconclusive", detail, facts, "metric_unreadable")


def interpolated(checks: Sequence[Check]) -> list[str]:
    """Warnings of percentiles that could only be held against their limit by what lies between two bounds of the histogram."""
    return [
        f"{check.facts['name']} by the {check.facts['reporter']} is interpolated: {check.facts['limit']:g} is no bound of the histogram. "
        "Use one of its bounds as the limit."
        for check in checks
        if check.facts.get("interpolated")
    ]
