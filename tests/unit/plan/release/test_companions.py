"""DestinationRules, Sidecars and grants hold for the canary as for the stable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Object
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release import companions
from tests.unit.plan.release.build import CART, FQDN, patched, policy

CANARY_FQDN = "cart-canary.shop.svc.cluster.local"
CHANGED = {"app": "cart-canary", "version": "v1-canary"}


def rule(named: str = "cart", namespace: str = "shop", **spec: object) -> Object:
    return policy("DestinationRule", "cart", namespace, host=named, **spec)


def sidecar(*egress: list[str], namespace: str = "shop") -> Object:
    return policy("Sidecar", "cart", namespace, egress=[{"hosts": hosts, "bind": "127.0.0.1"} for hosts in egress])


def test_a_rule_is_copied_with_its_policy_and_for_whom_it_holds() -> None:
    further = {"trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}, "outlierDetection": {}}, "exportTo": ["."]}
    (made,) = companions.destination_rules([rule(**further), rule("stock"), rule("*.shop.svc.cluster.local")], CART, CHANGED)
    assert made["spec"] == {"host": "cart-canary", **further}
    assert (made["metadata"]["name"], made["metadata"]["namespace"], made["metadata"]["labels"]) == ("cart-canary", "shop", CART.labels)


@pytest.mark.parametrize(
    ("named", "namespace", "name", "host"),
    [
        (FQDN, "shop", "cart-canary", CANARY_FQDN),
        (FQDN, "istio-system", "cart-shop-canary", CANARY_FQDN),
        ("cart", "other", None, None),
        ("cart.shop", "shop", None, None),
    ],
)
def test_a_rule_for_the_host_counts_whatever_its_namespace(named: str, namespace: str, name: str | None, host: str | None) -> None:
    made = companions.destination_rules([rule(named, namespace)], CART, CHANGED)
    assert [(one["metadata"]["name"], one["spec"]["host"]) for one in made] == ([(name, host)] if name else [])


def test_subsets_of_the_copy_select_the_canary_where_those_of_the_rule_select_the_stable() -> None:
    subsets = [{"name": "v1", "labels": {"version": "v1", "tier": "web"}}, {"name": "v2", "labels": {"version": "v2"}}, {"name": "all"}]
    (made,) = companions.destination_rules([rule(subsets=subsets)], CART, CHANGED)
    assert made["spec"]["subsets"] == [
        {"name": "v1", "labels": {"version": "v1-canary", "tier": "web"}},
        {"name": "v2", "labels": {"version": "v2"}},
        {"name": "all"},
    ]
    assert subsets[0]["labels"] == {"version": "v1", "tier": "web"}


def test_subsets_of_other_workloads_are_those_that_contradict_the_selector() -> None:
    subsets = [{"name": "v1", "labels": {"version": "v1"}}, {"name": "v2", "labels": {"version": "v2"}}, {"name": "all"}]
    both = [rule(subsets=subsets), rule("stock", subsets=[{"name": "x", "labels": {"version": "v3"}}])]
    assert companions.other_subsets(both, CART, {"app": "cart", "version": "v1"}) == {"v2"}
    assert companions.other_subsets(both, CART, {"app": "cart"}) == set()


@pytest.mark.parametrize(
    ("hosts", "wanted"),
    [
        ([f"shop/{FQDN}", "istio-system/*"], [f"shop/{FQDN}", f"shop/{CANARY_FQDN}", "istio-system/*"]),
        ([f"./{FQDN}"], [f"./{FQDN}", f"./{CANARY_FQDN}"]),
        ([f"*/{FQDN}"], [f"*/{FQDN}", f"*/{CANARY_FQDN}"]),
        ([f"other/{FQDN}"], None),
        ([f"shop/{FQDN}", "./*"], None),  # it sees the canary already
        ([f"shop/{FQDN}", "*/*.shop.svc.cluster.local"], None),
        ([f"shop/{FQDN}", f"shop/{CANARY_FQDN}"], None),
        (["~/*"], None),
        (["shop/stock.shop.svc.cluster.local"], None),
    ],
)
def test_a_sidecar_that_names_the_stable_sees_the_canary(hosts: list[str], wanted: list[str] | None) -> None:
    before = sidecar(["istio-system/*"], hosts)
    steps = companions.sidecars([before], CART)
    assert len(steps) == (wanted is not None)
    after = patched(before, steps[0] if steps else None)
    assert after["spec"]["egress"][1] == {"hosts": wanted or hosts, "bind": "127.0.0.1"}
    assert companions.sidecars([after], CART) == []


HOSTS = st.lists(st.sampled_from([f"shop/{FQDN}", f"./{FQDN}", "istio-system/*", "shop/*", f"shop/{CANARY_FQDN}"]), min_size=1, max_size=4)


@given(st.lists(HOSTS, max_size=3))
def test_a_sidecar_becomes_exactly_what_it_was(egress: list[list[str]]) -> None:
    before = sidecar(*egress)
    now = before
    for step in companions.sidecars([before], CART):
        now = patched(now, step)
        assert companions.is_concerned(now, CART)
    for step in companions.sidecars_given_back([now], CART):
        now = patched(now, step)
    assert (now["spec"], now["metadata"].get("annotations")) == (before["spec"], None)
    assert companions.sidecars_given_back([now], CART) == []


def test_what_others_change_in_a_sidecar_stays_and_the_canary_goes() -> None:
    before = sidecar([f"shop/{FQDN}"])
    now = patched(before, companions.sidecars([before], CART)[0])
    now["spec"]["egress"][0]["hosts"].append("istio-system/*")
    now["spec"]["egress"].append({"hosts": [f"./{FQDN}"]})
    now = patched(now, companions.sidecars([now], CART)[0])
    assert now["spec"]["egress"][1]["hosts"] == [f"./{FQDN}", f"./{CANARY_FQDN}"]
    (step,) = companions.sidecars_given_back([now], CART)
    left = [one["hosts"] for one in patched(now, step)["spec"]["egress"]]
    assert left == [[f"shop/{FQDN}", "istio-system/*"], [f"./{FQDN}"]]


def test_a_grant_for_the_stable_service_is_given_for_the_canary_too() -> None:
    routes = [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "edge"}]
    to = [{"group": "", "kind": "Service", "name": "cart"}, {"group": "", "kind": "Service", "name": "stock"}]
    every = [{"group": "", "kind": "Service"}]
    grants = [
        policy("ReferenceGrant", **{"from": routes, "to": to}),
        policy("ReferenceGrant", **{"from": routes, "to": every}),
        policy("ReferenceGrant", "x", "other", **{"from": routes, "to": to}),
    ]
    (made,) = companions.reference_grants(grants, CART)
    assert made["spec"] == {"from": routes, "to": [{"group": "", "kind": "Service", "name": "cart-canary"}]}
