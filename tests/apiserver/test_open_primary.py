"""The playbooks join and leave on a primary: its east-west gateway, what it lets in, and the mark of its network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote.exposure import INVENTORY
from tests.harness import crds, playbook
from tests.harness.gateways import CHART, NEW, OLD
from tests.harness.mesh import SYSTEM, Mesh

NETWORK = "topology.istio.io/network"

# Several playbooks in a row, each of dozens of tasks.
pytestmark = pytest.mark.timeout(400)


@pytest.fixture
def primary(mesh: Mesh) -> Iterator[dict[str, Any]]:
    """The host of a mesh with three revisions, whose istiod may be reached by others."""
    client = mesh.server.client
    crds.install(client, INVENTORY)
    yield {"meshyard_kubeconfig": mesh.connection["kubeconfig"], "meshyard_network": "net-eu"}
    crds.remove(client, INVENTORY)


def exposed(mesh: Mesh) -> list[str]:
    found = [obj for name in INVENTORY for obj in mesh.server.client.get(kind(name).path(SYSTEM))["items"]]
    return sorted(obj["metadata"]["name"] for obj in found)


@pytest.mark.smoke
def test_a_primary_is_opened_once_and_closed_without_a_trace(mesh: Mesh, primary: dict[str, Any], tmp_path: Path) -> None:
    def run(name: str) -> playbook.Outcome:
        variables = {f"remote_cluster_{key}": value for key, value in CHART.items()}
        # The gateway belongs to the first; the lab has no chart of the oldest version.
        served = {OLD: "1.31.0", NEW: "1.32.0", "default": "1.30.0"}
        variables["remote_cluster_revisions"] = [{"revision": one, "version": served[one]} for one in served]
        given = {"remote_cluster_expose": True, "remote_cluster_expose_istiod": True, **variables}
        return playbook.play(name, {"istio_primary": {"eu": primary}, "istio_remote": {}}, tmp_path, **given)

    before = mesh.get("Namespace", SYSTEM)["metadata"]
    opened = run("join")
    assert opened.status == 0, opened.said
    assert exposed(mesh) == sorted(["cross-network-gateway", "istiod-gateway", "istiod-vs", f"istiod-vs-{OLD}", f"istiod-vs-{NEW}"])
    assert mesh.get("Service", "istio-eastwestgateway", SYSTEM)["metadata"]["labels"][NETWORK] == "net-eu"
    assert mesh.get("Namespace", SYSTEM)["metadata"]["labels"][NETWORK] == "net-eu"
    again = run("join")
    assert (again.status, again.changed) == (0, 0), again.said

    closed = run("leave")
    assert closed.status == 0, closed.said
    after = mesh.get("Namespace", SYSTEM)["metadata"]
    assert (exposed(mesh), mesh.exists("Deployment", "istio-eastwestgateway", SYSTEM)) == ([], False)
    assert (after["labels"], after.get("annotations") or {}) == (before["labels"], before.get("annotations") or {})
