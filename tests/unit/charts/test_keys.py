"""Keys of values that nothing reads are told, and all others are accepted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._charts import keys, values
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from tests.unit.charts.test_values import DEFAULTS, trees

TREES = trees(1)


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
