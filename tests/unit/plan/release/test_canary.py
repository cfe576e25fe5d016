"""The canary's Deployment and Service, told apart from the stable ones by labels alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import selector
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Object
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release import canary
from tests.unit.plan.release.build import CART, deployment, service, template

CANONICAL = "service.istio.io/canonical-name"
KEYS = ["app", "version", "app.kubernetes.io/name", "app.kubernetes.io/instance", "istio.io/rev"]
MARKS = st.fixed_dictionaries({"app": st.just("cart")}, optional={key: st.sampled_from(["cart", "v1", "a" * 63]) for key in KEYS[1:]})


@given(MARKS, st.lists(st.sets(st.sampled_from(KEYS), min_size=1), min_size=1, max_size=3), st.sets(st.sampled_from(KEYS)))
def test_no_selector_of_the_stable_takes_the_canary_and_none_of_the_canary_the_stable(
    marks: dict[str, str], fronts: list[set[str]], own: set[str]
) -> None:
    services = [service(selector={key: marks.get(key, "none") for key in {*keys, "app"}}) for keys in fronts]
    stable = deployment(marks, {"matchLabels": {key: marks[key] for key in {*own, "app"} if key in marks}})
    changed = canary.canary_labels(stable, services, stable["spec"]["template"])
    made = canary.deployment(stable, stable["spec"]["template"], CART, changed, 1)
    pods = made["spec"]["template"]["metadata"]["labels"]
    assert all(len(value) <= 63 for value in pods.values())
    assert {key: value for key, value in pods.items() if key.startswith("istio.io/")} == {
        key: value for key, value in marks.items() if key.startswith("istio.io/")
    }
    for mine, other, labels in ((made, stable, pods), (stable, made, marks)):
        assert selector.parse(mine["spec"]["selector"]).matches(labels)
        assert not selector.parse(other["spec"]["selector"]).matches(labels)
    for front in services:
        beside = canary.service(front, CART, changed)["spec"]["selector"].items()
        selects = front["spec"]["selector"].items() <= marks.items()
        assert not front["spec"]["selector"].items() <= pods.items()
        assert (beside <= pods.items()) == selects
        assert not beside <= marks.items()


@pytest.mark.parametrize(
    ("marks", "own", "canonical"),
    [
        ({"app": "cart"}, ["app"], "cart"),
        ({"app": "cart", "app.kubernetes.io/name": "basket"}, ["app"], None),
        ({"app": "cart", "app.kubernetes.io/name": "basket"}, ["app.kubernetes.io/name"], "basket"),
        ({"app": "cart", CANONICAL: "trolley"}, ["app"], None),
        ({"run": "x"}, ["run"], "cart"),  # Istio takes the name of the workload
    ],
)
def test_telemetry_keeps_the_canonical_name_of_the_stable(marks: dict[str, str], own: list[str], canonical: str | None) -> None:
    stable = deployment(marks, {"matchLabels": {key: marks[key] for key in own}})
    assert canary.canary_labels(stable, [], stable["spec"]["template"]).get(CANONICAL) == canonical


def test_the_labels_are_the_same_before_and_while_the_canary_is_there() -> None:
    stable = deployment()
    changed = canary.canary_labels(stable, [service()], template())
    assert canary.canary_labels(stable, [service(), canary.service(service(), CART, changed)], template()) == changed


def test_long_values_stay_different_when_they_are_shortened() -> None:
    values = ["a" * 62, "a" * 63, "a" * 57, "a" * 56, "cart", ""]
    made = {canary.canary_value(value) for value in values}
    assert len(made) == len(values)
    assert all(0 < len(value) <= 63 and value[0].isalnum() and value.endswith("canary") for value in made)


def test_the_canary_has_all_that_the_stable_says_of_its_pods_and_the_new_template() -> None:
    stable = deployment()
    before = copy.deepcopy(stable)
    made = canary.deployment(stable, template(nodeName="a"), CART, {"app": "cart-canary"}, 2)
    assert stable == before
    assert made["spec"] == {
        "replicas": 2,
        "minReadySeconds": 3,
        "strategy": {"rollingUpdate": {"maxSurge": 1}},
        "selector": {"matchLabels": {"app": "cart-canary"}},
        "template": template({"app": "cart-canary"}, nodeName="a"),
    }
    assert made.keys() == {"apiVersion", "kind", "metadata", "spec"}
    assert made["metadata"] == {"name": "cart-canary", "namespace": "shop", "labels": CART.labels}


def test_nobody_who_applies_or_tracks_the_stable_finds_the_canary() -> None:
    tracked = {"app.kubernetes.io/instance": "shop", "app.kubernetes.io/managed-by": "Helm", "kustomize.toolkit.fluxcd.io/name": "shop"}
    notes = {
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "deployment.kubernetes.io/revision": "3",
        "meshyard.io/release": "{}",
    }
    notes |= {"argocd.argoproj.io/tracking-id": "shop", "meta.helm.sh/release-name": "shop", "team": "blue"}
    stable = deployment(labels={**tracked, "app": "cart", "team": "blue"}, annotations=notes)
    made = canary.deployment(stable, template(), CART, {"app": "cart-canary"}, 1)["metadata"]
    assert made["labels"] == {"app": "cart-canary", "team": "blue", **CART.labels}
    assert made["annotations"] == {"team": "blue"}
    told_apart = canary.deployment(stable, template(), CART, {"app.kubernetes.io/instance": "shop-canary"}, 1)["metadata"]["labels"]
    assert told_apart["app.kubernetes.io/instance"] == "shop-canary"


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ({"matchLabels": {"app": "cart"}}, {"matchLabels": {"app": "cart-canary"}}),
        ({"matchLabels": {"app": "stock"}}, {"matchLabels": {"app": "stock"}}),
        (
            {"matchExpressions": [{"key": "app", "operator": "In", "values": ["stock", "cart"]}]},
            {"matchExpressions": [{"key": "app", "operator": "In", "values": ["stock", "cart-canary"]}]},
        ),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, {"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
    ],
)
def test_pods_that_are_placed_by_their_own_labels_are_so_as_canary(found: Object, wanted: Object) -> None:
    def placed(selecting: Object) -> Object:
        term = {"labelSelector": selecting, "topologyKey": "zone"}
        required = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
        preferred = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]}
        return {"affinity": {"podAntiAffinity": required, "podAffinity": preferred}, "topologySpreadConstraints": [term]}

    new = template(**placed(found))
    before = copy.deepcopy(new)
    made = canary.deployment(deployment(), new, CART, {"app": "cart-canary"}, 1)
    assert new == before
    assert made["spec"]["template"] == template({"app": "cart-canary"}, **placed(wanted))


SERVICES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"type": "NodePort", "nodePort": 30080}, {}),
    ({"type": "LoadBalancer", "externalIPs": ["1.2.3.4"], "loadBalancerClass": "x", "healthCheckNodePort": 3}, {}),
    ({"clusterIP": "None"}, {"clusterIP": "None"}),
    ({"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 9}}},) * 2,
    ({"ipFamilies": ["IPv6"], "ipFamilyPolicy": "SingleStack"},) * 2,
]


@pytest.mark.parametrize(("further", "kept"), SERVICES)
def test_the_service_of_the_canary_has_the_same_ports_and_nothing_that_only_one_can_have(further: Object, kept: Object) -> None:
    port = {"name": "grpc", "port": 80, "protocol": "TCP", "targetPort": "app", "appProtocol": "grpc"}
    stable = service("cart", {**port, "nodePort": 30080}, **further)
    stable["metadata"] |= {"annotations": {"networking.istio.io/exportTo": ".", "team": "blue"}, "labels": {"release": "prometheus"}}
    made = canary.service(stable, CART, {"app": "cart-canary", "version": "v1-canary"})
    assert made["spec"] == {"type": "ClusterIP", "selector": {"app": "cart-canary"}, "ports": [port], **kept}
    assert made["metadata"] == {
        "name": "cart-canary",
        "namespace": "shop",
        "labels": CART.labels,
        "annotations": {"networking.istio.io/exportTo": "."},
    }
