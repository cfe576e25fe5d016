"""Values held against limits: without data nothing is within them."""

from __future__ import annotations

import math

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import metrics
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.metrics import Limits, Sample
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.model import refuse_twins


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
    assert metrics.metric(Limits("errors", "q", low, high), Sample(values)).verdict == verdict


def test_a_metric_that_could_not_be_asked_for_is_inconclusive_and_says_why() -> None:
    check = metrics.metric(Limits("errors", "q", high=1), Sample(problem="it does not answer: refused"))
    assert (check.verdict, check.detail) == ("inconclusive", "errors: it does not answer: refused")


def test_values_that_json_has_no_word_for_are_given_as_text() -> None:
    assert metrics.metric(Limits("errors", "q", high=1), Sample((math.inf, 0.5))).facts["samples"] == ["inf", 0.5]


@pytest.mark.parametrize("given", [{}, {"min": 2.0, "max": 1.0}, {"max": math.nan}, {"max": math.inf}, {"min": -math.inf}])
def test_limits_that_nothing_or_everything_meets_are_refused(given: dict[str, float]) -> None:
    with pytest.raises(MeshyardError, match="errors"):
        metrics.parse_limits({"name": "errors", "query": "q", **given})


def test_metrics_without_a_prometheus_are_refused() -> None:
    with pytest.raises(MeshyardError, match="no Prometheus"):
        metrics.parse_url(None, needed=True)
    with pytest.raises(MeshyardError, match="no URL"):
        metrics.parse_url("prometheus:9090", needed=False)
    assert metrics.parse_url(None, needed=False) == ""


def test_checks_of_one_name_are_refused() -> None:
    with pytest.raises(MeshyardError, match="shop"):
        refuse_twins("probes", ["shop", "cart", "shop"])
