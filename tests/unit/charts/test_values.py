"""Helm values: layering and carrying over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._charts import values
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError

LEAVES = st.one_of(st.none(), st.booleans(), st.integers(0, 9), st.text("ab", max_size=2), st.lists(st.integers(0, 3), max_size=2))


def trees(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    """Values in which a key is always a map (m...) or never (v...), as it is in one chart."""
    leaves = st.dictionaries(st.sampled_from(["v1", "v2"]), LEAVES)
    if not depth:
        return leaves
    maps = st.dictionaries(st.sampled_from(["m1", "m2"]), trees(depth - 1))
    return st.builds(lambda one, two: {**one, **two}, leaves, maps)


TREES = trees(2)

# The shape of a chart's defaults, wrapped as Istio's charts wrap them.
DEFAULTS: dict[str, Any] = {
    values.WRAPPER: {
        "env": {},
        "image": "pilot",
        "tag": "",
        "autoscaleEnabled": True,
        "tolerations": [],
        "resources": {"requests": {"cpu": "500m"}},
        "meshConfig": {"enablePrometheusMerge": True},
        "pdb": {"minAvailable": 1},
        "base": {"enableIstioConfigCRDs": True},
        "sidecarInjectorWebhook": {"neverInjectSelector": [], "templates": {}},
        "global": {
            "hub": "hub",
            "tag": "latest",
            "logging": {"level": "default:info"},
            "multiCluster": {"clusterName": ""},
            "proxy": {"logLevel": "warning", "resources": {"limits": {"cpu": "2"}}, "image": "proxyv2"},
        },
    }
}


@given(TREES)
def test_merging_values_with_themselves_or_nothing_changes_nothing(one: dict[str, Any]) -> None:
    assert values.merge(one, one) == values.merge(one, {}) == values.merge({}, one) == one


@given(TREES, TREES, TREES)
def test_merging_does_not_depend_on_how_layers_are_grouped(one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]) -> None:
    grouped = values.merge(one, values.merge(two, three))
    assert values.merge(one, two, three) == values.merge(values.merge(one, two), three) == grouped


@given(TREES, TREES)
def test_merging_leaves_its_layers_as_they_are(one: dict[str, Any], two: dict[str, Any]) -> None:
    before = json.dumps([one, two])
    merged = values.merge(one, two)
    merged.setdefault("m1", {})["v1"] = "written"
    assert json.dumps([one, two]) == before


def test_maps_merge_and_everything_else_replaces() -> None:
    one = {"map": {"a": 1, "b": 2}, "list": [1, 2], "text": "x", "turned": {"a": 1}}
    two = {"map": {"b": 3}, "list": [3], "text": {"now": "map"}, "turned": 5}
    assert values.merge(one, two) == {"map": {"a": 1, "b": 3}, "list": [3], "text": {"now": "map"}, "turned": 5}


def test_a_null_stays_for_the_chart_whose_default_it_deletes() -> None:
    override = {"global": {"proxy": {"resources": {"limits": None}}}}
    assert values.merge({"global": {"hub": "x"}}, override)["global"]["proxy"] == {"resources": {"limits": None}}


def test_defaults_come_out_of_their_wrapper_and_plain_ones_stay() -> None:
    assert values.unwrap(DEFAULTS)["global"]["hub"] == "hub"
    assert values.unwrap({"a": 1}) == {"a": 1}


def test_what_stands_under_pilot_outweighs_the_top_as_in_the_chart() -> None:
    assert values.hoist({"env": {"A": "top", "B": "b"}, "pilot": {"env": {"A": "pilot"}}}) == {"env": {"A": "pilot", "B": "b"}}
    assert values.hoist({"pilot": None, "env": {}}) == {"env": {}}


def test_carrying_over_drops_what_belongs_to_the_old_version_and_names_it() -> None:
    old = {
        "revision": "1-31-0",
        "revisionTags": ["prod"],
        "compatibilityVersion": "1.30",
        "defaultRevision": "default",
        "ownerName": "installed-state",
        "tag": "1.31.0",
        "image": "hub/pilot:1.31.0",
        "profile": "default",
        "hub": "mirror",
        "env": {"PILOT_X": "1"},
        "global": {"tag": "1.31.0", "hub": "mirror", "proxy": {"image": "mirror/proxyv2:1.31.0", "logLevel": "debug"}},
        "meshConfig": {"defaultConfig": {"discoveryAddress": "istiod-1-31-0.istio-system.svc:15012", "concurrency": 2}},
    }
    assert values.carry_over(old) == {
        "profile": "default",
        "hub": "mirror",
        "env": {"PILOT_X": "1"},
        "global": {"hub": "mirror", "proxy": {"logLevel": "debug"}},
        "meshConfig": {"defaultConfig": {"concurrency": 2}},
    }


def test_carrying_over_keeps_images_without_tag_and_foreign_discovery_addresses() -> None:
    old = {
        "global": {"proxy": {"image": "registry:5000/own/proxyv2"}},
        "meshConfig": {"defaultConfig": {"discoveryAddress": "istiod.example.com:15012"}},
    }
    assert values.carry_over(old) == old


def test_keys_with_dots_are_carried_over_whole() -> None:
    old = {"podAnnotations": {"global.tag": "mine", "example.com/image": "x:1"}}
    assert values.carry_over(old) == old


def test_values_are_left_out_by_their_places_in_maps_and_lists() -> None:
    old = {"a.b": 1, "a": {"b": [{"c": 1, "d": 2}, 3]}}
    assert values.without(old, {("a.b",), ("a", "b", 0, "c")}) == {"a": {"b": [{"d": 2}, 3]}}
    assert values.without(old, {("a", "b", 0)}) == {"a.b": 1, "a": {"b": [3]}}


VERSIONED = st.sampled_from(["tag", "image", "revision", "revisionTags", "compatibilityVersion", "defaultRevision", values.WRAPPER])
SECTION = st.sampled_from(["pilot", "global", "proxy", "env"])


def old_values(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    leaves = st.dictionaries(VERSIONED, st.sampled_from(["hub/x:1.31.0", "1.31.0"]))
    if not depth:
        return leaves
    return st.builds(lambda one, two: {**one, **two}, leaves, st.dictionaries(SECTION, old_values(depth - 1)))


@given(old_values(2))
def test_carrying_over_never_leaks_what_fixes_a_version(old: dict[str, Any]) -> None:
    kept = values.carry_over(old)
    assert not {path[0] for path in values.BOUND if len(path) == 1} & kept.keys()
    assert "tag" not in kept.get("global", {})
    assert "pilot" not in kept
    assert '"image": "hub/x:1.31.0"' not in json.dumps(kept)


@given(old_values(2))
def test_carrying_over_twice_drops_nothing_more(old: dict[str, Any]) -> None:
    kept = values.carry_over(old)
    assert values.carry_over(kept) == kept


def test_recorded_values_are_read_from_the_config_map() -> None:
    raw = {"metadata": {"name": "values-r1"}, "data": {"original-values": '{"env": {"A": "b"}}'}}
    assert values.recorded(raw) == {"env": {"A": "b"}}


@pytest.mark.parametrize("data", [None, {}, {"original-values": "no json"}, {"original-values": "[]"}])
def test_values_that_were_not_recorded_are_told_by_the_config_maps_name(data: Any) -> None:
    with pytest.raises(MeshyardError, match="values-r1"):
        values.recorded({"metadata": {"name": "values-r1"}, "data": data})
