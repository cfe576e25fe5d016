"""An upgrade as a remote cluster sees it: both revisions serve it from elsewhere, and its namespaces, tags and gateways move."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.apiserver import ApiServer
from lab.waiting import until
from tests.harness.planes import CHART, SYSTEM, Planes
from tests.harness.playbook import play
from tests.unit.mesh import build

VERSIONS = {"1-31-0": "1.31.0", "1-32-0": "1.32.0"}
OLD, NEW = VERSIONS
SHOP, EDGE = "remote-shop", "remote-edge"


@pytest.fixture
def primary(server: ApiServer) -> Iterator[dict[str, Any]]:
    """The connection to a primary with both istiods."""
    path = kinds.kind("Deployment").path(SYSTEM)
    server.client.ensure("/api/v1/namespaces", {"metadata": {"name": SYSTEM}})
    for revision, version in VERSIONS.items():
        body = build.istiod(revision, tag=version)
        marks = {"app": "istiod", "istio.io/rev": revision}
        container = body["spec"]["template"]["spec"]["containers"][0]
        container["env"] = [{"name": "CLUSTER_ID", "value": "eu"}, {"name": "EXTERNAL_ISTIOD", "value": "true"}]
        body["spec"] |= {"selector": {"matchLabels": marks}}
        server.client.create(path, {"metadata": {"name": body["metadata"]["name"], "labels": marks}, "spec": body["spec"]})
    yield {"kubeconfig": str(server.kubeconfig)}
    server.client.request("DELETE", f"{path}?labelSelector=app%3Distiod")


@pytest.fixture
def remote(planes: Planes, primary: dict[str, Any]) -> Iterator[Planes]:
    """A cluster without istiod, into which the old revision injects; a namespace of it has a workload on that."""
    planes.namespace(SYSTEM)
    join(planes, primary, OLD)
    planes.namespace(SHOP, **{"istio.io/rev": OLD})
    planes.namespace(EDGE)
    deploy(planes, SHOP, "web", {"app": "web"})
    yield planes
    for namespace in (SHOP, EDGE):
        planes.client.request("DELETE", kinds.kind("Deployment").path(namespace))
        planes.namespace(namespace)


def join(planes: Planes, primary: dict[str, Any], revision: str, **further: Any) -> None:
    """A revision of the primary serves the cluster, by a webhook that is answered."""
    values = planes.istiod.values(revision, VERSIONS[revision]) | further.pop("values", {})
    given = {"cluster_name": "us", "version": VERSIONS[revision], "reach": "address", "addresses": ["10.98.1.20"], **further}
    planes.run("remote_istio", **CHART, primary=primary, values=values, wait=False, **given)
    planes.istiod.serve(revision)


def deploy(planes: Planes, namespace: str, name: str, labels: dict[str, str], **metadata: Any) -> None:
    """A Deployment whose pods come to the old revision, in the form of a gateway if its metadata says so."""
    app = {"name": "istio-proxy", "image": "auto"} if metadata else {"name": "app", "image": "registry.invalid/app:1"}
    template = {"metadata": {"labels": labels, **metadata}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [app]}}
    spec = {"selector": {"matchLabels": {"app": name}}, "template": template}
    planes.client.create(kinds.kind("Deployment").path(namespace), {"metadata": {"name": name}, "spec": spec})
    until(lambda: injected(planes, namespace) == {OLD}, 60, lambda: f"The pods of {namespace}/{name} do not come up.")


def front(planes: Planes) -> None:
    """A gateway on the old revision by a label of its own."""
    labels = {"app": "edge", "istio": "edge", "istio.io/rev": OLD, "sidecar.istio.io/inject": "true"}
    deploy(planes, EDGE, "edge", labels, annotations={"inject.istio.io/templates": "gateway"})
    ports = {"selector": {"app": "edge"}, "ports": [{"port": 80}]}
    planes.client.ensure(kinds.kind("Service").path(EDGE), {"metadata": {"name": "edge"}, "spec": ports})


def injected(planes: Planes, namespace: str) -> set[str]:
    """The revisions of the pods that are not ending."""
    pods = planes.client.get(kinds.kind("Pod").path(namespace))["items"]
    live = [pod["metadata"] for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    return {(meta.get("annotations") or {}).get("istio.io/rev", "") for meta in live}


def codes(plan: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["level"], one["code"]) for one in plan["findings"]}


def test_a_plan_knows_the_revisions_that_serve_a_remote_cluster_before_and_after_the_new_one_is_there(
    planes: Planes, primary: dict[str, Any]
) -> None:
    planes.namespace(SYSTEM)
    called = {"istiodRemote": {"injectionURL": ""}}  # the webhook calls the Service, which has no selector
    join(planes, primary, OLD, values=called)
    planes.namespace(SHOP, **{"istio.io/rev": OLD})
    alone = planes.run("upgrade_plan", version="1.32.0")
    assert ("blocker", "remote_cluster") in codes(alone)
    before = planes.run("upgrade_plan", version="1.32.0", remote=True)
    join(planes, primary, NEW, values=called)
    after = planes.run("upgrade_plan", version="1.32.0", remote=True)
    planes.namespace(SHOP)
    assert not any(level == "blocker" for plan in (before, after) for level, _code in codes(plan))
    for plan in (before, after):
        assert (plan["from_revision"], plan["from_version"], plan["to_revision"]) == (OLD, "1.31.0", NEW)
        assert [wave["namespaces"] for wave in plan["waves"]] == [[SHOP]]
    assert (before["to_plane"], after["to_plane"]["version"], after["to_plane"]["ready"]) == (None, "1.32.0", True)
    told = planes.run("istio_revision_info")["revisions"]
    assert [(one["revision"], one["location"], one["namespace"]) for one in told] == [(name, "remote", SYSTEM) for name in VERSIONS]
    tagged = planes.run("istio_tag", name="prod", revision=NEW, wait=False)
    assert {(step["kind"], step["name"]) for step in tagged["steps"]} == {
        ("MutatingWebhookConfiguration", "istio-revision-tag-prod"),
        ("Service", "istiod-revision-tag-prod"),
    }
    assert not planes.run("istio_tag", name="prod", revision=NEW, wait=False)["changed"]


def test_namespaces_gateways_and_tags_of_a_remote_cluster_move_once(remote: Planes, primary: dict[str, Any]) -> None:
    front(remote)
    join(remote, primary, NEW)
    plan = remote.run("upgrade_plan", version="1.32.0", remote=True)
    assert ([wave["namespaces"] for wave in plan["waves"]], [one["name"] for one in plan["gateways"]]) == ([[SHOP]], ["edge"])
    moves: list[tuple[str, dict[str, Any]]] = [
        ("namespace_revision", {"namespaces": [SHOP], "revision": NEW}),
        ("istio_gateway", {"namespace": EDGE, "name": "edge", "revision": NEW}),
        ("istio_tag", {"name": "prod", "revision": NEW}),
    ]
    for module, options in moves:
        assert remote.run(module, **options, check=True)["changed"]
        assert remote.run(module, **options, wait_timeout=60)["changed"]
        assert not remote.run(module, **options, wait_timeout=60)["changed"]
    assert injected(remote, SHOP) == injected(remote, EDGE) == {NEW}
    done = remote.run("upgrade_plan", version="1.32.0", remote=True)
    assert (done["done"], done["pending"]) == (True, {"namespaces": [], "gateways": []})
    back = remote.run("namespace_revision", namespaces=[SHOP], state="former", wait_timeout=60)
    assert (back["changed"], injected(remote, SHOP)) == (True, {OLD})


def test_a_revision_that_was_upgraded_in_place_restarts_what_runs_its_former_version(remote: Planes, primary: dict[str, Any]) -> None:
    assert not remote.run("namespace_revision", namespaces=[SHOP], revision=OLD)["changed"]
    newer = remote.istiod.values(OLD, "1.32.0")
    given = {"cluster_name": "us", "version": "1.32.0", "revision": OLD, "reach": "address", "addresses": ["10.98.1.20"]}
    remote.run("remote_istio", **CHART, primary=primary, values=newer, wait=False, **given)
    answer = remote.run("namespace_revision", namespaces=[SHOP], revision=OLD, wait_timeout=60)
    assert [one["status"] for one in answer["namespaces"][0]["workloads"]] == ["restarted"]
    assert {one["image"] for one in answer["proof"]} == {"registry.invalid/proxyv2:1.32.0"}


@pytest.mark.timeout(300)
def test_check_mode_of_an_upgrade_tells_the_waves_of_all_clusters_and_writes_nothing(
    remote: Planes, primary: dict[str, Any], tmp_path: Path
) -> None:
    hosts = {"istio_primary": {"eu": primary}, "istio_remote": {"us": {"kubeconfig": str(remote.server.kubeconfig)}}}
    groups = {group: {host: connected(options) for host, options in members.items()} for group, members in hosts.items()}
    groups["istio_remote"]["us"] |= {"remote_cluster_reach": "address", "remote_cluster_addresses": ["10.98.1.20"]}
    given = {f"canary_upgrade_{name}": value for name, value in CHART.items()} | {"canary_upgrade_version": "1.32.0"}
    half = play("upgrade", groups, tmp_path, "--check", "--limit", "us", **given)
    assert (half.status, "without eu of the same mesh" in half.said) == (2, True)
    wrong = play("upgrade", groups, tmp_path, "--check", canary_upgrade_waves=f"ap/{SHOP}", **given)
    assert (wrong.status, "name ap, which is no cluster of this run" in wrong.said) == (2, True)
    told = play("upgrade", groups, tmp_path, "--check", canary_upgrade_waves=f"us/{SHOP}", canary_upgrade_force=True, **given)
    assert told.status == 0, told.said
    assert f"Wave 1 of 1: us/{SHOP}" in told.said
    assert "1 workload to restart" in told.said
    assert injected(remote, SHOP) == {OLD}


def connected(options: dict[str, Any]) -> dict[str, Any]:
    """Variables of an inventory host."""
    return {"ansible_connection": "local", **{f"meshyard_{name}": value for name, value in options.items()}}


def test_a_gate_whose_primary_cannot_be_asked_is_inconclusive(remote: Planes, primary: dict[str, Any]) -> None:
    options = {"namespaces": [SHOP], "revision": OLD, "wait_timeout": 0}
    alone = remote.run("upgrade_gate", **options)
    lost = remote.run("upgrade_gate", **options, cluster_name="us", primary={"host": "https://127.0.0.1:1", "api_key": "none"})
    for answer, reason in ((alone, "runs in another cluster"), (lost, "gave no answer")):
        words = {one["check"]: (one["verdict"], one["detail"]) for one in answer["evidence"]}
        assert (answer["verdict"], words["pods"][0]) == ("inconclusive", "passed")
        assert reason in words["proxies"][1]
    asked = remote.run("upgrade_gate", **options, cluster_name="us", primary=primary)
    assert "its proxy is not connected" in asked["evidence"][1]["detail"]
    assert asked["requests"] > alone["requests"]
    same = remote.refusal("upgrade_gate", **options, cluster_name="us", primary={"kubeconfig": str(remote.server.kubeconfig)})
    assert "leads to the module's own cluster" in same["problem"]
    assert "cluster_name" in remote.answer("upgrade_gate", **options, primary=primary)["msg"]
