"""What a step of a release that fails leads to, and what is said about it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils import release_stops

FAILED = {"name": "success_percent", "reporter": "source", "verdict": "failed", "detail": "success is 80 %", "value": 80.0, "query": "long"}
GATE = {"verdict": "failed", "evidence": [FAILED]}
AWAY = {"verdict": "unreachable", "evidence": [{"name": "requests", "verdict": "unreachable", "detail": "no answer"}]}
STUCK = {"verdict": "failed", "code": "rollout_stuck", "msg": "It does not roll. All traffic stays on the canary. Correct it."}
LOST = {"verdict": "error", "code": "unreachable", "msg": "The API server is away."}


def step(state: str, judged: str = "", label: str = "5 %") -> dict[str, Any]:
    return {"state": state, "judged": judged, "label": label}


@pytest.mark.parametrize(
    ("state", "judged", "failure", "expected"),
    [
        ("prepared", "", {"verdict": "failed", "code": "canary_not_ready"}, "abort"),
        ("weight", "canary", {"verdict": "failed", "code": "canary_not_ready"}, "abort"),
        ("weight", "canary", GATE, "abort"),
        ("weight", "canary", AWAY, "abort"),
        ("weight", "canary", {"verdict": "inconclusive", "code": "route_changed"}, "hold"),
        ("weight", "canary", LOST, "hold"),
        ("promoted", "", STUCK, "hold"),
        ("weight", "stable", GATE, "keep_on_canary"),
        ("weight", "stable", LOST, "hold"),
        ("finished", "", {"verdict": "error"}, "hold"),
    ],
)
def test_a_failure_moves_traffic_only_where_it_says_something_about_the_pods(
    state: str, judged: str, failure: dict[str, Any], expected: str
) -> None:
    assert release_stops.reaction(step(state, judged), failure) == expected


@pytest.mark.parametrize(
    ("at", "failure", "said", "unsaid"),
    [
        (
            step("weight", "canary"),
            GATE,
            "The gate of shop/web: 5 % was not passed (failed): success is 80 %. All traffic goes back",
            "abort",
        ),
        (step("weight", "stable"), GATE, "Find out what is wrong with the Deployment", "could not be judged"),
        (step("weight", "stable"), AWAY, "The Deployment could not be judged", "wrong with the Deployment"),
        (
            step("weight", "canary"),
            LOST,
            "The API server is away. The release stays as it is. Run again to go on, or release_abort.yml",
            "back to",
        ),
        (step("promoted"), LOST, "All traffic stays on the canary. Run again to go on.", "release_abort"),
        (step("weight", "stable"), LOST, "The release stays as it is. Run again to go on.", "release_abort"),
        (step("finished"), LOST, "The release stays as it is. Run again to go on.", "release_abort"),
        (step("aborted"), LOST, "The release stays as it is. Run again to go on.", "release_abort"),
    ],
)
def test_the_message_says_what_was_done_and_only_what_can_be_done_next(
    at: dict[str, Any], failure: dict[str, Any], said: str, unsaid: str
) -> None:
    found = release_stops.message(at, failure, "shop/web")
    assert said in found
    assert unsaid not in found


def test_a_rollout_that_is_stuck_is_told_in_the_words_of_the_module_alone() -> None:
    assert release_stops.message(step("promoted"), STUCK, "shop/web") == STUCK["msg"]


def test_all_clusters_do_what_the_worst_of_them_needs_for_this_workload_alone() -> None:
    hold = {"workload": "shop/web", "reaction": "hold", "message": "a"}
    abort = {"workload": "shop/web", "reaction": "abort", "message": "b"}
    assert release_stops.worst([hold, {}, abort, hold], "shop/web") == {"reaction": "abort", "message": "a\nb"}
    assert release_stops.worst([{}, {}], "shop/web") == {"reaction": "", "message": ""}
    assert release_stops.worst([abort], "shop/db") == {"reaction": "", "message": ""}


def test_a_stop_keeps_what_the_gate_said_and_nothing_where_none_was_asked() -> None:
    kept = release_stops.stop(step("weight", "stable"), GATE, "shop/web")
    assert kept["verdicts"] == [
        {"name": "success_percent", "reporter": "source", "verdict": "failed", "value": 80.0, "limit": None, "samples": None}
    ]
    assert release_stops.stop(step("weight", "stable"), LOST, "shop/web")["verdicts"] == []
