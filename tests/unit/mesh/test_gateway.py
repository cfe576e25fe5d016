"""Gateways are found, and moved by the smallest patch that really moves them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import gateway
from tests.unit.mesh import build

TEMPLATE = {"inject.istio.io/templates": "gateway"}
POD = {"app": "web", "istio": "web", "sidecar.istio.io/inject": "true"}
HOOKS = build.hooks(build.injector("default"), build.injector("r1"), build.injector("r1", tag="prod"))
PLANES = build.planes(build.istiod("default"), build.istiod("r1"))


def find(template: dict[str, str], around: dict[str, str] | None = None, **further: Any) -> gateway.Gateway:
    raw = build.workload("web", "edge", template, TEMPLATE, **further)
    services = [build.service("web", "edge", app="web", istio="web"), build.service("other", "edge", app="x"), build.service("web", "shop")]
    (found,) = gateway.gateways({"Deployment": [raw]}, services, [build.namespace("edge", around)], HOOKS, PLANES)
    return found


def test_a_gateway_is_found_with_its_services_and_the_revision_of_its_pods() -> None:
    found = find(POD)
    assert (found.kind, found.namespace, found.name, found.services) == ("Deployment", "edge", "web", ("web",))
    assert (found.source, found.label, found.decision.revision) == ("default", None, "default")


def test_other_workloads_are_no_gateways() -> None:
    assert not gateway.gateways({"Deployment": [build.workload("cart")], "DaemonSet": [build.workload("agent")]}, [], [], HOOKS)
    assert not gateway.is_gateway(build.workload("cart"))
    assert not gateway.is_gateway(build.workload("cart", template_annotations={"inject.istio.io/templates": "sidecar,mygateway"}))


def test_a_service_without_selector_selects_nothing() -> None:
    assert gateway.services_of(POD, "edge", [build.service("web", "edge")]) == []


@pytest.mark.parametrize(
    ("template", "around", "source", "revision"),
    [
        (POD | {"istio.io/rev": "r1"}, {}, "pod label", "r1"),
        (POD | {"istio.io/rev": "prod"}, {}, "pod label", "r1"),
        (POD | {"istio.io/rev": "r1"}, {"istio-injection": "enabled"}, "namespace label", "default"),
        (POD | {"istio.io/rev": "default"}, {"istio.io/rev": "r1"}, "namespace label", "r1"),
        (POD, {}, "default", "default"),
    ],
)
def test_the_source_of_a_gateways_revision_is_told(template: dict[str, str], around: dict[str, str], source: str, revision: str) -> None:
    found = find(template, around)
    assert (found.source, found.decision.revision) == (source, revision)


def test_a_gateway_moves_by_one_label_of_its_pod_template() -> None:
    move = gateway.move(find(POD), "r1", {})
    assert move.patch == {"spec": {"template": {"metadata": {"labels": {"istio.io/rev": "r1"}}}}}
    assert (move.obstacle, move.note) == (None, None)


def test_a_gateway_that_has_the_label_needs_no_patch() -> None:
    assert gateway.move(find(POD | {"istio.io/rev": "r1"}), "r1", {}) == gateway.Move(None)


@pytest.mark.parametrize("around", [{"istio-injection": "enabled"}, {"istio.io/rev": "r0"}, {"istio-injection": "disabled"}])
def test_a_label_on_the_namespace_makes_the_pod_label_useless_and_that_is_said(around: dict[str, str]) -> None:
    move = gateway.move(find(POD, around), "r1", around)
    assert move.patch is None
    assert move.note
    assert "is ignored" in move.note


def test_a_revision_in_the_selector_cannot_be_moved() -> None:
    found = find(POD | {"istio.io/rev": "r0"}, spec={"selector": {"matchLabels": {"istio.io/rev": "r0"}}})
    move = gateway.move(found, "r1", {})
    assert move.patch is None
    assert move.obstacle
    assert "selector" in move.obstacle


def test_a_gateway_of_the_gateway_api_follows_its_gateway() -> None:
    raw = build.workload("web-istio", "edge")
    raw["metadata"]["labels"] = {"gateway.istio.io/managed": "istio.io-gateway-controller", "gateway.networking.k8s.io/gateway-name": "web"}
    (found,) = gateway.gateways({"Deployment": [raw]}, [], [], HOOKS)
    assert (found.managed, found.gateway, found.source) == (True, "web", "gateway")
    assert gateway.move(found, "r1", {}).patch is None
