"""The steps of a release that are left, and what a failure leads to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import InvalidOption
from ansible_collections.meshyard.istio.plugins.plugin_utils import release_steps
from ansible_collections.meshyard.istio.plugins.plugin_utils.release_steps import remaining

STEPS, BACK = [5, 50, 100], [50, 0]
GATE = {"verdict": "failed", "evidence": [{"verdict": "failed", "detail": "success is 80 %"}]}


def left(release: dict[str, Any] | None, *others: dict[str, Any] | None) -> list[tuple[str, int | None]]:
    return [(step.state, step.weight) for step in remaining([release, *others], STEPS, BACK)]


def at(phase: str, weight: int = 0, judged: bool = False) -> dict[str, Any]:
    return {"phase": phase, "weight": weight, "judged": judged}


RETURN = [("weight", 50), ("weight", 0), ("finished", None)]
ALL = [("prepared", None), ("weight", 5), ("weight", 50), ("weight", 100), ("promoted", None), *RETURN]


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (None, ALL),
        (at("preparing"), ALL),
        (at("prepared"), ALL[1:]),
        (at("progressing", 5), ALL[1:]),
        (at("progressing", 5, True), ALL[2:]),
        (at("progressing", 20, True), ALL[2:]),
        (at("progressing", 20), [("weight", 20), *ALL[2:]]),
        (at("progressing", 100, True), ALL[4:]),
        (at("promoting", 100), ALL[4:]),
        (at("promoted", 100), RETURN),
        (at("returning", 50), RETURN),
        (at("returning", 50, True), RETURN[1:]),
        (at("returning", 0), RETURN[1:]),
        (at("returning", 0, True), RETURN[2:]),
        (at("finishing"), RETURN[2:]),
        (at("aborting", 50), [("aborted", None)]),
    ],
)
def test_a_release_goes_on_where_it_was_left(release: dict[str, Any] | None, expected: list[tuple[str, int | None]]) -> None:
    assert left(release) == expected


def test_of_several_clusters_the_one_that_is_least_far_decides() -> None:
    assert left(at("progressing", 50, True), at("prepared")) == ALL[1:]
    assert left(at("progressing", 50, True), None) == ALL


def test_a_cluster_without_the_workload_does_not_count() -> None:
    assert left(at("progressing", 50, True), {"phase": "absent"}) == ALL[3:]
    assert left({"phase": "absent"}) == []


def test_a_release_that_is_being_aborted_anywhere_is_not_gone_on_with() -> None:
    assert left(at("progressing", 50), at("aborting")) == [("aborted", None)]


@given(st.lists(st.integers(0, 100), unique=True, max_size=6).map(sorted), st.integers(0, 100), st.booleans())
def test_shares_only_grow_before_the_promotion_and_end_at_all_of_the_traffic(steps: list[int], weight: int, judged: bool) -> None:
    found = [step for step in remaining([at("progressing", weight, judged)], steps, BACK) if step.judged == "canary"]
    shares = [step.weight for step in found]
    assert shares == sorted(set(shares), key=lambda share: share or 0)
    assert not shares or shares[-1] == 100
    assert shares or (weight, judged) == (100, True)


@pytest.mark.parametrize(("steps", "back"), [([50, 5], BACK), ([5, 5], BACK), ([5, 101], BACK), (["x"], BACK), (STEPS, [0, 50])])
def test_shares_that_do_not_grow_are_refused(steps: list[Any], back: list[Any]) -> None:
    with pytest.raises(InvalidOption, match="percentages"):
        remaining([None], steps, back)


@pytest.mark.parametrize(
    ("state", "judged", "failure", "expected"),
    [
        ("prepared", "", {"verdict": "failed", "code": "canary_not_ready"}, "abort"),
        ("weight", "canary", {"verdict": "failed", "code": "canary_not_ready"}, "abort"),
        ("weight", "canary", GATE, "abort"),
        ("weight", "canary", {**GATE, "verdict": "unreachable"}, "abort"),
        ("weight", "canary", {"verdict": "inconclusive", "code": "route_changed"}, "hold"),
        ("weight", "canary", {"verdict": "error", "code": "unreachable"}, "hold"),
        ("promoted", "", {"verdict": "failed", "code": "rollout_stuck"}, "hold"),
        ("weight", "stable", GATE, "keep_on_canary"),
        ("weight", "stable", {"verdict": "error", "code": "unreachable"}, "hold"),
        ("finished", "", {"verdict": "error"}, "hold"),
    ],
)
def test_a_failure_moves_traffic_only_where_it_says_something_about_the_pods(
    state: str, judged: str, failure: dict[str, Any], expected: str
) -> None:
    assert release_steps.reaction({"state": state, "judged": judged}, failure) == expected


def test_a_failure_is_told_with_what_was_done_about_it() -> None:
    said = release_steps.message("shop/web at 5 %", GATE, "abort")
    assert said == (
        "The gate of shop/web at 5 % was not passed (failed): success is 80 %. "
        "All traffic goes back to the Deployment, and the canary is taken away."
    )


def test_all_clusters_do_what_the_worst_of_them_needs() -> None:
    hold, abort = {"reaction": "hold", "message": "a"}, {"reaction": "abort", "message": "b"}
    assert release_steps.worst([hold, {}, abort, hold]) == {"reaction": "abort", "message": "a\nb"}
    assert release_steps.worst([{}, {}]) == {"reaction": "", "message": ""}
