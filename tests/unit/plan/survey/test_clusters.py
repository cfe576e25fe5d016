"""Several clusters told as one mesh."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels, syncz
from ansible_collections.meshyard.istio.plugins.module_utils._plan.survey import clusters as clusters_survey
from ansible_collections.meshyard.istio.plugins.module_utils._plan.survey.cluster import Survey
from tests.unit.mesh.test_usage import free, remote
from tests.unit.plan.survey.test_cluster import seen
from tests.unit.plan.world import NEW, OLD, World, mesh


def world(*, elsewhere: bool = False) -> World:
    """A namespace with one workload on the new revision, whose istiods run here or elsewhere."""
    found = World(mesh(), {labels.REV: NEW})
    found.add("web")
    if elsewhere:
        found.mesh = replace(found.mesh, planes=tuple(replace(plane, location="remote") for plane in found.mesh.planes))
    return found


def entry(pod: str, cluster: str, acked: str = "1") -> dict[str, Any]:
    resources = {"t": {"sent": "1", "acked": acked}}
    return {"proxy": f"{pod}.shop", "cluster_id": cluster, "istio_version": "1.32.0", "resources": resources}


def clusters(*entries: dict[str, Any]) -> list[Survey]:
    """A primary that istiod knows as eu-1, and the cluster us that it serves; both have pods of the same names."""
    said = syncz.merge(syncz.parse(list(entries), NEW, "istiod-a"))
    primary = seen(world(), name="eu", cluster_id="eu-1", connections=said)
    return [primary, seen(world(elsewhere=True), name="us", cluster_id="us", connections=syncz.Connections())]


def test_a_proxy_is_held_against_the_pod_of_its_own_cluster() -> None:
    found = clusters_survey.join(
        clusters(entry("web-0", "eu-1"), entry("web-1", "eu-1"), entry("web-0", "us"), entry("web-1", "us", "")), {}
    )
    told = clusters_survey.detail("statistics", found, [])
    assert told["pods"]["connected"] == {NEW: 4}
    assert [(one["cluster"], one["pod"], one["reason"]) for one in told["mismatches"]] == [
        ("us", "web-1", "its proxy has not acknowledged t")
    ]
    assert told["workloads"]["total"] == 2


def test_a_proxy_of_another_cluster_is_not_taken_for_one_of_this() -> None:
    found = clusters_survey.join(clusters(entry("web-0", "eu-1"), entry("web-1", "eu-1")), {})
    told = clusters_survey.detail("statistics", found, [])
    assert {(one["cluster"], one["pod"]) for one in told["mismatches"]} == {("us", "web-0"), ("us", "web-1")}


def test_every_row_names_its_cluster_as_it_was_given() -> None:
    found = clusters_survey.join(clusters(entry("web-0", "eu-1"), entry("web-0", "us")), {})
    for rows in (
        clusters_survey.revisions(found, []),
        clusters_survey.detail("pods", found, []),
        clusters_survey.detail("namespaces", found, []),
    ):
        assert [one["cluster"] for one in rows] == sorted(one["cluster"] for one in rows)
        assert {one["cluster"] for one in rows} == {"eu", "us"}
    assert [one["cluster"] for one in clusters_survey.detail("proxies", found, [])] == ["eu", "us"]


def test_the_proxies_of_a_plane_that_runs_elsewhere_are_those_of_its_cluster() -> None:
    found = clusters_survey.join(clusters(entry("web-0", "eu-1"), entry("web-0", "us"), entry("web-1", "us")), {})
    counts = {(one["cluster"], one["revision"]): one["proxies"] for one in clusters_survey.revisions(found, [NEW])}
    assert counts == {("eu", NEW): 3, ("us", NEW): 2}


def test_a_plane_that_runs_in_no_cluster_that_was_read_leaves_its_pods_unknown_and_is_named() -> None:
    _primary, us = clusters()
    found = clusters_survey.join([us], {"eu": "connection refused"})
    (first, *_others) = clusters_survey.detail("statistics", found, [])["mismatches"]
    assert (first["status"], "could not be asked" in first["reason"]) == ("unknown", True)
    assert found.unreadable[0] == "Cluster eu cannot be reached: connection refused."
    assert any(f"istiod-{NEW}" in sentence and "was not read" in sentence for sentence in found.unreadable)


def test_what_could_not_be_read_elsewhere_names_its_cluster() -> None:
    eu, us = clusters()
    us.unreadable.append("It refused to list pods.")
    assert clusters_survey.join([eu, us], {}).unreadable == ["Cluster us: It refused to list pods."]


def test_blockers_are_those_of_all_clusters_and_one_that_is_lost_blocks() -> None:
    eu, us = clusters()
    named = replace(free(remotes=["west", "asia"]), cluster="eu")
    used = remote(namespaces=[{"metadata": {"name": "shop", "labels": {"istio.io/rev": OLD}}}])
    found = clusters_survey.join([replace(eu, evidence=named), replace(us, evidence=used)], {"asia": "timed out"})
    told = clusters_survey.detail("blockers", found, [OLD])[OLD]
    assert {(one["cluster"], one["kind"], one["name"]) for one in told} == {("west", "Namespace", "shop"), ("asia", "Cluster", "asia")}


def test_what_works_without_sidecars_elsewhere_names_its_cluster() -> None:
    eu, us = clusters()
    marked = [{"metadata": {"name": "calm", "labels": {"istio.io/dataplane-mode": "ambient"}}}]
    told = clusters_survey.ambient(clusters_survey.join([replace(eu, namespaces=marked), replace(us, namespaces=marked)], {}))
    assert told["namespaces"] == ["calm", "us/calm"]
