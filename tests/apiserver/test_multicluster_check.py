"""The check of several clusters against two API servers: what is found, and that nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab.apiserver import ApiServer
from lab.waiting import until
from tests.harness.checked import SYSTEM, Checked, root_certificate
from tests.harness.modules import Call
from tests.harness.proxy import WriteProxy

SERVER = "https://10.99.0.12:6443"
IMAGE = "registry.invalid/client:1"

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("roots")
    return root_certificate(folder, "one"), root_certificate(folder, "other")


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server on which pods become ready, though nothing runs in them."""
    with ApiServer(tmp_path_factory.mktemp("second"), "second", controllers=True) as started:
        yield started


@pytest.fixture
def us(server: ApiServer) -> Iterator[Checked]:
    """The cluster that is to join: nothing of Istio is there."""
    found = Checked(server)
    yield found
    found.wipe()


@pytest.fixture
def eu(second: ApiServer, roots: tuple[str, str]) -> Iterator[Checked]:
    """A primary that serves others behind a gateway."""
    found = Checked(second)
    found.wipe()
    found.istiod("eu")
    found.root(roots[0])
    found.gateway("eu-net", {"ip": "10.98.1.20"})
    yield found
    found.wipe()


def answer(us: Checked, eu: Checked, *, check: bool = False, other: Answer | None = None, **options: Any) -> Answer:
    given = {
        **us.connection,
        "cluster_name": "us",
        "network": "us-net",
        "server": SERVER,
        "version": "1.32.0",
        "control_plane_namespace": SYSTEM,
        "gateway_service": f"{SYSTEM}/istio-eastwestgateway",
        "clusters": [{"name": "eu", "network": "eu-net", **eu.connection, **(other or {})}],
        **options,
    }
    return Call("multicluster_check", {key: value for key, value in given.items() if value is not None}, check).run()


def run(us: Checked, eu: Checked, **options: Any) -> Answer:
    found = answer(us, eu, **options)
    assert not found.get("failed"), found["msg"]
    assert (found["changed"], found["steps"]) == (False, [])
    assert found["possible"] == (codes(found, "blocker") == [])
    assert "very-secret" not in json.dumps(found)
    return found


def codes(found: Answer, level: str) -> list[tuple[str, str]]:
    return sorted((one["cluster"], one["code"]) for one in found["findings"] if one["level"] == level)


@pytest.mark.smoke
def test_clusters_that_fit_may_join_and_nothing_is_written(us: Checked, eu: Checked) -> None:
    with WriteProxy(us.server.host) as near, WriteProxy(eu.server.host) as far:
        through = {"kubeconfig": None, "host": near.url, "api_key": us.server.token}
        other = {"kubeconfig": None, "host": far.url, "api_key": eu.server.token}
        found = run(us, eu, other=other, **through)
        assert near.writes + far.writes == []
    assert (codes(found, "blocker"), codes(found, "warning")) == ([], [("us", "gateway_missing")])
    assert codes(found, "info") == [("eu", "server_not_tried")]
    near_one, far_one = found["clusters"]
    assert (near_one["name"], near_one["role"], near_one["uid"], near_one["network"]) == ("us", "remote", us.uid, "us-net")
    assert (far_one["uid"], far_one["mesh_id"], far_one["trust_domain"], len(far_one["roots"])) == (eu.uid, "mesh1", "cluster.local", 1)
    assert far_one["planes"] == [{"revision": "1-32-0", "version": "1.32.0", "cluster_id": "eu", "serves_others": True}]
    assert far_one["gateways"][0]["addresses"] == ["10.98.1.20"]


