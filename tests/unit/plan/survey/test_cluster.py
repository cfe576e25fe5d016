"""What is told of a mesh."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels, statistics, syncz
from ansible_collections.meshyard.istio.plugins.module_utils._plan.survey import cluster as cluster_survey
from ansible_collections.meshyard.istio.plugins.module_utils._plan.survey.cluster import Authority, Survey
from tests.unit.mesh import build
from tests.unit.plan.world import GATEWAY, NEW, OLD, World, mesh

EXPIRY = Authority(datetime(2036, 1, 2, 3, 4, 5, tzinfo=UTC), "Secret istio-system/cacerts")


def seen(world: World, **further: Any) -> Survey:
    pods = [pod for own in world.pods.values() for pod in own]
    deployments = [obj for (kind, _name), obj in world.workloads.items() if kind == "Deployment"]
    return Survey(world.mesh, [world.namespace], pods, {"Deployment": deployments}, authorities={"istio-system": EXPIRY}, **further)


def shop(**marks: str) -> World:
    """A namespace of two workloads, of which one was not restarted after the move."""
    world = World(mesh(tags={"prod": NEW}), {labels.REV: "prod", **marks})
    world.add("web")
    world.add("cart")
    for number, _pod in enumerate(world.pods["Deployment", "cart"]):
        world.pods["Deployment", "cart"][number] = build.pod(f"cart-{number}", revision=OLD, version="1.31.0", owner=("Deployment", "cart"))
    return world


def connected(*pods: str) -> syncz.Connections:
    entries = [{"proxy": f"{pod}.shop", "istio_version": "1.32.0", "resources": {"t": {"sent": "1", "acked": "1"}}} for pod in pods]
    return syncz.merge(syncz.parse(entries, NEW, "istiod"))


def test_every_control_plane_is_told_with_its_pods_tags_and_ca() -> None:
    old, new = cluster_survey.revisions(seen(shop()))
    assert (old["revision"], old["version"], old["pods"], old["tags"]) == (OLD, "1.31.0", 2, [])
    assert (new["revision"], new["pods"], new["tags"], new["ready"], new["status"]) == (NEW, 2, ["prod"], True, "available")
    assert (new["ca_expiry"], new["ca_source"]) == ("2036-01-02T03:04:05Z", "Secret istio-system/cacerts")
    assert new["proxies"] is None


def test_revisions_can_be_chosen_by_name_and_by_tag() -> None:
    assert [plane["revision"] for plane in cluster_survey.revisions(seen(shop()), ["prod", "1-99-0"])] == [NEW]


def test_the_connected_proxies_are_counted_where_istiods_were_asked() -> None:
    counts = {plane["revision"]: plane["proxies"] for plane in cluster_survey.revisions(seen(shop(), connections=connected("web-0")))}
    assert counts == {OLD: 0, NEW: 1}


def test_a_workload_is_where_those_of_its_pods_are_that_stay() -> None:
    world = shop()
    for pod in world.pods["Deployment", "cart"][1:]:
        pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    found = {one["name"]: one["pods"] for one in cluster_survey.workloads(seen(world))}
    assert found == {"cart": {OLD: 1}, "web": {NEW: 2}}


def test_what_works_without_sidecars_is_named() -> None:
    world = World(mesh(), {labels.DATAPLANE_MODE: "ambient"})
    waypoint = {"metadata": build.meta("way", "shop"), "spec": {"gatewayClassName": "istio-waypoint"}}
    other = {"metadata": build.meta("edge", "shop"), "spec": {"gatewayClassName": "istio"}}
    assert cluster_survey.ambient(seen(world, gateways=[waypoint, other])) == {"namespaces": ["shop"], "waypoints": ["shop/way"]}


def test_a_namespace_is_told_with_the_revision_it_leads_to() -> None:
    (told,) = cluster_survey.namespaces(seen(shop()))
    assert (told["name"], told["injection"], told["revision"], told["tag"]) == ("shop", "revision", NEW, "prod")
    assert told["labels"] == {labels.REV: "prod"}


def test_a_namespace_outside_the_mesh_is_not_told() -> None:
    world = World(mesh())
    world.add("web")
    assert cluster_survey.namespaces(seen(world)) == []


def test_a_pod_is_told_with_the_revision_it_has_and_the_one_it_should_have() -> None:
    told = {one["pod"]: (one["desired"], one["revision"], one["version"]) for one in cluster_survey.pods(seen(shop()))}
    assert told == {
        "web-0": (NEW, NEW, "1.32.0"),
        "web-1": (NEW, NEW, "1.32.0"),
        "cart-0": (NEW, OLD, "1.31.0"),
        "cart-1": (NEW, OLD, "1.31.0"),
    }


def test_pods_outside_the_mesh_are_not_told() -> None:
    world = shop()
    world.add("batch", {labels.INJECT: "false"})
    assert len(cluster_survey.pods(seen(world))) == 4


def test_a_workload_is_told_with_its_images_and_the_revisions_of_its_pods() -> None:
    cart, web = cluster_survey.workloads(seen(shop()))
    assert (cart["name"], cart["images"], cart["desired"], cart["pods"]) == ("cart", ["hub/cart:1"], NEW, {OLD: 2})
    assert (web["name"], web["pods"]) == ("web", {NEW: 2})


def test_a_gateway_is_told_with_the_revision_it_runs_and_the_one_it_should_have() -> None:
    world = World(mesh())
    world.add("ingress", {labels.REV: NEW}, annotations=GATEWAY)
    (told,) = cluster_survey.gateways(seen(world, services=[build.service("ingress", "shop", app="ingress")]))
    assert (told["name"], told["services"], told["desired"], told["running"]) == ("ingress", ["ingress"], NEW, [NEW])


def test_the_statistics_tell_desired_injected_and_connected_in_pods_and_workloads() -> None:
    found = statistics.migration(seen(shop(), connections=connected("web-0", "web-1")).verdicts)
    assert found["pods"]["desired"] == {NEW: 4}
    assert found["pods"]["injected"] == {OLD: 2, NEW: 2}
    assert found["pods"]["connected"] == {NEW: 2, "none": 2}
    assert found["workloads"]["injected"] == {OLD: 1, NEW: 1}
    assert {one["pod"] for one in found["mismatches"]} == {"cart-0", "cart-1"}


def test_the_deployment_of_a_gateway_of_the_gateway_api_should_have_the_revision_that_owns_it() -> None:
    world = World(mesh(), {labels.REV: OLD})
    gateway = {"metadata": build.meta("edge", "shop", {labels.REV: NEW})}
    pod = build.pod("edge-1", revision=NEW, marks={labels.GATEWAY_NAME: "edge"})
    assert seen(world, gateways=[gateway]).target(pod).revision == NEW
    assert seen(world).target(pod).revision is None


def test_the_proxies_are_told_as_the_istiods_know_them() -> None:
    (told,) = cluster_survey.proxies(connected("web-0"))
    assert (told["namespace"], told["pod"], told["revision"], told["istiod"], told["synced"]) == ("shop", "web-0", NEW, "istiod", True)
