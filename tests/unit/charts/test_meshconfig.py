"""A meshConfig is judged by the fields that its version of Istio has."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._charts import keys, meshconfig
from ansible_collections.meshyard.istio.plugins.module_utils._charts.meshconfig_fields import FIELDS
from ansible_collections.meshyard.istio.plugins.module_utils._charts.meshconfig_words import WORDS
from tests.unit.charts.test_values import DEFAULTS


def told(mesh: Any, minor: int | None = None) -> list[str]:
    return [str(one) for one in meshconfig.problems(mesh, minor)]


@pytest.mark.parametrize(
    "right",
    [
        {"connectTimeout": "10s", "enableTracing": True, "proxyHttpPort": 15007, "accessLogEncoding": "JSON", "h2UpgradePolicy": 1},
        {"defaultConfig": {"proxyMetadata": {"A": "true"}, "concurrency": 2, "tracing": {"sampling": 0.5}}, "trustDomainAliases": ["a"]},
        {"defaultConfig": {"tracing": {"customTags": {"t": {"literal": {"value": "x"}}}}, "concurrency": "2"}},
        {"localityLbSetting": {"distribute": [{"from": "a/*", "to": {"a/*": 100}}], "enabled": None}},
        {"discoverySelectors": [{"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}]},
    ],
)
def test_what_istio_reads_is_right(right: dict[str, Any]) -> None:
    assert told(right) == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"connectTimeout": 10}, "meshConfig.connectTimeout (it must be a duration such as 10s or 1m30s, not a number)"),
        ({"trustDomain": 10}, "meshConfig.trustDomain (it must be text, not a number: put it in quotes)"),
        ({"enableTracing": "yes"}, "meshConfig.enableTracing (it must be true or false, not text)"),
        ({"proxyHttpPort": True}, "meshConfig.proxyHttpPort (it must be a number, not true or false)"),
        ({"trustDomainAliases": "a"}, "meshConfig.trustDomainAliases (it must be a list, not text)"),
        ({"accessLogEncoding": []}, "meshConfig.accessLogEncoding (it must be one of JSON, TEXT, not a list)"),
        ({"accessLogEncoding": "json"}, "meshConfig.accessLogEncoding (it must be one of JSON, TEXT)"),
        ({"h2UpgradePolicy": "1"}, "meshConfig.h2UpgradePolicy (it must be one of DO_NOT_UPGRADE, UPGRADE)"),
        ({"outboundTrafficPolicy": {"mode": "ANY"}}, "meshConfig.outboundTrafficPolicy.mode (it must be one of ALLOW_ANY,"),
        (
            {"configSources": [{"subscribedResources": ["x"]}]},
            "meshConfig.configSources[0].subscribedResources[0] (it must be one of SERVICE_REGISTRY)",
        ),
        ({"defaultConfig": {"proxyMetadata": {"A": True}}}, "meshConfig.defaultConfig.proxyMetadata.A (it must be text, not true or false"),
        (
            {"defaultConfig": {"tracing": {"customTags": {"t": {"literl": {}}}}}},
            "meshConfig.defaultConfig.tracing.customTags.t.literl (did",
        ),
        ({"defaultConfig": "x"}, "meshConfig.defaultConfig (it must be a map)"),
    ],
)
def test_what_istio_passes_over_or_does_not_start_with_is_told(wrong: dict[str, Any], sentence: str) -> None:
    (found,) = told(wrong)
    assert found.startswith(sentence)


@pytest.mark.parametrize("text", ["10s", "1m30s", "1.5h", ".5s", "100ms", "0", "0s", "10us"])
def test_a_duration_is_what_go_reads_as_one(text: str) -> None:
    assert told({"connectTimeout": text}) == []


@pytest.mark.parametrize("text", ["10", "", "10 s", "1d", "s", "10S", "ten seconds"])
def test_a_text_that_is_no_duration_is_told_since_istiod_would_not_start_with_it(text: str) -> None:
    assert told({"connectTimeout": text}) == ["meshConfig.connectTimeout (it must be a duration such as 10s or 1m30s)"]


def test_a_word_that_only_a_newer_istio_can_know_is_no_problem() -> None:
    assert told({"accessLogEncoding": "CBOR"}, meshconfig.NEWEST + 1) == []
    assert told({"accessLogEncoding": "CBOR"}, meshconfig.NEWEST) != []


@pytest.mark.parametrize(
    ("field", "since"),
    [
        ({"defaultTrafficPolicy": {"outlierDetection": {}}}, 31),
        ({"defaultInboundHttpRetryPolicy": {"attempts": 2}}, 32),
        ({"defaultConfig": {"connectionSettings": {}}}, 31),
        ({"defaultTrafficPolicy": {"outlierDetection": {"failurePercentageThreshold": 5}}}, 32),
    ],
)
def test_a_field_that_came_later_is_told_for_older_versions_only(field: dict[str, Any], since: int) -> None:
    assert any(f"Istio has it since 1.{since}" in one for one in told(field, since - 1))
    assert told(field, since) == told(field, 99) == told(field) == []


def test_a_version_older_than_the_table_is_judged_as_its_oldest() -> None:
    assert told({"defaultTrafficPolicy": {}}, 28) == ["meshConfig.defaultTrafficPolicy (Istio has it since 1.31)"]
    assert told({"accessLogFile": "x"}, 28) == []


def test_a_field_that_only_a_newer_istio_can_know_is_a_warning_and_its_misspelling_too() -> None:
    given = {"meshConfig": {"brandNew": 1, "accesLogFile": "x"}}
    warnings = keys.refuse(given, DEFAULTS, "istiod", meshconfig.NEWEST + 1)
    assert [one.split()[2] for one in warnings] == ["meshConfig.brandNew", "meshConfig.accesLogFile"]
    assert "did you mean meshConfig.accessLogFile?" in warnings[1]
    assert keys.only_read(given, DEFAULTS, "istiod", meshconfig.NEWEST + 1) == (given, [])


def test_every_kind_of_the_table_is_a_message_or_a_kind_of_value() -> None:
    kinds = {token.partition("@")[0].partition(":")[2] for fields in FIELDS.values() for token in fields.split()}
    plain = {kind.removesuffix("[]").strip("{}") for kind in kinds}
    assert plain <= {*FIELDS, *(f"={name}" for name in WORDS), "", "bool", "number", "duration", "any"}
