"""The steps of a release that are left."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import InvalidOption
from ansible_collections.meshyard.istio.plugins.plugin_utils.release_steps import remaining

STEPS, BACK = [5, 50, 100], [50, 0]


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
        (at("returning", 100), RETURN),
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


def test_the_deployment_is_never_judged_while_the_canary_has_all_traffic() -> None:
    assert [step.weight for step in remaining([at("promoted", 100)], STEPS, [100, 50, 0]) if step.judged == "stable"] == [50, 0]


@pytest.mark.parametrize(("steps", "back"), [([50, 5], BACK), ([5, 5], BACK), ([5, 101], BACK), (["x"], BACK), (STEPS, [0, 50])])
def test_shares_that_do_not_grow_are_refused(steps: list[Any], back: list[Any]) -> None:
    with pytest.raises(InvalidOption, match="percentages"):
        remaining([None], steps, back)
