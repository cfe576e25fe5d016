"""Waves over all clusters of a run."""

from __future__ import annotations

from typing import Any

from ansible_collections.meshyard.istio.plugins.filter.upgrade import FilterModule
from ansible_collections.meshyard.istio.plugins.plugin_utils.upgrade_waves import planned, unknown_clusters, waves

NAMES = {"eu-host": "eu", "us-host": "us"}


def plan(*numbered: tuple[int, list[str]]) -> dict[str, Any]:
    """What the plan of a cluster tells of its waves."""
    return {"waves": [{"number": number, "namespaces": namespaces} for number, namespaces in numbered]}


TWO = {"eu-host": plan((1, ["a"]), (2, ["b", "c"])), "us-host": plan((1, ["d"]))}


def test_derived_waves_take_turns_and_never_touch_two_clusters() -> None:
    found = waves(TWO, NAMES, given=False)
    assert [wave.name for wave in found] == ["Wave 1 of 3: eu/a", "Wave 2 of 3: us/d", "Wave 3 of 3: eu/b, eu/c"]
    assert [wave.members for wave in found] == [{"eu-host": ["a"]}, {"us-host": ["d"]}, {"eu-host": ["b", "c"]}]


def test_a_wave_that_was_given_is_one_on_all_of_its_clusters() -> None:
    found = waves(TWO, NAMES, given=True)
    assert [wave.name for wave in found] == ["Wave 1 of 2: eu/a, us/d", "Wave 2 of 2: eu/b, eu/c"]


def test_a_given_wave_that_was_moved_before_is_left_out_and_the_others_keep_their_order() -> None:
    left = {"eu-host": plan((3, ["c"])), "us-host": plan((2, ["d"]), (3, ["e"]))}
    assert [wave.members for wave in waves(left, NAMES, given=True)] == [{"us-host": ["d"]}, {"eu-host": ["c"], "us-host": ["e"]}]


def test_one_cluster_alone_is_not_named() -> None:
    assert [wave.name for wave in waves({"localhost": plan((1, ["a"]))}, {}, given=False)] == ["Wave 1 of 1: a"]


def test_nothing_to_move_is_no_wave() -> None:
    assert waves({"eu-host": plan()}, NAMES, given=False) == []
    assert waves({}, {}, given=True) == []


def test_plans_that_were_not_read_are_none() -> None:
    hostvars = {
        "eu-host": {"read": {"results": [plan((1, ["a"]))]}},
        "skipped": {"read": {"results": [{"skipped": True}]}},
        "failed": {"read": {"results": [{"failed": True, "msg": "no"}]}},
        "unreachable": {"read": {"unreachable": True}},
        "new": {},
    }
    assert list(planned(hostvars, hostvars, "read")) == ["eu-host"]


def test_clusters_that_are_not_there_are_named_once() -> None:
    assert unknown_clusters([["eu/shop", "ap/shop"], ["ap/cart", "cart"]], ["eu", "us"]) == ["ap"]


def test_the_filter_gives_what_templates_take() -> None:
    hostvars = {"eu-host": {"__canary_upgrade_read": {"results": [plan((1, ["a"]))]}}}
    found = FilterModule().filters()["upgrade_waves"](hostvars, ["eu-host"], NAMES, given=False)
    assert found == [{"name": "Wave 1 of 1: a", "members": {"eu-host": ["a"]}}]
