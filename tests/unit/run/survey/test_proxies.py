"""Asking the istiods."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import portforward
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.errors import Unreachable
from ansible_collections.meshyard.istio.plugins.module_utils._run.survey import proxies
from tests.unit.mesh import build
from tests.unit.run.fake import FakeApi, cluster

OLD, NEW = "1-31-0", "1-32-0"
CLUSTER_TYPE = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
Http = Callable[..., bytes]


def istiod_pod(name: str, revision: str, namespace: str = build.SYSTEM) -> dict[str, Any]:
    pod = build.pod(name, namespace, marks={"app": "istiod", "istio.io/rev": revision})
    environment = [{"name": "REVISION", "value": revision}, {"name": "CLUSTER_ID", "value": "east"}]
    pod["spec"]["containers"] = [{"name": "discovery", "env": environment}]
    return pod


def syncz(*pods: str) -> bytes:
    """What istiod answers, shortened to one type of resources."""
    entries = [
        {
            "cluster_id": "east",
            "proxy": f"{pod}.shop",
            "proxy_type": "sidecar",
            "istio_version": "1.32.0",
            "resources": {CLUSTER_TYPE: {"sent": "a1", "acked": "a1", "sentTime": "2026-11-21T10:00:00.5Z"}},
        }
        for pod in pods
    ]
    return json.dumps(entries).encode()


@pytest.fixture
def api() -> FakeApi:
    found = FakeApi()
    found.add("Pod", istiod_pod("istiod-new-a", NEW), istiod_pod("istiod-new-b", NEW), istiod_pod("istiod-old", OLD))
    return found


def answering(monkeypatch: pytest.MonkeyPatch, answers: dict[str, bytes]) -> list[str]:
    """Makes istiod pods answer, and tells which were asked; the others cannot be reached."""
    asked: list[str] = []

    def http_get(_cluster: Any, _namespace: str, pod: str, port: int, path: str, **_further: Any) -> bytes:
        assert (port, path) == (15014, "/debug/syncz")
        asked.append(pod)
        if pod not in answers:
            raise Unreachable(f"Port 15014 of pod {pod} could not be read: timed out.", "")
        return answers[pod]

    monkeypatch.setattr(portforward, "http_get", http_get)
    return asked


PLANES = build.planes(build.istiod(OLD), build.istiod(NEW))


def test_every_replica_is_asked_and_each_proxy_is_known_by_its_own(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, {"istiod-new-a": syncz("web-1"), "istiod-new-b": syncz("web-2"), "istiod-old": syncz("cart-1")})
    found = proxies.connections(cluster(api), PLANES)
    assert sorted(asked) == ["istiod-new-a", "istiod-new-b", "istiod-old"]
    assert {one.pod: one.plane for one in found.by_proxy.values()} == {"web-1": NEW, "web-2": NEW, "cart-1": OLD}
    assert found.silent == ()
    assert all(one.synced for one in found.by_proxy.values())


def test_only_the_planes_that_are_meant_are_asked(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, {"istiod-old": syncz("cart-1")})
    proxies.connections(cluster(api), [plane for plane in PLANES if plane.revision == OLD])
    assert asked == ["istiod-old"]


@pytest.mark.parametrize("answer", [None, b"<html>", b'{"not": "a list"}', b""])
def test_a_replica_that_cannot_be_read_is_named_and_the_others_count(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch, answer: bytes | None
) -> None:
    answers = {"istiod-new-a": syncz("web-1"), "istiod-old": syncz()}
    answering(monkeypatch, answers if answer is None else {**answers, "istiod-new-b": answer})
    found = proxies.connections(cluster(api), PLANES)
    assert [(one.plane, one.istiod, bool(one.reason)) for one in found.silent] == [(NEW, "istiod-new-b", True)]
    assert [one.pod for one in found.by_proxy.values()] == ["web-1"]


def test_where_the_pods_may_not_be_listed_every_plane_is_silent(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, {})
    api.refused = ["/api/v1/pods"]
    found = proxies.connections(cluster(api), PLANES)
    assert [one.plane for one in found.silent] == [OLD, NEW]


def test_an_istiod_of_another_cluster_counts_as_silent(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, {})
    remote = build.planes(webhooks=[build.injector("far", url="https://istiod.example.com/inject")])
    found = proxies.connections(cluster(api), remote)
    assert (asked, [one.reason for one in found.silent]) == ([], ["it runs in another cluster"])


def test_the_cluster_id_is_the_one_that_istiod_runs_with(api: FakeApi) -> None:
    assert proxies.cluster_id(proxies.istiods(cluster(api))) == "east"
    assert proxies.cluster_id([build.pod("other")]) == ""
