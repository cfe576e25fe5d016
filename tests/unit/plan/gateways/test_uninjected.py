"""Gateways whose proxy is written in their pod template: what names the old revision there names the new one, and back."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import gateway as gateways
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.revision import Names
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.mesh import Injector
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways import move as gateway_move
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways import uninjected
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways.model import GatewayMoveRequest, GatewayState
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Patch
from tests.unit.plan.world import NEW, World, mesh

INJECTORS = {"default": Injector("1.30.0", "v1", image="hub/proxyv2:1.30.0"), NEW: Injector("1.32.0", "v1", image="hub/proxyv2:1.32.0")}
TO_NEW, BACK = GatewayMoveRequest("present", NEW), GatewayMoveRequest("former")


def template(revision: str = "default") -> dict[str, Any]:
    """The parts of istioctl's pod template that matter."""
    names = Names(revision)
    proxy = {
        "name": "istio-proxy",
        "image": INJECTORS[revision].image,
        "args": ["proxy", "router", "--domain"],
        "env": [
            {"name": "CA_ADDR", "value": f"{names.istiod}.istio-system.svc:15012"},
            {"name": "OTHER", "value": "my-istiod.istio-system.svc:15012"},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        ],
    }
    return {
        "metadata": {
            "labels": {"app": "edge", labels.INJECT: "false", labels.REV: revision},
            "annotations": {labels.REV: revision, labels.INJECT: "false"},
        },
        "spec": {"containers": [proxy], "volumes": [{"name": "config-volume", "configMap": {"name": names.mesh_config}}]},
    }


def edge(around: dict[str, str] | None = None, **spec: Any) -> World:
    world = World(mesh("default", NEW, injectors=INJECTORS), around, name="istio-system")
    world.add("edge", {labels.INJECT: "false"}, annotations={labels.REV: "default"}, spec={"template": template(), **spec})
    return world


def found(world: World) -> GatewayState:
    namespace_state = world.namespace_state()
    return GatewayState("edge", namespace_state, namespace_state.workloads[0])


def moved(world: World, request: GatewayMoveRequest) -> gateway_move.Move:
    move = gateway_move.move(found(world), request, world.mesh)
    for step in move.steps:
        assert isinstance(step, Patch)
        world.apply(step)
    return move


def live(world: World) -> dict[str, Any]:
    found: dict[str, Any] = copy.deepcopy(world.workloads["Deployment", "edge"]["spec"]["template"])
    found["metadata"]["annotations"].pop(labels.RESTARTED_FOR, None)
    return found


def test_everything_that_names_the_old_revision_names_the_new_one_and_nothing_else_changes() -> None:
    world = edge()
    moved(world, TO_NEW)
    assert live(world) == template(NEW)
    assert world.revisions() == {"edge": NEW}


@pytest.mark.parametrize("around", [{}, {"istio-injection": "enabled"}, {labels.REV: "default"}])
def test_labels_of_the_namespace_play_no_part(around: dict[str, str]) -> None:
    world = edge(around)
    assert moved(world, TO_NEW).decision.revision == NEW
    assert world.revisions() == {"edge": NEW}


def test_a_second_move_changes_nothing() -> None:
    world = edge()
    moved(world, TO_NEW)
    assert moved(world, TO_NEW).settled


def test_the_way_back_restores_image_address_and_configuration() -> None:
    world = edge()
    moved(world, TO_NEW)
    moved(world, BACK)
    assert live(world) == template()
    assert not [key for key in world.workloads["Deployment", "edge"]["metadata"].get("annotations") or {} if key.startswith("meshyard")]


def test_a_revision_that_does_not_exist_is_refused() -> None:
    with pytest.raises(MeshyardError, match="cannot come to 9-9-9: there is no such control plane"):
        gateway_move.move(found(edge()), GatewayMoveRequest("present", "9-9-9"), edge().mesh)


def test_a_selector_that_names_the_revision_is_refused() -> None:
    world = edge(selector={"matchLabels": {"app": "edge", labels.REV: "default"}})
    with pytest.raises(MeshyardError, match="in its selector"):
        gateway_move.move(found(world), TO_NEW, world.mesh)


def test_a_planned_revision_is_predicted_without_its_image() -> None:
    world = edge()
    world.mesh = mesh("default", injectors={"default": INJECTORS["default"]}).planned([NEW])
    (step,) = gateway_move.move(found(world), TO_NEW, world.mesh).steps
    assert isinstance(step, Patch)
    assert step.patch["spec"]["template"]["spec"]["containers"][0]["image"] == "hub/proxyv2:1.30.0"


def test_an_injected_gateway_is_none_of_them() -> None:
    injected = template()
    injected["metadata"]["labels"][labels.INJECT] = "true"
    assert not gateways.is_written({"spec": {"template": injected}})
    assert gateways.is_written({"spec": {"template": template()}})


@given(st.sampled_from(["default", NEW, "r1"]), st.sampled_from(["default", NEW, "r1"]))
def test_there_and_back_is_where_it_was(one: str, other: str) -> None:
    start = uninjected.retargeted(template(), Names("default"), Names(one), "hub/proxyv2:one")
    there = uninjected.retargeted(start, Names(one), Names(other), "hub/proxyv2:other")
    assert uninjected.retargeted(there, Names(other), Names(one), "hub/proxyv2:one") == start
