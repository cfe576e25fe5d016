"""The three fields of a DestinationRule: set, changed, and brought back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import host, locality, traffic_prediction
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.locality import Client, Endpoint
from ansible_collections.meshyard.istio.plugins.module_utils._plan.locality import model as locality_model
from ansible_collections.meshyard.istio.plugins.module_utils._plan.locality import rule as rules
from ansible_collections.meshyard.istio.plugins.module_utils._plan.locality.model import ServiceTraffic
from ansible_collections.meshyard.istio.plugins.module_utils._plan.locality.request import LocalityRequest
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Create, Delete, Patch

Object = dict[str, Any]
SETTING = {"enabled": True, "failover": [{"from": "eu", "to": "us"}]}
policies = st.fixed_dictionaries(
    {},
    optional={
        "loadBalancer": st.fixed_dictionaries(
            {}, optional={"localityLbSetting": st.sampled_from([SETTING, {"enabled": False}]), "simple": st.just("RANDOM")}
        ).filter(bool),
        "outlierDetection": st.sampled_from([{}, {"interval": "1s", "consecutive5xxErrors": 3}]),
        "connectionPool": st.sampled_from([{"tcp": {"maxConnections": 1}}, {"http": {"maxRetries": 1}, "tcp": {"connectTimeout": "1s"}}]),
        "tls": st.just({"mode": "ISTIO_MUTUAL"}),
    },
)
fields = st.fixed_dictionaries(
    {"outlierDetection": st.sampled_from([{}, {"interval": "9s"}])},
    optional={"localityLbSetting": st.just(SETTING), "connectionPool": st.just({"tcp": {"maxConnections": 9}})},
)


def rule(policy: Object, **further: Any) -> Object:
    spec = {"host": "cart", **({"trafficPolicy": policy} if policy else {}), **further}
    metadata = {"namespace": "shop", "name": "cart", "resourceVersion": "1", "uid": "u"}
    return {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": metadata, "spec": spec}


def merged(target: Any, patch: Any) -> Any:
    """What a JSON merge patch makes, as RFC 7396 has it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def applied(live: Object | None, decision: rules.Decision) -> Object | None:
    """The rule after the plan, as an API server would have it."""
    for step in decision.plan:
        if isinstance(step, Create):
            live = merged(step.body, {"metadata": {"resourceVersion": "1", "uid": "u"}})
        elif isinstance(step, Patch):
            live = merged(live, step.patch)
        elif isinstance(step, Delete):
            live = None
    return live


def asked(wanted: Object) -> LocalityRequest:
    return LocalityRequest("shop", "cart", "cart.shop.svc.cluster.local", wanted)


@given(policies, fields, fields)
def test_set_changed_and_taken_back_a_rule_is_what_it_was(policy: Object, first: Object, second: Object) -> None:
    live = rule(policy, subsets=[{"name": "v1"}])
    now: Object | None = live
    for wanted in (first, second):
        decision = rules.present(asked(wanted), now, "central")
        now = applied(now, decision)
        assert now is not None
        assert now["spec"]["trafficPolicy"] == decision.policy
        assert {key: rules.raw.at(decision.policy, *rules.FIELDS[key]) for key in wanted} == wanted
        assert rules.present(asked(wanted), now, "central").plan == ()
    back = applied(now, rules.absent(now))
    assert back is not None
    assert back["spec"] == live["spec"]
    assert not back["metadata"]["annotations"]
    assert rules.absent(back).plan == ()


@given(fields, fields)
def test_a_rule_that_was_made_here_goes_and_stays_with_what_others_wrote(first: Object, second: Object) -> None:
    made = applied(None, rules.present(asked(first), None, "central"))
    made = applied(made, rules.present(asked(second), made, "central"))
    assert made is not None
    assert applied(made, rules.absent(made)) is None
    theirs = merged(made, {"spec": {"trafficPolicy": {"tls": {"mode": "DISABLE"}}}})
    left = applied(theirs, rules.absent(theirs))
    assert left is not None
    assert left["spec"] == {"host": "cart.shop.svc.cluster.local", "trafficPolicy": {"tls": {"mode": "DISABLE"}}}
    assert not left["metadata"]["labels"]