def test_everything_that_stands_against_joining_is_told_at_once(us: Checked, eu: Checked, roots: tuple[str, str]) -> None:
    us.network("asia-net")
    us.root(roots[1])
    eu.wipe()
    eu.istiod("eu", serves_others=False)
    eu.root(roots[0])
    eu.gateway("eu-net", {"hostname": "gateway.example.com"})
    marks = {"labels": {"istio/multiCluster": "true", "meshyard.io/owner": "remote-secret"}}
    eu.secret("istio-remote-secret-us", {"us": "{}"}, annotations={"meshyard.io/cluster-uid": "another"}, **marks)
    found = run(us, eu, server=None)
    assert codes(found, "blocker") == [
        ("eu", "address_of_istiod"),
        ("eu", "remote_secret"),
        ("eu", "serves_itself_only"),
        ("us", "network_differs"),
        ("us", "server"),
    ]
    assert codes(found, "warning") == [("us", "gateway_missing"), ("us", "root_left_over")]
    assert all(one["remedy"] and one["message"].endswith(".") for one in found["findings"] if one["level"] == "blocker")


def test_primaries_are_compared_by_their_roots_and_mesh_configuration(us: Checked, eu: Checked, roots: tuple[str, str]) -> None:
    us.istiod("us", mesh_id="mesh2", trust_domain="us.local")
    us.root(roots[1])
    flat = {"network": "eu-net", "topology": "multi_primary"}
    other = {"server": "https://10.99.0.11:6443"}
    found = run(us, eu, other=other, **flat)
    assert codes(found, "blocker") == [("us", "mesh_ids_differ"), ("us", "roots_differ"), ("us", "trust_domains_differ")]


def test_one_network_needs_pod_ranges_apart(us: Checked, eu: Checked) -> None:
    us.node("checked-us", "10.99.128.0/24")
    eu.node("checked-eu", "10.99.128.0/20")
    assert codes(run(us, eu, network="eu-net"), "blocker") == [("us", "pod_ranges_overlap")]


def test_a_cluster_that_does_not_answer_or_is_another_is_a_blocker(us: Checked, eu: Checked) -> None:
    gone = {"name": "asia", "host": "https://127.0.0.1:9", "api_key": "t"}
    found = run(us, eu, clusters=[gone, {"name": "eu", **eu.connection, "expected_cluster_uid": "another"}])
    assert codes(found, "blocker") == [("asia", "unreachable"), ("eu", "unreachable")]
    assert {one["cluster"]: one["cluster"] in one["message"] for one in found["findings"]} == {"asia": True, "eu": True}
    assert [one["reachable"] for one in found["clusters"]] == [True, False, False]


def test_an_account_without_secrets_is_told_so_and_the_config_map_tells_the_root(us: Checked, eu: Checked, roots: tuple[str, str]) -> None:
    us.root(roots[1], shown=True)
    readable = [{"apiGroups": ["*"], "resources": ["configmaps", "services", "pods", "nodes", "namespaces"], "verbs": ["get", "list"]}]
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    us.client.ensure(f"{rbac}/clusterroles", {"metadata": {"name": "checked"}, "rules": readable})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "checked"}
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "auditor"}]
    us.client.ensure(f"{rbac}/clusterrolebindings", {"metadata": {"name": "checked"}, "roleRef": role, "subjects": subjects})
    found = run(us, eu, impersonate_user="auditor", topology="multi_primary", other={"server": "https://10.99.0.11:6443"})
    assert codes(found, "blocker") == [("us", "roots_differ")]
    assert any("secrets" in one["message"] for one in found["findings"] if one["code"] == "unread")


def test_a_probe_makes_one_pod_and_removes_it_also_when_it_cannot_ask(us: Checked, eu: Checked) -> None:
    probing = {"probe": True, "probe_image": IMAGE, "wait_timeout": 60}
    with WriteProxy(eu.server.host) as far:
        other = {"kubeconfig": None, "host": far.url, "api_key": eu.server.token}
        assert codes(run(us, eu, check=True, other=other, **probing), "info") == [("eu", "server_not_tried")]
        assert far.writes == []
        found = run(us, eu, other=other, **probing)
        assert [write.partition(" ")[0] for write in far.writes if "/exec" not in write] == ["POST", "DELETE"]
    assert ("eu", "probe_impossible") in codes(found, "warning")
    until(lambda: eu.pods() == [], 30, lambda: f"The pods {eu.pods()} are still there.")


def test_a_check_without_a_primary_is_refused_with_a_sentence(us: Checked, eu: Checked) -> None:
    assert "names no primary" in answer(us, eu, other={"role": "remote"})["problem"]
