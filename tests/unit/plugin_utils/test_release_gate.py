"""What the gate of a step is asked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils.release_gate import limits

ALONE = {"name": "errors", "query": "a", "max": 1}
RELATIVE = {"name": "time", "query": "b", "max": 1.5, "relative": True}
GIVEN = {"p99_ms": 300, "metrics": [ALONE, RELATIVE]}


def step(judged: str, weight: int) -> dict[str, Any]:
    return {"state": "weight", "judged": judged, "weight": weight}


@pytest.mark.parametrize(
    ("at", "kept"),
    [(step("canary", 5), ["errors", "time"]), (step("canary", 100), ["errors"]), (step("stable", 50), ["errors"])],
)
def test_relative_metrics_are_asked_only_while_the_deployment_has_traffic_of_its_own(at: dict[str, Any], kept: list[str]) -> None:
    assert [one["name"] for one in limits(GIVEN, at)["metrics"]] == kept


@pytest.mark.parametrize("relative", ["yes", "true", True])
def test_relative_may_be_text(relative: object) -> None:
    assert limits({"p99_ms": 1, "metrics": [{**RELATIVE, "relative": relative}]}, step("stable", 0))["metrics"] == []


def test_where_only_relative_metrics_are_given_nothing_is_left_at_all_of_the_traffic() -> None:
    assert limits({"reporters": [], "metrics": [RELATIVE]}, step("canary", 100)) == {}


@pytest.mark.parametrize(
    ("window", "flight", "expected"),
    [
        (None, {"seconds": 20}, 20),
        (None, {"seconds": 90}, 60),
        ("30", {"seconds": "90"}, 30),
        (60, {"requests": 100, "qps": 5}, 20),
        (60, {"requests": 100}, 10),
    ],
)
def test_the_window_holds_no_request_from_before_a_flight(window: object, flight: dict[str, Any], expected: int) -> None:
    given = {"p99_ms": 300} if window is None else {"p99_ms": 300, "window": window}
    assert limits(given, step("canary", 5), flight)["window"] == expected


def test_without_a_flight_the_window_is_what_was_given() -> None:
    assert "window" not in limits({"p99_ms": 300}, step("canary", 5), {})
