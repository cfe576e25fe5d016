"""Merge patches lead from one object to another, and show what was before."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects import merge_patch
from tests.unit.plan.world import merged

KEYS = st.sampled_from(["a", "b", "c"])
LEAVES = st.integers() | st.lists(st.integers(), max_size=2)
VALUES = st.recursive(LEAVES, lambda below: st.dictionaries(KEYS, below, max_size=3), max_leaves=8)
MAPS = st.dictionaries(KEYS, VALUES, max_size=3)


@given(MAPS, MAPS)
def test_a_difference_leads_from_one_map_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    patch = merge_patch.difference(before, after)
    assert merged(before, patch) == after


@given(MAPS, MAPS)
def test_a_patch_is_merged_as_the_api_server_merges_it(live: dict[str, Any], patch: dict[str, Any]) -> None:
    removing = {**patch, "c": None}
    assert merge_patch.merged(live, removing) == merged(live, removing)


@given(MAPS)
def test_nothing_differs_from_itself(same: dict[str, Any]) -> None:
    assert merge_patch.difference(same, same) == {}


def test_what_a_patch_changes_is_shown_in_its_own_shape() -> None:
    live = {"a": {"b": 1, "c": 2}, "d": [1]}
    assert merge_patch.restricted(live, {"a": {"b": None, "x": 1}, "d": [2]}) == {"a": {"b": 1, "x": None}, "d": [1]}