def test_the_record_keeps_the_oldest_values_and_only_of_fields_that_are_asked_for() -> None:
    theirs = rule({"outlierDetection": {"interval": "1s"}})
    live = applied(theirs, rules.present(asked({"outlierDetection": {}}), theirs, "c"))
    live = applied(live, rules.present(asked({"outlierDetection": {"interval": "2s"}}), live, "c"))
    assert live is not None
    assert json.loads(live["metadata"]["annotations"][rules.ANNOTATION]) == {"outlierDetection": {"interval": "1s"}}


def test_failover_without_outlier_detection_is_refused_unless_the_rule_has_it() -> None:
    with pytest.raises(MeshyardError, match="failover without outlier detection"):
        rules.present(asked({"localityLbSetting": SETTING}), rule({}), "central")
    assert rules.present(asked({"localityLbSetting": SETTING}), rule({"outlierDetection": {}}), "central").plan


def test_outlier_detection_that_would_go_with_this_run_does_not_count() -> None:
    live = applied(None, rules.present(asked({"outlierDetection": {}}), None, "central"))
    with pytest.raises(MeshyardError, match="failover without outlier detection"):
        rules.present(asked({"localityLbSetting": SETTING}), live, "central")


@pytest.mark.parametrize("told", ["no json", "[]", '{"tls": null}', '{"outlierDetection": 3}'])
def test_a_record_that_somebody_spoiled_is_named(told: str) -> None:
    live = merged(rule({}), {"metadata": {"annotations": {rules.ANNOTATION: told}}})
    for decide in (lambda: rules.absent(live), lambda: rules.present(asked({"outlierDetection": {}}), live, "central")):
        with pytest.raises(MeshyardError, match="does not hold former values"):
            decide()


def test_a_rule_for_another_host_and_a_zone_aware_one_are_refused() -> None:
    with pytest.raises(MeshyardError, match="is for the host cart, not for web"):
        rules.present(LocalityRequest("shop", "cart", "web", {"outlierDetection": {}}), rule({}), "central")
    aware = rule({"outlierDetection": {}, "loadBalancer": {"zoneAwareLbSetting": {}}})
    with pytest.raises(MeshyardError, match="zoneAwareLbSetting"):
        rules.present(asked({"localityLbSetting": SETTING}), aware, "central")


def test_findings_name_what_else_bears_on_the_service() -> None:
    own = rule({"portLevelSettings": [{"port": {"number": 80}}]}, subsets=[{"name": "v1", "trafficPolicy": {"outlierDetection": {}}}])
    wild, second = rule({}), rule({})
    wild["spec"]["host"], wild["metadata"]["name"], second["metadata"]["name"] = "*.local", "all", "cart-2"
    clients = [Client("central", locality.parse("eu/a"), "one")]
    endpoints = [Endpoint("remote", locality.parse("us/a"), "two"), Endpoint("central", locality.Locality(), "one")]
    traffic = ServiceTraffic(clients, endpoints, [own, wild, second], None)
    setting = traffic_prediction.Setting(outlier_detection=True, failover_priority=("version", locality.NETWORK))
    found = locality_model.findings(setting, traffic, host.Service("shop", "cart"), own)
    of_rules = ["wildcard_replaced", "second_rule", "subset_differs", "port_differs"]
    assert [one.code for one in found] == ["no_service", "labels_across_networks", "unknown_locality", *of_rules, "client_labels"]
    assert all(one.message.endswith(".") and one.remedy.endswith(".") for one in found)


def test_a_service_with_a_traffic_distribution_of_its_own_is_named() -> None:
    traffic = ServiceTraffic([], [], None, {"spec": {"trafficDistribution": "PreferClose"}})
    found = locality_model.findings(traffic_prediction.Setting(), traffic, host.Service("shop", "cart"), None)
    assert [one.code for one in found] == ["no_endpoints", "traffic_distribution"]
