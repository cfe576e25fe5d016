"""The verdicts on a workload's traffic. Whatever Prometheus answers, no data is never success."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import queries, workload_checks
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.metrics import Limits, Sample
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.model import Check, overall
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.workload_request import OwnMetric, Subject, WorkloadRequest

CANARY, STABLE = Subject("web-canary", "shop", "web-canary.shop"), Subject("web", "shop", "web.shop")
REQUEST = WorkloadRequest(CANARY, STABLE, ("destination",), min_requests=20, success_percent=99.0, p99_ms=100.0)
OWN = OwnMetric(Limits("db", "q", high=1)), OwnMetric(Limits("cpu", "$workload", high=2), True)
ALL = replace(REQUEST, reporters=("destination", "source"), own=OWN)
LABELS = ({"le": "10"}, {"le": "100"}, {"le": "1000"}, {"le": "+Inf"})
SILENT = Sample(problem="it does not answer", code="unreachable")


def histogram(*counts: float) -> Sample:
    return Sample(counts, labels=LABELS)


GOOD = {"requests": Sample((100.0,)), "success_percent": Sample((100.0,)), "p99_ms": histogram(50, 100, 100, 100)}


def judged(request: WorkloadRequest = REQUEST, **answers: Sample) -> list[Check]:
    given_answers = {"db": Sample((0.5,)), "cpu": Sample((1.0,)), **GOOD, **answers}
    return workload_checks.judged(request, {query: given_answers[what.name] for query, what in workload_checks.asked(request).items()})


def named(name: str, request: WorkloadRequest = REQUEST, **answers: Sample) -> Check:
    return next(check for check in judged(request, **answers) if check.facts["name"] == name)


def test_traffic_within_all_limits_passes_with_value_limit_samples_query_and_reporter() -> None:
    checks = judged()
    assert overall(checks) == "passed"
    shown = {check.facts["name"]: [check.facts[key] for key in ("value", "limit", "samples", "reporter")] for check in checks}
    assert shown == {
        "requests": [100, 20, 100, "destination"],
        "success_percent": [100.0, 99.0, 100, "destination"],
        "p99_ms": [pytest.approx(98.2), 100.0, 100, "destination"],
    }
    assert all(check.facts["query"] in workload_checks.asked(REQUEST) for check in checks)


@pytest.mark.parametrize(
    ("answers", "name"), [({"success_percent": Sample((98.9,))}, "success_percent"), ({"p99_ms": histogram(50, 98, 100, 100)}, "p99_ms")]
)
def test_a_breach_fails(answers: dict[str, Sample], name: str) -> None:
    assert [check.facts["name"] for check in judged(**answers) if check.verdict == "failed"] == [name]


def test_too_few_requests_say_nothing_good_or_bad() -> None:
    checks = judged(requests=Sample((19.4,)), success_percent=Sample((0.0,)))
    assert {(check.verdict, check.code) for check in checks} == {("inconclusive", "requests_few")}
    assert [check.facts["samples"] for check in checks] == [19, 19, 19]


def test_each_reporter_must_be_within_the_limits() -> None:
    request = replace(REQUEST, reporters=("destination", "source"))
    answers = {query: GOOD[what.name] for query, what in workload_checks.asked(request).items()}
    answers[queries.success_percent(CANARY, "source", 60)] = Sample((90.0,))
    wrong = [check for check in workload_checks.judged(request, answers) if check.verdict != "passed"]
    assert [(check.verdict, check.facts["reporter"], check.facts["value"]) for check in wrong] == [("failed", "source", 90.0)]


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
UNREADABLE = st.one_of(
    st.just(Sample()),
    st.just(SILENT),
    st.lists(NUMBERS, max_size=3).map(lambda values: Sample((*values, math.nan))),
)


def test_the_noise_of_a_sum_is_no_breach() -> None:
    check = named("success_percent", replace(REQUEST, success_percent=100.0), success_percent=Sample((99.99999999999999,)))
    assert (check.verdict, check.facts["value"]) == ("passed", 100)


@pytest.mark.parametrize("count", [math.inf, -math.inf])
def test_a_count_that_is_no_number_of_requests_is_no_success(count: float) -> None:
    assert overall(judged(requests=Sample((count,)))) == "inconclusive"


@given(name=st.sampled_from(["requests", "success_percent", "p99_ms", "db", "cpu"]), sample=UNREADABLE)
def test_a_metric_without_data_never_passes_whatever_the_others_say(name: str, sample: Sample) -> None:
    labelled = replace(sample, labels=tuple({"le": str(number)} for number, _value in enumerate(sample.values)))
    assert overall(judged(ALL, **{name: labelled})) in ("inconclusive", "unreachable")


@given(st.dictionaries(st.sampled_from(["requests", "success_percent", "p99_ms", "db", "cpu"]), st.lists(NUMBERS, max_size=1)))
def test_what_passes_has_enough_requests_and_every_value_within_its_limits(values: dict[str, list[float]]) -> None:
    given_answers: dict[str, Any] = {name: Sample(tuple(found), labels=({"le": "+Inf"},) * len(found)) for name, found in values.items()}
    checks = judged(ALL, **given_answers)
    for check in checks:
        value = check.facts["value"]
        if check.verdict == "passed":
            number = float(value)
            assert check.facts["min"] is None or number >= check.facts["min"]
            assert check.facts["max"] is None or number <= check.facts["max"]
    if overall(checks) == "passed":
        assert all(check.facts["samples"] >= REQUEST.min_requests for check in checks)


@given(canary=st.floats(0, 1e9), stable=st.floats(0, 1e9), high=st.floats(0.1, 10))
def test_a_relative_metric_passes_exactly_when_it_is_at_most_so_many_times_the_stable(canary: float, stable: float, high: float) -> None:
    request = replace(REQUEST, success_percent=None, p99_ms=None, own=(OwnMetric(Limits("cpu", "cpu of $workload", high=high), True),))
    answers = {queries.requests(CANARY, "destination", 60): Sample((100.0,))}
    answers |= {"cpu of web-canary": Sample((canary,)), "cpu of web": Sample((stable,))}
    check = workload_checks.judged(request, answers)[-1]
    if stable == 0:
        assert check.verdict == ("failed" if canary or high < 1 else "passed")
    else:
        assert check.verdict == ("passed" if canary / stable <= high else "failed")
    assert (check.facts["canary"], check.facts["stable"]) == (canary, stable)


@pytest.mark.parametrize("side", ["$workload of web-canary", "$workload of web"])
@pytest.mark.parametrize("sample", [Sample(), Sample((math.nan,)), SILENT])
def test_a_relative_metric_without_data_on_either_side_is_no_success(side: str, sample: Sample) -> None:
    request = replace(REQUEST, reporters=(), success_percent=None, p99_ms=None, own=(OwnMetric(Limits("cpu", "$workload", high=9), True),))
    answers = {"web-canary": Sample((1.0,)), "web": Sample((1.0,)), side.rpartition(" ")[2]: sample}
    assert [check.verdict for check in workload_checks.judged(request, answers)] == ["unreachable" if sample == SILENT else "inconclusive"]


def test_a_limit_between_two_bounds_is_held_against_the_interpolated_value_with_a_warning() -> None:
    request = replace(REQUEST, p99_ms=500.0)
    check = named("p99_ms", request, p99_ms=histogram(0, 98, 100, 100))
    assert (check.verdict, check.facts["value"], check.facts["share_within"]) == ("failed", 550.0, None)
    assert "500 is no bound" in workload_checks.interpolated([check])[0]


def test_a_limit_on_one_side_of_the_bucket_needs_no_warning() -> None:
    request = replace(REQUEST, p99_ms=500.0)
    check = named("p99_ms", request)
    assert (check.verdict, workload_checks.interpolated([check])) == ("passed", [])


def test_what_is_above_the_last_bound_fails_and_says_so() -> None:
    check = named("p99_ms", replace(REQUEST, p99_ms=5000.0), p99_ms=histogram(0, 0, 50, 100))
    assert (check.verdict, check.facts["value"]) == ("failed", "inf")
    assert "above 1000, the histogram's last bound" in check.detail


@pytest.mark.parametrize("code", ["query_refused", "unauthorized"])
def test_a_query_that_is_refused_is_named(code: Any) -> None:
    answers = {query: Sample((1.0,)) for query in workload_checks.asked(ALL)}
    answers["q"] = Sample(problem="parse error", code=code)
    assert [(what.name, sample.problem) for what, sample in workload_checks.refused(ALL, answers)] == [("db", "parse error")]


@pytest.mark.parametrize("side", ["web", "web-canary"])
def test_a_relative_metric_of_several_values_is_refused_on_either_side(side: str) -> None:
    answers = {**{query: Sample((1.0,)) for query in workload_checks.asked(ALL)}, side: Sample((1.0, 2.0))}
    assert [what.name for what, _sample in workload_checks.refused(ALL, answers)] == ["cpu"]


def test_queries_are_accepted_with_data_and_without() -> None:
    answers = {query: Sample() for query in workload_checks.asked(ALL)}
    assert overall(workload_checks.accepted(ALL, answers)) == "passed"
    assert overall(workload_checks.accepted(ALL, {**answers, "q": SILENT})) == "unreachable"
