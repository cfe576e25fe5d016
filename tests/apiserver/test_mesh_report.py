"""The report over clusters: one that is there, a remote that its primary reads, and one that is lost."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.apiserver import ApiServer
from tests.harness import crds, playbook
from tests.harness.mesh import SYSTEM, Mesh
from tests.harness.modules import Call
from tests.harness.remote import Remote

pytestmark = pytest.mark.timeout(200)

ATTACK = "<script>alert({{ 6 * 7 }})</script>"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def ruled(mesh: Mesh, shop: str) -> Iterator[str]:
    """A namespace with a rule by locality whose text is an attack, and a workload that was relabelled and not restarted."""
    crds.install(mesh.client, ["DestinationRule"])
    setting = {"localityLbSetting": {"distribute": [{"from": ATTACK, "to": {"us/*": 100}}]}}
    spec = {"host": "web", "trafficPolicy": {"loadBalancer": setting}}
    mesh.create(
        {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "web", "namespace": shop}, "spec": spec}
    )
    mesh.merge("Namespace", shop, None, {"metadata": {"labels": {"istio.io/rev": "1-32-0"}}})
    yield shop
    crds.remove(mesh.client, ["DestinationRule"])


@pytest.fixture
def us(server: ApiServer) -> Iterator[Remote]:
    found = Remote(server)
    found.namespace("us-shop", "1-32-0")
    found.serve("1-32-0")
    found.leads_to("10.98.1.20", "1-32-0")
    yield found
    found.clear()


@pytest.mark.smoke
def test_what_a_mesh_is_set_to_is_told_in_few_requests(mesh: Mesh) -> None:
    if not mesh.exists("ConfigMap", "istio-1-32-0", SYSTEM):
        mesh.config_map("istio-1-32-0", "1-32-0", {"mesh": "trustDomain: example\noutboundTrafficPolicy: {mode: REGISTRY_ONLY}\n"})
    told = Call("mesh_info", mesh.connection).run()
    assert not told.get("failed"), told
    settings = {one["revision"]: one for one in told["settings"]}
    assert (settings["1-32-0"]["trust_domain"], settings["1-32-0"]["outbound_policy"]) == ("example", "REGISTRY_ONLY")
    assert settings["1-31-0"]["read"] is False
    assert (told["changed"], told["unreadable"]) == (False, [])
    assert told["requests"] <= 25
    assert told["cluster"]["uid"]


def test_a_report_tells_all_clusters_twice_the_same_and_names_a_lost_one(mesh: Mesh, ruled: str, us: Remote, tmp_path: Path) -> None:
    hosts = {
        "istio_primary": {
            "eu": {"meshyard_kubeconfig": str(mesh.server.kubeconfig)},
            "lost": {"meshyard_host": "https://127.0.0.1:1", "meshyard_api_key": "none"},
        },
        "istio_remote": {"us": {"meshyard_kubeconfig": str(us.server.kubeconfig), "remote_cluster_primary": "eu"}},
    }
    folder = tmp_path / "report"
    foretold = playbook.play("report", hosts, tmp_path, "--check", mesh_report_directory=str(folder))
    assert foretold.status == 0, foretold.said
    assert not folder.exists()

    first, page = _report(hosts, tmp_path, folder)
    second, page_again = _report(hosts, tmp_path, folder)

    assert TIME.sub("", page) == TIME.sub("", page_again)
    assert {**first, "generated_at": ""} == {**second, "generated_at": ""}
    assert [(one["cluster"], one["answered"]) for one in first["clusters"]] == [("eu", True), ("lost", False), ("us", True)]
    assert first["problems"][0]["severity"] == "error"
    assert ("lost", "cluster_unread") in {(one["cluster"], one["code"]) for one in first["problems"]}
    stale = next(one for one in first["problems"] if one["object"] == f"Deployment {ruled}/web")
    assert stale["command"].endswith(f"-n {ruled} rollout restart deployment/web")
    assert {("eu", ruled), ("us", "us-shop")} <= {(one["cluster"], one["name"]) for one in first["namespaces"]}
    (way,) = first["remote_endpoints"]
    assert (way["cluster"], way["name"], way["reach"], way["current"]) == ("us", "istiod-1-32-0", "pods", False)
    astray = next(one for one in first["problems"] if one["code"] == "endpoints_differ")
    assert (astray["cluster"], astray["command"]) == ("us", "ansible-playbook meshyard.istio.reconcile")
    assert first["localities"][0]["locality"] == f"from {ATTACK}: 100 % to us/*"
    assert "<script" not in page
    assert "&lt;script&gt;alert({{ 6 * 7 }})" in page


def _report(hosts: playbook.Groups, folder: Path, written: Path) -> tuple[dict[str, Any], str]:
    done = playbook.play("report", hosts, folder, mesh_report_directory=str(written))
    assert done.status == 0, done.said
    assert "failed: 2 of 3 clusters answered" in done.said
    return json.loads((written / "mesh.json").read_text()), (written / "mesh.html").read_text()
