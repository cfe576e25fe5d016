"""What istiods say of a remote cluster, and when a new token counts as used."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import portforward
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.errors import Unreachable
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.wait import Pending, Ready
from ansible_collections.meshyard.istio.plugins.module_utils._run.remote import istiod_clusters
from tests.unit.mesh import build
from tests.unit.run.fake import FakeApi, cluster

SHARDS = {
    "web.shop.svc.cluster.local": {"shop": {"Shards": {"Kubernetes/central": [{}], "Kubernetes/west": [{}, {}]}}},
    "db.shop.svc.cluster.local": {"shop": {"Shards": {"Kubernetes/west": [{}], "Kubernetes/far-west": [{}], "External/west": None}}},
}
SECRET = "istio-remote-secret-west"
USED = {"metadata": {"labels": {"kubernetes.io/legacy-token-last-used": "2026-11-21"}}}


def entry(status: str, secret: str = f"istio-system/{SECRET}", name: str = "west") -> dict[str, str]:
    return {"id": name, "secretName": secret, "syncStatus": status}


def asked(monkeypatch: pytest.MonkeyPatch, clusters: Any, ready: str = "True") -> list[istiod_clusters.ClusterSyncStatus]:
    api = FakeApi()
    pod = build.pod("istiod-1", build.SYSTEM, marks={"app": "istiod"})
    pod["status"] = {"conditions": [{"type": "Ready", "status": ready}]}
    api.add("Pod", pod)

    def http_get(_cluster: Any, _namespace: str, _pod: str, _port: int, path: str, **_further: Any) -> bytes:
        if clusters is None:
            raise Unreachable("Port 15014 could not be read: timed out.")
        return json.dumps(clusters if path == "/debug/clusterz" else SHARDS).encode()

    monkeypatch.setattr(portforward, "http_get", http_get)
    return istiod_clusters.ask(cluster(api), build.SYSTEM, SECRET, "west")


def test_the_endpoints_of_one_cluster_are_counted_over_all_services() -> None:
    assert istiod_clusters.counted(SHARDS, "west") == 3


@pytest.mark.parametrize(
    ("clusters", "status"),
    [
        ([entry("closed", name="east"), entry("synced")], "synced"),
        ([entry("syncing")], "syncing"),
        ([entry("synced", "istio-system/another")], "unknown"),
        ([], "unknown"),
        (None, "unreadable"),
        ("text", "unreadable"),
    ],
)
def test_an_istiod_says_how_it_stands_with_the_cluster_of_this_secret(monkeypatch: pytest.MonkeyPatch, clusters: Any, status: str) -> None:
    (said,) = asked(monkeypatch, clusters)
    assert (said.istiod, said.status, bool(said.reason)) == ("istiod-1", status, status == "unreadable")


def test_an_istiod_that_is_not_ready_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(monkeypatch, [entry("synced")], ready="False") == []


class World:
    """Istiods whose answers a test changes, and a clock that it moves."""

    def __init__(self, noted: bool = False) -> None:
        self.said = [istiod_clusters.ClusterSyncStatus("istiod-1", "synced", 7)]
        self.token: dict[str, Any] = {}
        self.now = 0.0
        self.condition = istiod_clusters.Swapped("west", lambda: self.said, lambda: self.token, 7, noted, lambda: self.now)

    def at(self, second: float) -> str:
        """What is missing at a second; empty where nothing is."""
        self.now = second
        seen = self.condition.look()
        return seen.what if isinstance(seen, Pending) else ""


def test_a_new_token_counts_as_used_when_the_answers_have_held_for_a_while() -> None:
    world = World()
    assert "to stay in sync" in world.at(0)
    assert "to stay in sync" in world.at(4)
    assert world.at(5) == ""
    assert isinstance(world.condition.look(), Ready)


def test_an_istiod_that_falls_out_of_sync_starts_the_while_anew() -> None:
    world = World()
    world.at(0)
    world.said = [istiod_clusters.ClusterSyncStatus("istiod-1", "syncing", 7)]
    assert "to be in sync with cluster west (it says syncing)" in world.at(4)
    world.said = [istiod_clusters.ClusterSyncStatus("istiod-1", "synced", 7)]
    assert "to stay in sync" in world.at(6)
    assert world.at(11) == ""


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ([], "an istiod that is ready"),
        (
            [istiod_clusters.ClusterSyncStatus("a", "synced", 7), istiod_clusters.ClusterSyncStatus("b", "timeout", 7)],
            "istiod b to be in sync",
        ),
        ([istiod_clusters.ClusterSyncStatus("a", "synced", 6)], "istiod a to have 7 endpoints of cluster west again (it has 6)"),
        ([istiod_clusters.ClusterSyncStatus("a", "unreadable", reason="timed out")], "an answer of istiod a: timed out"),
    ],
)
def test_the_old_token_is_not_given_up_while_something_is_missing(said: list[istiod_clusters.ClusterSyncStatus], missing: str) -> None:
    world = World()
    world.said = said
    assert missing in world.at(100)
    assert missing in world.at(200)


def test_where_the_use_of_tokens_is_noted_that_of_the_new_one_is_waited_for() -> None:
    world = World(noted=True)
    assert "to use the new token" in world.at(100)
    world.token = USED
    world.at(101)
    assert world.at(106) == ""
