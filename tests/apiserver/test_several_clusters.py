"""Clusters of one mesh seen together: a revision of the primary goes only when no cluster uses it, and the view joins them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.apiserver import ApiServer
from tests.harness.planes import SYSTEM, Planes
from tests.harness.remote import Remote

OLD = "1-31-0"
LOST = {"host": "https://127.0.0.1:1", "api_key": "none"}


@pytest.fixture
def us(server: ApiServer) -> Iterator[Remote]:
    found = Remote(server)
    yield found
    found.clear()


@pytest.fixture
def primary(planes: Planes) -> Planes:
    """A primary whose old revision nothing uses there, and whose remote secret names the cluster us."""
    planes.install(OLD)
    planes.stop(OLD)
    attached = {"name": "istio-remote-secret-us", "labels": {"istio/multiCluster": "true"}}
    planes.client.create(kinds.kind("Secret").path(SYSTEM), {"metadata": attached, "stringData": {"us": "a kubeconfig"}})
    return planes


def told(answer: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["cluster"], one["kind"], one["name"]) for one in answer["blockers"]}


def test_a_revision_goes_only_when_no_cluster_uses_it_and_one_that_is_lost_counts_as_using_it(primary: Planes, us: Remote) -> None:
    us.namespace("us-shop", OLD)
    us.serve(OLD)
    removal = {"revision": OLD, "state": "absent"}
    assert told(primary.refusal("istio_revision", **removal)) == {("us", "Cluster", "us")}
    lost = primary.refusal("istio_revision", **removal, clusters=[{"name": "us", **LOST}])
    assert told(lost) == {("us", "Cluster", "us")}
    assert "it cannot be reached" in lost["msg"]
    used = primary.refusal("istio_revision", **removal, clusters=[us.option])
    assert told(used) == {("us", "Namespace", "us-shop"), ("us", "MutatingWebhookConfiguration", f"istio-sidecar-injector-{OLD}")}
    assert "on cluster us" in used["msg"]
    us.clear()
    us.namespace("us-shop", None)
    alone = primary.run("istio_revision", **removal, check=True, force=True)
    done = primary.run("istio_revision", **removal, clusters=[us.option])
    assert (done["changed"], done["blockers"]) == (True, [])
    assert done["requests"] > alone["requests"] + 20


def test_clusters_that_are_one_or_have_one_name_are_refused(planes: Planes, us: Remote) -> None:
    cases: list[list[dict[str, Any]]] = [
        [us.option, us.option],
        [us.option, {**us.option, "name": "asia"}],
        [{"name": "us", "kubeconfig": str(planes.server.kubeconfig)}],
    ]
    for clusters in cases:
        refused = planes.refusal("istio_revision", revision=OLD, state="absent", clusters=clusters)
        assert "are one, or have one name" in refused["problem"]
    refused = planes.refusal("istio_revision", revision=OLD, state="absent", clusters=[{**us.option, "expected_cluster_uid": "other"}])
    assert "expected_cluster_uid is other" in refused["problem"]


def test_the_views_of_all_clusters_are_joined_and_a_lost_one_is_named(primary: Planes, us: Remote) -> None:
    us.namespace("us-shop", OLD)
    us.pod("web-0", "us-shop", OLD)
    us.serve(OLD)
    lost = {"name": "asia", **LOST}
    gather = ["pods", "namespaces", "blockers", "statistics"]
    alone = primary.run("istio_revision_info", gather=gather, cluster_name="eu")
    found = primary.run("istio_revision_info", gather=gather, cluster_name="eu", clusters=[us.option, lost])
    assert [(one["cluster"], one["revision"], one["location"], one["pods"]) for one in found["revisions"]] == [
        ("eu", OLD, "cluster", 0),
        ("us", OLD, "remote", 1),
    ]
    assert [one for one in found["revisions"] if one["cluster"] == "eu"] == alone["revisions"]
    assert [(one["cluster"], one["pod"], one["revision"]) for one in found["pods"]] == [("us", "web-0", OLD)]
    assert ("us", "us-shop") in {(one["cluster"], one["name"]) for one in found["namespaces"]}
    blocking = {(one["cluster"], one["kind"], one["name"]) for one in found["blockers"][OLD]}
    assert {("us", "Namespace", "us-shop"), ("us", "Pod", "web-0"), ("asia", "Cluster", "asia")} <= blocking
    assert [one["cluster"] for one in alone["blockers"][OLD]] == ["us"]
    assert any(sentence.startswith("Cluster asia cannot be reached: ") for sentence in found["unreadable"])
    assert found["requests"] > alone["requests"] + 20
    us.namespace("us-shop", None)
