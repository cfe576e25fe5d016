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
    return [str(one) for one in keys.problems(given_values, DEFAULTS, "istiod", minor)]


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
        ({"meshConfig": []}, "meshConfig (it must be a map)"),
        ({"pilot": 3}, "pilot (it must be a map)"),
        ({"meshConfig": "text"}, "meshConfig (it must be a map)"),
        ({"meshConfig": {"defaultConfig": {"proxyMetdata": {}}}}, "meshConfig.defaultConfig.proxyMetdata (did you mean "),
        ({"meshConfig": {"extensionProviders": [{"nam": "x"}]}}, "meshConfig.extensionProviders[0].nam (did you mean "),
        ({"meshConfig": {"extensionProviders": [{"prometheus": {"port": 1}}]}}, "meshConfig.extensionProviders[0].prometheus.port"),
    ],
)
def test_keys_that_nothing_reads_are_told_with_what_was_probably_meant(wrong: dict[str, Any], sentence: str) -> None:
    found = told(wrong)
    assert len(found) == 1
    assert found[0].startswith(sentence)


def test_unknown_keys_are_refused_all_at_once_in_one_sentence() -> None:
    with pytest.raises(MeshyardError) as caught:
        keys.refuse({"meshConfg": {}, "zzz": 1}, DEFAULTS)
    assert caught.value.problem == "The istiod chart does not know these values: meshConfg (did you mean meshConfig?), zzz."
    assert caught.value.facts == {"unknown_values": ["meshConfg", "zzz"], "mistyped_values": []}
    keys.refuse({"env": {}}, DEFAULTS)


def test_a_map_that_is_empty_by_default_takes_any_key() -> None:
    assert not keys.problems({"pdb": {"any": 1}, "base": {"any": 1}}, {values.WRAPPER: {"pdb": {}, "base": {}}})


def test_a_map_that_only_leads_to_a_key_takes_no_other() -> None:
    found = keys.problems({"pdb": {"any": 1, "maxUnavailable": 1}, "base": 3}, {values.WRAPPER: {}})
    assert [str(one) for one in found] == ["pdb.any", "base (it must be a map)"]


def test_global_values_are_shared_by_charts_and_not_judged_in_the_small_ones() -> None:
    assert not keys.problems({"global": {"anything": 1}}, {values.WRAPPER: {"global": {"hub": ""}}}, "base")
    assert not keys.problems({"labels": {"own": "x"}}, {values.WRAPPER: {"labels": {"a": "b"}}}, "gateway")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"global": "x"}, "global (it must be a map)"),
        ({"env": "x"}, "env (it must be a map)"),
        ({"resources": "x"}, "resources (it must be a map)"),
        ({"global": {"tag": 1.32}}, "global.tag (it must be text, not a number: put it in quotes)"),
        ({"global": {"hub": True}}, "global.hub (it must be text, not true or false: put it in quotes)"),
        ({"global": {"hub": ["x"]}}, "global.hub (it must be text, not a list)"),
        ({"autoscaleEnabled": "false"}, "autoscaleEnabled (it must be true or false, not text)"),
        ({"autoscaleEnabled": 1}, "autoscaleEnabled (it must be true or false, not a number)"),
        ({"tolerations": "all"}, "tolerations (it must be a list, not text)"),
        ({"tolerations": {"key": "x"}}, "tolerations (it must be a list, not a map)"),
        ({"pdb": {"minAvailable": "two"}}, "pdb.minAvailable (it must be a number, not text)"),
        ({"pdb": {"minAvailable": True}}, "pdb.minAvailable (it must be a number, not true or false)"),
    ],
)
def test_values_of_another_type_than_the_charts_are_told_without_what_they_are(wrong: dict[str, Any], sentence: str) -> None:
    assert told(wrong) == [sentence]


def test_numbers_as_text_percentages_of_pods_and_nulls_are_of_the_right_type() -> None:
    """Older versions of Ansible make text of every template."""
    defaults = {"replicas": 1, "surge": "25%", "size": None, "hub": ""}
    for right in ({"replicas": "3"}, {"replicas": "50%"}, {"surge": 1}, {"surge": "1"}, {"size": 3}, {"size": []}, {"hub": None}):
        assert not keys.problems(right, defaults)


def test_what_nothing_reads_is_without_effect_and_what_is_of_another_type_may_have_one() -> None:
    carried = {
        "tracing": {"enabled": True},
        "global": {"multiCluster": {"enabled": True, "clusterName": 5}, "proxy": {"tag": "x"}, "hub": "h"},
        "meshConfig": {"accessLogFile": "/dev/stdout", "extensionProviders": [{"name": "z", "gone": 1}]},
        "pdb": 3,
    }
    kept, unread = keys.only_read(carried, DEFAULTS)
    assert unread == [
        "tracing",
        "global.multiCluster.enabled",
        "global.proxy.tag",
        "pdb",
        "meshConfig.extensionProviders[0].gone",
    ]
    assert kept == {
        "global": {"multiCluster": {"clusterName": 5}, "proxy": {}, "hub": "h"},
        "meshConfig": {"accessLogFile": "/dev/stdout", "extensionProviders": [{"name": "z"}]},
    }
    assert keys.only_read(kept, DEFAULTS) == (kept, [])


def test_without_a_chart_values_are_refused_by_their_types_alone() -> None:
    keys.refuse_mistyped({"unknown": 1, "global": {"unknown": 1, "tag": "1.32.0", "imagePullSecrets": ["regcred"]}, "pilot": {"env": {}}})
    for wrong, facts in (
        ({"global": "x"}, ["global"]),
        ({"global": {"tag": 1.32, "imagePullSecrets": "regcred"}}, ["global.tag", "global.imagePullSecrets"]),
        ({"pilot": {"replicaCount": "many"}}, ["replicaCount"]),
    ):
        with pytest.raises(MeshyardError) as caught:
            keys.refuse_mistyped(wrong)
        assert caught.value.facts["mistyped_values"] == facts
    with pytest.raises(MeshyardError, match=r"meshConfig\.accesLogFile"):
        keys.refuse_mistyped({"meshConfig": {"accesLogFile": "x"}})


@given(st.recursive(st.integers() | st.none(), lambda inner: st.dictionaries(st.sampled_from(["env", "global", "x"]), inner), max_leaves=6))
def test_no_values_at_all_break_the_check(any_values: Any) -> None:
    if isinstance(any_values, dict):
        assert all(isinstance(one, str) for one in told(any_values))
