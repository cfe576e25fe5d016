"""The source of events against real API servers: in ansible-rulebook with its playbook, and what it tells by itself."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import connect
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connection_options import WORDS
from ansible_collections.meshyard.istio.plugins.module_utils._plan.events import request
from ansible_collections.meshyard.istio.plugins.module_utils._run.events.watcher import Watcher
from lab.apiserver import ApiServer
from lab.waiting import until
from tests import tree
from tests.harness import accounts, rulebook
from tests.harness.mesh import Mesh
from tests.harness.planes import SYSTEM
from tests.harness.primary import NEW, Primary
from tests.harness.releases import NEW as NEW_IMAGE
from tests.harness.releases import OLD as OLD_IMAGE
from tests.harness.releases import Shop
from tests.harness.remote import lead_to_pod

SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{SYSTEM}/endpointslices"
SLICE = f"istiod-{NEW}"
SECONDS = 60
"""However busy the machine is; that it is done within 15 is seen on real clusters (tests/lab)."""


@pytest.fixture
def eu(tmp_path: Path) -> Iterator[Primary]:
    """A primary that a test may restart."""
    with ApiServer(tmp_path / "eu", "eu") as started:
        primary = Primary(started)
        primary.istiod()
        primary.pods("10.1.0.1")
        yield primary


@pytest.fixture
def us(server: ApiServer) -> Iterator[ApiServer]:
    """A remote cluster whose slice leads to the one pod of istiod, made as joining makes it."""
    server.client.ensure("/api/v1/namespaces", {"metadata": {"name": SYSTEM}})
    lead_to_pod(server.client, "10.1.0.1", NEW)
    yield server
    server.client.request("DELETE", SLICES)


def addresses(us: ApiServer) -> list[str]:
    found = us.client.get(f"{SLICES}/{SLICE}")
    return [address for endpoint in found["endpoints"] or () for address in endpoint["addresses"]]


@pytest.mark.timeout(240)
def test_a_rulebook_follows_istiod_with_the_playbook_also_after_its_api_server_was_restarted(
    eu: Primary, us: ApiServer, tmp_path: Path
) -> None:
    local = {"ansible_connection": "local"}
    hosts = {
        "istio_primary": {"hosts": {"eu": {**local, "meshyard_kubeconfig": str(eu.server.kubeconfig)}}},
        "istio_remote": {"hosts": {"us": {**local, "meshyard_kubeconfig": str(us.kubeconfig)}}},
    }
    secret = {"host": eu.server.host, "api_key": eu.server.token, "ca_cert": str(eu.server.ca_cert)}
    clusters = {"meshyard_clusters": [{"name": "eu", **secret}, {"name": "down", "host": "https://127.0.0.1:1", "api_key": "none"}]}
    with rulebook.running("reconcile", tmp_path / "rulebook", hosts, clusters, tree.linked()) as run:
        run.has_played(1)
        eu.pods("10.1.0.2")
        until(lambda: addresses(us) == ["10.1.0.2"], SECONDS, lambda: f"The new pod is not followed: {run.said[-3000:]}")
        eu.server.restart()
        eu.pods("10.1.0.3")
        until(lambda: addresses(us) == ["10.1.0.3"], SECONDS, lambda: f"The pod after the restart is not followed: {run.said[-3000:]}")
    assert "of cluster down gave no answer" in " ".join(run.said.split())
    assert eu.server.token not in run.said
    assert "Traceback" not in run.said
    assert "Retrying" not in run.said


@contextmanager
def watched(connection: dict[str, Any], *events: str, **further: Any) -> Iterator[Callable[[], dict[str, Any]]]:
    """The next event of a cluster."""
    found: queue.Queue[dict[str, Any]] = queue.Queue()
    wanted = request.parse({"clusters": [{"name": "eu", **connection}], "events": list(events), **further}, WORDS)
    watcher = Watcher("eu", wanted, partial(connect.connect, connection, name="eu"), found.put)
    watcher.start()
    try:
        yield lambda: found.get(timeout=30)
    finally:
        watcher.stop()
        assert list(found.queue) == []


def test_a_changed_image_of_an_enabled_deployment_is_told_once_for_each_change(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    shop.run("enabled")
    with watched(served.connection, request.RELEASES) as event:
        told = []
        for image in (NEW_IMAGE, f"{NEW_IMAGE}-fixed"):
            set_image(shop, image)
            told.append(event())
        assert {(one["type"], one["namespace"], one["name"]) for one in told} == {("release_waiting", shop.namespace, "web")}
        assert told[0]["template"] != told[1]["template"]
        set_image(shop, OLD_IMAGE)
    shop.run("disabled")


def set_image(shop: Shop, image: str) -> None:
    """As C(kubectl set image) does."""
    change = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}}
    path = f"/apis/apps/v1/namespaces/{shop.namespace}/deployments/web"
    shop.mesh.client.request("PATCH", path, change, "application/strategic-merge-patch+json")


def test_the_roles_of_the_example_are_enough_to_look_on(server: ApiServer) -> None:
    primary = Primary(server)
    token = accounts.token(server.client, "looks-on", "watcher")
    primary.pods()
    with watched({"host": server.host, "api_key": token, "ca_cert": str(server.ca_cert)}, *request.SUBJECTS, settle_seconds=0) as event:
        primary.pods("10.1.0.8")
        told = event()
        assert told.get("addresses") == ["10.1.0.8"], told
        primary.clear()


def test_a_token_that_is_old_is_told_by_its_name_alone(server: ApiServer) -> None:
    server.client.ensure("/api/v1/namespaces", {"metadata": {"name": SYSTEM}})
    path = f"/api/v1/namespaces/{SYSTEM}/secrets"
    account = {"kubernetes.io/service-account.name": "istio-reader-service-account"}
    body = {
        "metadata": {"name": "reader-token", "annotations": account},
        "type": "kubernetes.io/service-account-token",
        "stringData": {"token": "a-secret-token"},
    }
    server.client.create(path, body)
    with watched({"kubeconfig": str(server.kubeconfig)}, request.TOKENS, token_days=1e-9) as event:
        assert event() == {"type": "token_due", "cluster": "eu", "namespace": SYSTEM, "name": "reader-token", "days": 0}
    server.client.request("DELETE", f"{path}/reader-token")
