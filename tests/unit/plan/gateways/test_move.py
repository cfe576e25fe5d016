"""Moving gateways: the smallest patch, what decides instead of it, and the way back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels, rolling
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.workload import parse
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane import previous_labels
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.mesh import Mesh
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways import addresses as gateway_addresses
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways import chart as gateway_chart
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways import move as gateway_move
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways import settings as gateway_settings
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways.model import GatewayMoveRequest, GatewayState
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Patch
from tests.unit.plan.world import GATEWAY, NEW, OLD, World, mesh

PINNED = {labels.REV: OLD, labels.INJECT: "true"}
TO_NEW, BACK = GatewayMoveRequest("present", NEW), GatewayMoveRequest("former")


def edge(pods: dict[str, str] | None = None, around: dict[str, str] | None = None, of: Mesh | None = None, **further: Any) -> World:
    world = World(of or mesh("default", OLD, NEW, tags={"prod": OLD}), around, name="edge")
    world.add("web", PINNED if pods is None else pods, annotations=GATEWAY, **further)
    return world


def found(world: World) -> GatewayState:
    namespace_state = world.namespace_state()
    return GatewayState("web", namespace_state, namespace_state.workloads[0])


def moved(world: World, request: GatewayMoveRequest) -> gateway_move.Move:
    """Moves the gateway of the world."""
    move = gateway_move.move(found(world), request, world.mesh)
    for step in move.steps:
        assert isinstance(step, Patch)
        world.apply(step)
    return move


def refusal(world: World, request: GatewayMoveRequest = TO_NEW) -> MeshyardError:
    with pytest.raises(MeshyardError) as told:
        gateway_move.move(found(world), request, world.mesh)
    assert told.value.remedy
    return told.value


def test_label_mark_and_record_are_one_conditional_patch_of_the_workload() -> None:
    (step,) = moved(edge(), TO_NEW).steps

    assert isinstance(step, Patch)
    assert step.patch == {
        "metadata": {"annotations": {previous_labels.ANNOTATION: json.dumps({labels.REV: OLD}, separators=(",", ":"))}},
        "spec": {"template": {"metadata": {"labels": {labels.REV: NEW}, "annotations": {labels.RESTARTED_FOR: f"{NEW}@1.32.0+v1"}}}},
    }
    assert step.version == "1"


@pytest.mark.parametrize("pods", [PINNED, {labels.INJECT: "true"}, {labels.REV: "prod"}])
def test_there_and_back_and_each_time_only_once(pods: dict[str, str]) -> None:
    world = edge(pods)
    before = world.revisions()

    moved(world, TO_NEW)
    assert world.revisions() == {"web": NEW}
    assert moved(world, TO_NEW).settled
    moved(world, BACK)
    assert world.revisions() == before
    assert moved(world, BACK).settled
    assert previous_labels.checked(world.workloads["Deployment", "web"]) is None


def test_a_gateway_that_is_there_without_a_label_is_left_without_one() -> None:
    assert moved(edge({labels.INJECT: "true"}), GatewayMoveRequest("present", "default")).settled


def test_the_record_is_kept_over_two_moves_and_replaced_when_it_leads_nowhere() -> None:
    world = edge()
    moved(world, TO_NEW)
    moved(world, GatewayMoveRequest("present", "default"))
    assert previous_labels.checked(world.workloads["Deployment", "web"]) == {labels.REV: OLD}

    world.mesh = mesh("default", NEW)
    moved(world, TO_NEW)
    assert previous_labels.checked(world.workloads["Deployment", "web"]) == {labels.REV: "default"}


@pytest.mark.parametrize("around", [{labels.REV: "prod"}, {"istio-injection": "enabled"}, {"istio-injection": "disabled"}])
def test_a_label_of_the_namespace_that_leads_elsewhere_sends_to_namespace_revision(around: dict[str, str]) -> None:
    told = refusal(edge(around=around))
    assert (next(iter(around)) in told.problem, "namespace_revision" in told.remedy) == (True, True)


def test_a_label_of_the_namespace_that_leads_there_leaves_the_label_of_the_pods() -> None:
    world = edge(around={labels.REV: OLD})
    world.namespace["metadata"]["labels"] = {labels.REV: NEW}

    moved(world, TO_NEW)

    assert world.revisions() == {"web": NEW}
    assert parse(world.workloads["Deployment", "web"]).template_labels[labels.REV] == OLD


def test_what_is_no_gateway_is_refused() -> None:
    world = World(mesh(), name="edge")
    world.add("web", PINNED)
    assert "is not an Istio gateway" in refusal(world).problem


def test_a_revision_in_the_selector_is_refused() -> None:
    world = edge(spec={"selector": {"matchLabels": {labels.REV: OLD}}})
    world.workloads["Deployment", "web"]["spec"]["selector"] = {"matchLabels": {labels.REV: OLD}}
    assert "selector" in refusal(world).problem


def test_a_gateway_of_an_operator_is_refused_by_name() -> None:
    owner = {"apiVersion": "acme.example/v1", "kind": "Ingress", "name": "public", "controller": True}
    assert "Ingress public" in refusal(edge(ownerReferences=[owner])).problem


def test_a_revision_that_nobody_serves_is_refused_with_those_that_are_there() -> None:
    told = refusal(edge(), GatewayMoveRequest("present", "1-33-0"))
    assert ("1-33-0" in told.problem, OLD in told.remedy) == (True, True)


def test_helm_is_named_as_the_one_that_would_move_it_back() -> None:
    world = edge()
    world.workloads["Deployment", "web"]["metadata"]["annotations"] = {"meta.helm.sh/release-name": "front"}
    assert "front" in moved(world, TO_NEW).warnings[0]


@pytest.mark.parametrize(
    ("kind", "strategy", "replicas", "drops"),
    [
        ("Deployment", {}, 1, False),
        ("Deployment", {"rollingUpdate": {"maxUnavailable": 0}}, 1, False),
        ("Deployment", {"rollingUpdate": {"maxUnavailable": 1}}, 1, True),
        ("Deployment", {"rollingUpdate": {"maxUnavailable": 1}}, 2, False),
        ("Deployment", {"rollingUpdate": {"maxUnavailable": "100%"}}, 3, True),
        ("Deployment", {"rollingUpdate": {"maxUnavailable": "50%"}}, 1, False),
        ("Deployment", {"type": "Recreate"}, 3, True),
        ("Deployment", {"type": "Recreate"}, 0, True),
        ("DaemonSet", {}, 1, True),
        ("DaemonSet", {}, 2, False),
        ("DaemonSet", {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}, 1, False),
    ],
)
def test_a_strategy_that_may_take_all_pods_at_once_is_recognised(kind: str, strategy: dict[str, Any], replicas: int, drops: bool) -> None:
    key = "updateStrategy" if kind == "DaemonSet" else "strategy"
    obj = {"kind": kind, "metadata": {"name": "web"}, "spec": {"replicas": replicas, key: strategy}}
    obj["status"] = {"desiredNumberScheduled": replicas}
    assert rolling.may_drop(parse(obj), obj) is drops


def test_the_service_is_told_by_what_callers_know_it_by() -> None:
    ports = [{"name": "http", "port": 80, "nodePort": 30080}, {"port": 443, "nodePort": 30443}, {"name": "status", "port": 15021}]
    service = {"metadata": {"name": "web", "uid": "u1"}, "spec": {"clusterIP": "10.96.0.7", "ports": ports}}
    service["status"] = {"loadBalancer": {"ingress": [{"hostname": "lb.example"}]}}
    assert gateway_addresses.serves(service) == {
        "service": "web",
        "uid": "u1",
        "cluster_ip": "10.96.0.7",
        "address": "lb.example",
        "node_ports": {"http": 30080, "443": 30443},
    }
    assert gateway_addresses.serves(None) is None


def api(marks: dict[str, str], around: dict[str, str] | None = None) -> GatewayState:
    world = World(mesh("default", OLD, NEW, tags={"prod": OLD}), around, name="edge")
    world.add("web-istio", {labels.GATEWAY_NAME: "web", labels.INJECT: "false"}, annotations={labels.REV: OLD})
    meta = {"name": "web", "namespace": "edge", "labels": marks, "resourceVersion": "7"}
    gateway_object = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": meta}
    namespace_state = world.namespace_state()
    return GatewayState("web", namespace_state, namespace_state.workloads[0], gateway_object)


@pytest.mark.parametrize(
    ("marks", "around", "label"),
    [({}, {}, None), ({labels.REV: "prod"}, {}, "prod"), ({}, {labels.REV: OLD}, None), ({labels.REV: OLD}, {labels.REV: "default"}, OLD)],
)
def test_a_gateway_of_the_gateway_api_moves_by_its_own_label(marks: dict[str, str], around: dict[str, str], label: str | None) -> None:
    move = gateway_move.move(api(marks, around), TO_NEW, mesh("default", OLD, NEW, tags={"prod": OLD}))

    (step,) = move.plan
    assert isinstance(step, Patch)
    assert (step.ref.kind, step.version, step.patch["metadata"]["labels"]) == ("Gateway", "7", {labels.REV: NEW})
    assert json.loads(step.patch["metadata"]["annotations"][previous_labels.ANNOTATION]) == {labels.REV: label}
    assert move.workload_plan is not None
    assert (move.decision.revision, move.workload_plan.status, move.workload_plan.waits, move.workload_plan.step) == (
        NEW,
        "automatic",
        True,
        None,
    )


def test_a_gateway_of_the_gateway_api_that_follows_its_namespace_there_needs_no_label() -> None:
    move = gateway_move.move(api({}, {labels.REV: NEW}), TO_NEW, mesh(OLD, NEW))
    assert (move.plan, move.decision.revision) == ((), NEW)


def test_a_gateway_of_the_gateway_api_comes_back() -> None:
    there = api({labels.REV: NEW})
    assert there.api is not None
    there.api["metadata"]["annotations"] = {previous_labels.ANNOTATION: json.dumps({labels.REV: None})}

    (step,) = gateway_move.move(there, BACK, mesh("default", OLD, NEW)).plan

    assert isinstance(step, Patch)
    assert step.patch == {"metadata": {"labels": {labels.REV: None}, "annotations": {previous_labels.ANNOTATION: None}}}


def test_values_are_carried_over_until_others_are_given() -> None:
    world = edge()
    settings = gateway_settings.GatewaySettings("egress", {"replicaCount": 2}).text()
    world.workloads["Deployment", "web"]["metadata"]["annotations"] = {gateway_settings.ANNOTATION: settings}

    kept = gateway_settings.chart_settings(found(world), None, None)
    given = gateway_settings.chart_settings(found(world), "ingress", {})

    assert (kept.kind, kept.values, given.kind, given.values) == ("egress", {"replicaCount": 2}, "ingress", {})
    assert kept.chart_values(NEW)["service"] == {"type": "ClusterIP"}
    assert given.chart_values(NEW) == {"strategy": {"rollingUpdate": {"maxUnavailable": 0}}, "revision": NEW}


@pytest.mark.parametrize("text", ["", "[]", "broken", "null", "3"])
def test_a_recipe_that_somebody_broke_counts_as_none(text: str) -> None:
    world = edge()
    world.workloads["Deployment", "web"]["metadata"]["annotations"] = {gateway_settings.ANNOTATION: text}
    assert gateway_settings.chart_settings(found(world), None, None) == gateway_settings.GatewaySettings("ingress", {})


def test_the_users_strategy_wins_and_a_daemon_set_gets_none() -> None:
    own = {"strategy": {"rollingUpdate": {"maxUnavailable": 1}}}
    assert gateway_settings.GatewaySettings("ingress", own).chart_values(NEW)["strategy"] == own["strategy"]
    assert "strategy" not in gateway_settings.GatewaySettings("ingress", {"kind": "DaemonSet"}).chart_values(NEW)


def test_a_gateway_of_others_is_neither_removed_nor_given_values() -> None:
    there = found(edge())
    for act in (lambda: gateway_chart.removal(there, {}), lambda: gateway_chart.refuse_values(there, {"replicaCount": 2})):
        with pytest.raises(MeshyardError, match="not by this module"):
            act()
