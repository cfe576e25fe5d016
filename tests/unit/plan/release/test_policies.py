"""Policies that would miss the canary, and copies that hold for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import selector
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Object
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release import policies
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release.policies import Gap
from tests.unit.plan.release.build import CART, policy

STABLE = {"app": "cart", "tier": "web", "version": "v1"}
CANARY = {"app": "cart-canary", "tier": "web", "version": "v2", "service.istio.io/canonical-name": "cart"}
ONLY_CANARY = {"app": "cart-canary", "version": "v2", "service.istio.io/canonical-name": "cart"}
BY_LABELS = [
    ("AuthorizationPolicy", "selector", "matchLabels"),
    ("PeerAuthentication", "selector", "matchLabels"),
    ("RequestAuthentication", "selector", "matchLabels"),
    ("Telemetry", "selector", "matchLabels"),
    ("WasmPlugin", "selector", "matchLabels"),
    ("ProxyConfig", "selector", "matchLabels"),
    ("EnvoyFilter", "workloadSelector", "labels"),
    ("Sidecar", "workloadSelector", "labels"),
]
MATCH = st.dictionaries(
    st.sampled_from(["app", "tier", "version"]), st.sampled_from(["cart", "web", "v1", "cart-canary", "v2"]), max_size=2
)
EXPRESSIONS = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.sampled_from(["app", "tier", "version"]),
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(st.sampled_from(["cart", "web", "v1", "cart-canary"]), min_size=1, max_size=2),
        }
    )
    | st.fixed_dictionaries({"key": st.sampled_from(["app", "canary"]), "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
    max_size=2,
)
SELECTORS = st.fixed_dictionaries({}, optional={"matchLabels": MATCH, "matchExpressions": EXPRESSIONS})


def found(*present: Object, **further: Any) -> list[Gap]:
    return policies.gaps(present, STABLE, CANARY, CART, **further)


def network_policy(pods: Object, name: str = "cart", namespace: str = "shop", **spec: Any) -> Object:
    return policy("NetworkPolicy", name, namespace, podSelector=pods, policyTypes=["Ingress"], **spec)


@pytest.mark.parametrize(("kind", "outer", "inner"), BY_LABELS)
def test_a_policy_of_istio_by_labels_of_the_stable_alone_is_copied_with_all_that_it_says(kind: str, outer: str, inner: str) -> None:
    mine = policy(kind, **{outer: {inner: {"app": "cart"}}, "action": "DENY"})
    mine["metadata"] |= {"annotations": {"istio.io/dry-run": "true", "team": "blue"}, "labels": {"istio.io/rev": "x", "team": "blue"}}
    (gap,) = found(mine)
    assert (gap.kind, gap.namespace, gap.name) == (kind, "shop", "cart")
    assert gap.copy["spec"] == {outer: {inner: ONLY_CANARY}, "action": "DENY"}
    assert gap.copy["metadata"] == {
        "name": "cart-canary",
        "namespace": "shop",
        "labels": {"istio.io/rev": "x", **CART.labels},
        "annotations": {"istio.io/dry-run": "true"},
    }
    assert found(gap.copy) == []


@pytest.mark.parametrize(
    ("marks", "namespace", "name"),
    [
        ({"app": "cart"}, "shop", "deny-cart-canary"),
        ({"app": "cart"}, "istio-system", "deny-cart-shop-canary"),
        ({"app": "cart"}, "other", None),
        ({"tier": "web"}, "shop", None),  # it holds for the canary as well
        ({"app": "stock"}, "shop", None),
        ({}, "shop", None),
    ],
)
def test_a_policy_counts_where_it_holds(marks: dict[str, str], namespace: str, name: str | None) -> None:
    gaps = found(policy("AuthorizationPolicy", "deny", namespace, selector={"matchLabels": marks}))
    assert [gap.copy["metadata"]["name"] for gap in gaps] == ([name] if name else [])


def test_policies_of_kubernetes_count_in_their_own_namespace_alone() -> None:
    wanted = {"matchLabels": {"app": "cart"}}
    for namespace in ("other", "istio-system"):
        assert found(network_policy(wanted, namespace=namespace), policy("PodDisruptionBudget", "cart", namespace, selector=wanted)) == []


@pytest.mark.parametrize(
    ("sources", "count"),
    [
        ([{"app": "cart"}], 1),
        ([{"app": "stock"}, {"app": "cart", "tier": "web"}], 1),
        ([{"tier": "web"}], 0),
        ([{}], 0),
        ([{"app": "stock"}], 0),
    ],
)
@pytest.mark.parametrize("part", ["http", "tcp", "tls"])
def test_routes_that_hold_for_requests_of_the_stable_alone_are_found(sources: list[Object], count: int, part: str) -> None:
    rules = [{"match": [{"sourceLabels": one} if one else {"port": 80}]} for one in sources]
    told = policies.unmatched_sources([policy("VirtualService", "stock", "other", **{part: rules})], STABLE, CANARY, CART)
    assert [(one.level, one.code, one.object) for one in told] == [("warning", "source_labels", "VirtualService other/stock")] * count


def test_another_root_namespace_is_taken_at_its_word() -> None:
    theirs = policy("AuthorizationPolicy", "deny", "istio-system", selector={"matchLabels": {"app": "cart"}})
    assert found(theirs, root="mesh-root") == []


@given(SELECTORS, st.sampled_from(["NetworkPolicy", "PodDisruptionBudget"]))
def test_with_the_copies_the_canary_is_selected_wherever_the_stable_is(wanted: Object, kind: str) -> None:
    path = {"NetworkPolicy": "podSelector", "PodDisruptionBudget": "selector"}[kind]
    mine = policy(kind, **{path: wanted})
    gaps = found(mine)
    selecting = [selector.parse(one["spec"][path]) for one in (mine, *(gap.copy for gap in gaps))]
    if selecting[0].matches(STABLE):
        assert any(one.matches(CANARY) for one in selecting)
    assert not any(one.matches(STABLE) for one in selecting[1:])
    assert found(*(gap.copy for gap in gaps)) == []
    excesses = policies.excesses([mine], STABLE, CANARY, CART)
    assert bool(excesses) == (selecting[0].matches(CANARY) and not selecting[0].matches(STABLE))


def test_a_policy_for_the_service_is_copied_for_that_of_the_canary() -> None:
    mine = {"group": "", "kind": "Service", "name": "cart"}
    (gap,) = found(policy("AuthorizationPolicy", targetRefs=[mine, {"group": "", "kind": "Service", "name": "stock"}], action="DENY"))
    assert gap.copy["spec"] == {"targetRefs": [{**mine, "name": "cart-canary"}], "action": "DENY"}
    (former,) = found(policy("Telemetry", targetRef=mine))
    assert former.copy["spec"] == {"targetRefs": [{**mine, "name": "cart-canary"}]}
    assert (
        found(policy("AuthorizationPolicy", targetRefs=[{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "cart"}])) == []
    )
    assert found(policy("AuthorizationPolicy", "cart", "istio-system", targetRefs=[mine])) == []


PEER = {"podSelector": {"matchLabels": {"app": "cart"}}}
CANARY_PEER = {"podSelector": {"matchLabels": ONLY_CANARY}}
STOCK_PEER = {"podSelector": {"matchLabels": {"app": "stock"}}}
ADDRESS_PEER = {"ipBlock": {"cidr": "10.0.0.0/8"}}


def test_whoever_lets_the_stable_in_by_its_labels_lets_the_canary_in() -> None:
    ports = [{"port": 80}]
    theirs = network_policy(
        {"matchLabels": {"app": "stock"}},
        "stock",
        ingress=[{"from": [STOCK_PEER, PEER, ADDRESS_PEER], "ports": ports}, {"from": [STOCK_PEER]}],
    )
    (gap,) = found(theirs)
    assert gap.copy["metadata"]["name"] == "stock-cart-peers-canary"
    assert gap.copy["spec"] == {**theirs["spec"], "ingress": [{"from": [CANARY_PEER], "ports": ports}]}


def test_pods_that_reach_each_other_do_so_with_the_canary_in_both_directions() -> None:
    selecting, naming = found(network_policy(PEER["podSelector"], ingress=[{"from": [PEER, STOCK_PEER]}], egress=[{"to": [PEER]}]))
    assert selecting.copy["spec"]["podSelector"] == CANARY_PEER["podSelector"]
    assert selecting.copy["spec"]["ingress"] == [{"from": [PEER, STOCK_PEER, CANARY_PEER]}]
    assert selecting.copy["spec"]["egress"] == [{"to": [PEER, CANARY_PEER]}]
    assert naming.copy["spec"]["podSelector"] == PEER["podSelector"]
    assert naming.copy["spec"]["ingress"] == [{"from": [CANARY_PEER]}]
    assert naming.copy["spec"]["egress"] == [{"to": [CANARY_PEER]}]
    assert selecting.copy["metadata"]["name"] != naming.copy["metadata"]["name"]


@pytest.mark.parametrize(
    ("places", "reached"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"kubernetes.io/metadata.name": "shop"}}, True),
        ({"matchLabels": {"team": "blue"}}, True),
        ({"matchLabels": {"team": "red"}}, False),
    ],
)
def test_a_policy_of_another_namespace_names_the_stable_where_it_reaches_its_namespace(places: Object | None, reached: bool) -> None:
    peer = {**PEER, **({} if places is None else {"namespaceSelector": places})}
    gaps = found(network_policy({}, "db", "data", ingress=[{"from": [peer]}]), namespace_labels={"team": "blue"})
    assert [gap.copy["metadata"]["name"] for gap in gaps] == (["db-cart-peers-shop-canary"] if reached else [])
    if reached:
        assert gaps[0].copy["spec"]["ingress"][0]["from"][0].get("namespaceSelector") == places


@pytest.mark.parametrize(
    "spec", [{}, {"ingress": []}, {"ingress": [{}]}, {"ingress": [{"from": [{"namespaceSelector": {}}, ADDRESS_PEER]}]}]
)
def test_what_lets_in_all_or_none_needs_nothing(spec: Object) -> None:
    assert found(network_policy({"matchLabels": {"tier": "web"}}, **spec)) == []
