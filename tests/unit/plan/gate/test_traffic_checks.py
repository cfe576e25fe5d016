"""The verdicts on probes and metrics."""

from __future__ import annotations

import math

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import traffic, traffic_checks
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.traffic import Answer, Expectation, Naming, Result
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.traffic_checks import Behind, Limits, Sample

OLD, NEW = "1-31-0", "1-32-0"
BEHIND = Behind({"web-old": OLD, "web-new": NEW, "plain": None}, frozenset({"web-old", "web-new"}))


def result(*statuses: int, **expected: float) -> Result:
    return traffic.judge([Answer(status, 0.01) for status in statuses], Naming(), Expectation(**expected))


@pytest.mark.parametrize(
    ("sender", "responder", "pair"),
    [
        (OLD, "web-old", "old-old"),
        (OLD, "web-new", "old-new"),
        (NEW, "web-old", "new-old"),
        (NEW, "web-new", "new-new"),
        ("1-30-0", "web-new", "old-new"),
        (None, "web-new", "other"),
        (NEW, "plain", "other"),
        (NEW, "unnamed", "other"),
        (NEW, "stranger", "other"),
    ],
)
def test_a_pair_is_that_of_the_sidecars_of_both_sides(sender: str | None, responder: str, pair: str) -> None:
    assert traffic_checks.pairs(sender, {responder: 7}, BEHIND, NEW) == {pair: 7}


def test_an_unnamed_responder_is_known_when_all_pods_behind_the_service_are_on_one_plane() -> None:
    behind = Behind({"web-1": OLD, "web-2": OLD, "cart": NEW}, frozenset({"web-1", "web-2"}))
    assert traffic_checks.pairs(NEW, {"unnamed": 3}, behind, NEW) == {"new-old": 3}


def test_a_probe_passes_when_its_expectation_holds_and_names_every_pair() -> None:
    check = traffic_checks.probe("shop", result(200, 200), {"new-old": 2}, ["new-old"], {"client": "curl"})
    assert check.verdict == "passed"
    assert check.facts == {
        "name": "shop",
        "client": "curl",
        "plane_pairs": {"old-old": 0, "old-new": 0, "new-old": 2, "new-new": 0, "other": 0},
    }


def test_a_probe_fails_with_its_counts_when_its_expectation_does_not_hold() -> None:
    check = traffic_checks.probe("shop", result(200, 503), {"new-old": 2}, ["new-old"], {})
    assert (check.verdict, check.detail) == ("failed", "shop: 1 of 2 requests succeeded, and 100 % must (such as: status 503)")


def test_a_pair_that_was_asked_for_and_not_seen_is_named_and_leaves_the_probe_inconclusive() -> None:
    check = traffic_checks.probe("shop", result(200), {"new-new": 1}, ["new-old", "new-new"], {})
    assert (check.verdict, check.detail) == ("inconclusive", "shop: 1 of 1 requests succeeded, but crossed new-new and not new-old")


@pytest.mark.parametrize(
    ("low", "high", "values", "verdict"),
    [
        (None, 0.01, (0.0,), "passed"),
        (None, 0.01, (0.01,), "passed"),
        (None, 0.01, (0.011,), "failed"),
        (99.0, None, (99.0,), "passed"),
        (99.0, None, (98.9,), "failed"),
        (1.0, 2.0, (1.0, 1.5, 2.0), "passed"),
        (1.0, 2.0, (1.0, 2.5), "failed"),
        (None, 5.0, (math.inf,), "failed"),
        (None, 5.0, (), "inconclusive"),
        (None, 5.0, (math.nan,), "inconclusive"),
        (None, 5.0, (1.0, math.nan), "inconclusive"),
    ],
)
def test_every_value_of_a_metric_must_lie_within_its_limits(
    low: float | None, high: float | None, values: tuple[float, ...], verdict: str
) -> None:
    assert traffic_checks.metric(Limits("errors", "q", low, high), Sample(values)).verdict == verdict


def test_a_metric_that_could_not_be_asked_for_is_inconclusive_and_says_why() -> None:
    check = traffic_checks.metric(Limits("errors", "q", high=1), Sample(problem="it does not answer: refused"))
    assert (check.verdict, check.detail) == ("inconclusive", "errors: it does not answer: refused")


def test_values_that_json_has_no_word_for_are_given_as_text() -> None:
    assert traffic_checks.metric(Limits("errors", "q", high=1), Sample((math.inf, 0.5))).facts["samples"] == ["inf", 0.5]


@pytest.mark.parametrize("given", [{}, {"min": 2.0, "max": 1.0}])
def test_limits_that_nothing_or_everything_meets_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(MeshyardError, match="errors"):
        traffic_checks.parse_limits({"name": "errors", "query": "q", **given})


def test_metrics_without_a_prometheus_are_refused() -> None:
    with pytest.raises(MeshyardError, match="no Prometheus"):
        traffic_checks.parse_url(None, [Limits("errors", "q", high=1)])
    with pytest.raises(MeshyardError, match="no URL"):
        traffic_checks.parse_url("prometheus:9090", [])
    assert traffic_checks.parse_url(None, []) == ""


def test_checks_of_one_name_are_refused() -> None:
    with pytest.raises(MeshyardError, match="shop"):
        traffic_checks.refuse_twins("probes", ["shop", "cart", "shop"])
