"""Helm values: layering, carrying over, hashing, and keys that nothing reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._charts import keys, values
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


def test_a_null_stays_in_a_layer_and_deletes_a_default() -> None:
    override = {"global": {"proxy": {"resources": {"limits": None}}}}
    assert values.merge({"global": {"hub": "x"}}, override)["global"]["proxy"] == {"resources": {"limits": None}}
    assert values.effective(DEFAULTS, override)["global"]["proxy"]["resources"] == {}


@given(TREES)
def test_effective_values_hold_no_null(one: dict[str, Any]) -> None:
    assert "null" not in json.dumps(values.effective({}, one))


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
    found = values.carry_over(old)
    assert found.values == {
        "profile": "default",
        "hub": "mirror",
        "env": {"PILOT_X": "1"},
        "global": {"hub": "mirror", "proxy": {"logLevel": "debug"}},
        "meshConfig": {"defaultConfig": {"concurrency": 2}},
    }
    assert found.dropped == (
        "compatibilityVersion",
        "defaultRevision",
        "global.proxy.image",
        "global.tag",
        "image",
        "meshConfig.defaultConfig.discoveryAddress",
        "ownerName",
        "revision",
        "revisionTags",
        "tag",
    )


def test_carrying_over_keeps_images_without_tag_and_foreign_discovery_addresses() -> None:
    old = {
        "global": {"proxy": {"image": "registry:5000/own/proxyv2"}},
        "meshConfig": {"defaultConfig": {"discoveryAddress": "istiod.example.com:15012"}},
    }
    assert values.carry_over(old) == values.CarriedOver(old, ())


def test_keys_with_dots_are_carried_over_whole() -> None:
    old = {"podAnnotations": {"global.tag": "mine", "example.com/image": "x:1"}}
    assert values.carry_over(old).values == old


def test_values_of_other_charts_that_istioctl_recorded_are_left_behind() -> None:
    old = {"pilot": {"enabled": True, "env": {"A": "b"}}, "ztunnel": {"resourceName": "z"}, "profile": "demo", "trafficDistribution": "x"}
    found = values.carry_over(old, keys.top_level(DEFAULTS))
    assert found.values == {"env": {"A": "b"}, "profile": "demo", "trafficDistribution": "x"}
    assert found.dropped == ("enabled", "ztunnel")


VERSIONED = st.sampled_from(["tag", "image", "revision", "revisionTags", "compatibilityVersion", "defaultRevision", values.WRAPPER])
SECTION = st.sampled_from(["pilot", "global", "proxy", "env"])


def old_values(depth: int) -> st.SearchStrategy[dict[str, Any]]:
    leaves = st.dictionaries(VERSIONED, st.sampled_from(["hub/x:1.31.0", "1.31.0"]))
    if not depth:
        return leaves
    return st.builds(lambda one, two: {**one, **two}, leaves, st.dictionaries(SECTION, old_values(depth - 1)))


@given(old_values(2))
def test_carrying_over_never_leaks_what_fixes_a_version(old: dict[str, Any]) -> None:
    kept = values.carry_over(old).values
    assert not {path[0] for path in values.BOUND if len(path) == 1} & kept.keys()
    assert "tag" not in kept.get("global", {})
    assert "pilot" not in kept
    assert '"image": "hub/x:1.31.0"' not in json.dumps(kept)


@given(old_values(2))
def test_carrying_over_twice_drops_nothing_more(old: dict[str, Any]) -> None:
    kept = values.carry_over(old).values
    assert values.carry_over(kept) == values.CarriedOver(kept, ())


def test_recorded_values_are_read_from_the_config_map() -> None:
    raw = {"metadata": {"name": "values-r1"}, "data": {"original-values": '{"env": {"A": "b"}}'}}
    assert values.recorded(raw) == {"env": {"A": "b"}}


@pytest.mark.parametrize("data", [None, {}, {"original-values": "no json"}, {"original-values": "[]"}])
def test_values_that_were_not_recorded_are_told_by_the_config_maps_name(data: Any) -> None:
    with pytest.raises(MeshyardError, match="values-r1"):
        values.recorded({"metadata": {"name": "values-r1"}, "data": data})


@given(TREES)
def test_a_digest_does_not_depend_on_the_order_of_keys(one: dict[str, Any]) -> None:
    assert values.digest(one) == values.digest(dict(reversed(one.items())))
    assert values.digest(one) != values.digest({**one, "more": 1})


def told(given_values: dict[str, Any], minor: int | None = None) -> list[str]:
    return [str(one) for one in keys.unknown_keys(given_values, DEFAULTS, "istiod", minor)]


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"env": {"ANY": "thing"}, "profile": "ambient", "tolerations": [{"key": "x"}]},
        {"pilot": {"env": {"A": "b"}, "autoscaleEnabled": False}},
        {"resources": {"limits": {"cpu": "1"}}, "pdb": {"maxUnavailable": 1}, "base": {"validationURL": "https://x"}},
        {"global": {"proxy": {"lifecycle": {"preStop": {}}, "resources": None}, "tracer": {"zipkin": {"address": "x"}}}},
        {"sidecarInjectorWebhook": {"neverInjectSelector": [{"matchLabels": {"a": "b"}}], "templates": {"own": "x"}}},
        {"meshConfig": {"accessLogFile": "/dev/stdout", "access_log_format": "x", "meshMTLS": {"minProtocolVersion": "TLSV1_3"}}},
        {"meshConfig": {"defaultConfig": {"proxyMetadata": {"ANY": "x"}, "tracing": {"sampling": 1, "customTags": {"t": {}}}}}},
        {"meshConfig": {"extensionProviders": [{"name": "z", "zipkin": {"service": "z", "port": 1}}, {"name": "p", "prometheus": {}}]}},
        {"meshConfig": {"localityLbSetting": {"distribute": [{"from": "a/*", "to": {"a/*": 100}}]}}},
        {"meshConfig": None, "global": None},
    ],
)
def test_keys_that_are_read_are_accepted(known: dict[str, Any]) -> None:
    assert told(known) == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"meshConfg": {}}, "meshConfg (did you mean meshConfig?)"),
        ({"pilot": {"autoscaleEnabld": 1}}, "autoscaleEnabld (did you mean autoscaleEnabled?)"),
        ({"global": {"proxy": {"loglevel": "x"}}}, "global.proxy.loglevel (did you mean global.proxy.logLevel?)"),
        ({"clusterName": "east"}, "clusterName (did you mean global.multiCluster.clusterName?)"),
        ({"zzz": 1}, "zzz"),
        ({"global": 5}, "global (it must be a map)"),
        ({"pdb": []}, "pdb (it must be a map)"),
        ({values.WRAPPER: {}}, f"{values.WRAPPER} (set the keys below it directly)"),
        ({"base": {"validationUrl": "x"}}, "base.validationUrl (did you mean base.validationURL?)"),
        ({"meshConfig": {"access_log_fle": "x"}}, "meshConfig.access_log_fle (did you mean meshConfig.accessLogFile?)"),
        ({"meshConfig": {"ACCESSLOGFILE": "x"}}, "meshConfig.ACCESSLOGFILE (did you mean meshConfig.accessLogFile?)"),
        ({"meshConfig": {"accesLogFile": "x"}}, "meshConfig.accesLogFile (did you mean meshConfig.accessLogFile?)"),
        ({"meshConfig": []}, None),
        ({"meshConfig": "text"}, "meshConfig (it must be a map)"),
        ({"meshConfig": {"defaultConfig": {"proxyMetdata": {}}}}, "meshConfig.defaultConfig.proxyMetdata (did you mean "),
        ({"meshConfig": {"extensionProviders": [{"nam": "x"}]}}, "meshConfig.extensionProviders[0].nam (did you mean "),
        ({"meshConfig": {"extensionProviders": [{"prometheus": {"port": 1}}]}}, "meshConfig.extensionProviders[0].prometheus.port"),
    ],
)
def test_keys_that_nothing_reads_are_told_with_what_was_probably_meant(wrong: dict[str, Any], sentence: str | None) -> None:
    found = told(wrong)
    assert len(found) == (1 if sentence else 0)
    assert all(one.startswith(sentence or "") for one in found)


def test_a_mesh_field_that_came_later_is_told_for_older_versions_only() -> None:
    given_values = {"meshConfig": {"defaultTrafficPolicy": {"outlierDetection": {}}}}
    assert told(given_values, 30) == ["meshConfig.defaultTrafficPolicy (Istio has it since 1.31)"]
    assert told(given_values, 31) == told(given_values) == []


def test_unknown_keys_are_refused_all_at_once_in_one_sentence() -> None:
    with pytest.raises(MeshyardError) as caught:
        keys.refuse_unknown({"meshConfg": {}, "zzz": 1}, DEFAULTS)
    assert caught.value.problem == "The istiod chart does not know these values: meshConfg (did you mean meshConfig?), zzz."
    assert caught.value.facts == {"unknown_values": ["meshConfg", "zzz"]}
    keys.refuse_unknown({"env": {}}, DEFAULTS)


def test_a_map_that_is_empty_by_default_takes_any_key() -> None:
    assert not keys.unknown_keys({"pdb": {"any": 1}, "base": {"any": 1}}, {values.WRAPPER: {"pdb": {}, "base": {}}})


def test_a_map_that_only_leads_to_a_key_takes_no_other() -> None:
    found = keys.unknown_keys({"pdb": {"any": 1, "maxUnavailable": 1}, "base": 3}, {values.WRAPPER: {}})
    assert [str(one) for one in found] == ["pdb.any", "base (it must be a map)"]


def test_global_values_are_shared_by_charts_and_not_judged_in_the_small_ones() -> None:
    assert not keys.unknown_keys({"global": {"anything": 1}}, {values.WRAPPER: {"global": {"hub": ""}}}, "base")
    assert not keys.unknown_keys({"labels": {"own": "x"}}, {values.WRAPPER: {"labels": {"a": "b"}}}, "gateway")


@given(st.recursive(st.integers() | st.none(), lambda inner: st.dictionaries(st.sampled_from(["env", "global", "x"]), inner), max_leaves=6))
def test_no_values_at_all_break_the_check(any_values: Any) -> None:
    if isinstance(any_values, dict):
        assert all(isinstance(one, str) for one in told(any_values))
