"""Two clusters whose pods do not reach each other become one mesh through east-west gateways, and part again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import waiting
from tests.harness.inventory import Inventory
from tests.harness.lab import echo, objects, steps
from tests.harness.lab.members import NAMES, NAMESPACE, PRIMARY, REMOTE
from tests.harness.lab.mesh_of_two import MeshOfTwo
from tests.harness.lab.playbooks import UPGRADE, Outcome, writes
from tests.harness.lab.settings import NEW, OLD
from tests.harness.lab.target import run_lab

JOIN, LEAVE, REPORT = (f"meshyard.istio.{name}" for name in ("join", "leave", "report"))
EAST_WEST = {"remote_cluster_expose": True, "remote_cluster_gateway_values": {"imagePullPolicy": "IfNotPresent"}}
HOSTS = {
    PRIMARY: {"meshyard_network": "net-a", **EAST_WEST},
    REMOTE: {"meshyard_network": "net-b", "remote_cluster_namespaces": [NAMESPACE], **EAST_WEST},
}


@pytest.fixture(scope="module")
def two(work: Path, collections: Path) -> Iterator[MeshOfTwo]:
    """A mesh on the primary, and a remote in another network."""
    mesh = MeshOfTwo(work, collections, HOSTS)
    run_lab("network", "separate")
    try:
        steps.install(mesh.members)
        yield mesh
    finally:
        run_lab("network", "flat")
        run_lab("down", "--clusters", REMOTE)


def test_check_mode_of_a_join_writes_nothing(two: MeshOfTwo, predicted: Outcome, joined: Outcome) -> None:
    assert [event for name in NAMES for event in writes(two.lab[name], predicted.begin, predicted.end)] == []
    assert predicted.changes


def test_a_second_join_changes_nothing(two: MeshOfTwo, joined: Outcome) -> None:
    assert two.play.run(JOIN).changed_tasks() == []


@pytest.mark.parametrize("source", NAMES)
def test_pods_are_answered_by_both_networks(two: MeshOfTwo, joined: Outcome, source: str) -> None:
    def shared() -> bool:
        return min(steps.answers(two.members, f"echo-{source}", source=source)[name] for name in NAMES) >= 20

    assert waiting.last(shared, 60), steps.answers(two.members, f"echo-{source}", source=source)


def test_the_inventory_of_kubeconfigs_finds_out_which_cluster_is_the_primary(two: MeshOfTwo, joined: Outcome, tmp_path: Path) -> None:
    targets = [two.members.targets[name] for name in NAMES]
    files = list(dict.fromkeys(str(target.kubeconfig) for target in targets))
    contexts = [str(target.context) for target in targets]
    graph = Inventory(tmp_path).run("--graph", kubeconfigs=files, include=contexts, discover=True)
    assert graph.returncode == 0, graph.stderr
    groups = graph.stdout.replace(" ", "").replace("|", "")
    for group, context in zip(("istio_primary", "istio_remote"), contexts, strict=True):
        assert f"@{group}:\n--{context}\n" in groups
    assert "cannot be reached" not in graph.stderr


def test_a_report_tells_what_the_clusters_do_and_no_problem_that_is_not_one(two: MeshOfTwo, joined: Outcome) -> None:
    found, page = _report(two, "first")
    assert found["problems"] == []
    clusters = [(one["cluster"], one["names"], one["network"]) for one in found["clusters"]]
    assert clusters == [(PRIMARY, [PRIMARY], "net-a"), (REMOTE, [REMOTE], "net-b")]
    proxies = {name: _proxies(two, name) for name in NAMES}
    for side in ("desired", "injected", "connected"):
        assert found["migration"]["pods"][side] == {OLD: sum(proxies.values())}, side
    # An istiod tells the proxies of all clusters that it serves, a remote cluster its own.
    planes = {one["cluster"]: (one["location"], one["proxies"]) for one in found["control_planes"]}
    assert planes == {PRIMARY: ("cluster", sum(proxies.values())), REMOTE: ("remote", proxies[REMOTE])}
    _uid, address = two.members.readers[PRIMARY].gateway_address("istio-system", "istio-eastwestgateway")
    assert [(one["cluster"], one["addresses"], one["current"]) for one in found["remote_endpoints"]] == [(REMOTE, [address], True)]
    assert [(one["cluster"], one["leads_to"]) for one in found["remote_secrets"]] == [(PRIMARY, REMOTE)]
    again, page_again = _report(two, "again")
    assert {**found, "generated_at": ""} == {**again, "generated_at": ""}
    assert page.replace(found["generated_at"], "") == page_again.replace(again["generated_at"], "")


def test_a_restart_of_istiod_does_not_stop_injection_behind_a_gateway(two: MeshOfTwo, joined: Outcome) -> None:
    steps.kubectl(two.members, PRIMARY, "rollout", "restart", "-n", "istio-system", f"deployment/istiod-{OLD}")
    steps.kubectl(two.members, PRIMARY, "rollout", "status", "-n", "istio-system", f"deployment/istiod-{OLD}", "--timeout=120s")
    steps.kubectl(two.members, REMOTE, "rollout", "restart", "-n", NAMESPACE, "deployment/client")
    steps.ready(two.members)


def test_no_request_fails_while_both_networks_are_upgraded_and_each_gateway_between_them_restarts_once(
    two: MeshOfTwo, joined: Outcome
) -> None:
    load = two.members.evidence / "load"
    with echo.Customers(two.members, load):
        two.play.run(UPGRADE, canary_upgrade_retire=True)
    facts = steps.upgraded(two.members, load)
    assert facts["failed"] == 0, facts
    assert all(facts["by_cluster_pair"].values()), facts
    assert facts["pods_on_target"] == facts["pods_total"] == 6
    assert facts["old_revision_in"] == []
    gateways = [two.lab[name].get("Deployment", "istio-eastwestgateway", "istio-system") for name in NAMES]
    assert [one["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for one in gateways if one] == ["2", "2"]
    routes = {item["metadata"]["name"] for item in two.lab[PRIMARY].items("VirtualService", "istio-system")}
    assert routes == {f"istiod-vs-{NEW}"}


def test_leaving_leaves_nothing(two: MeshOfTwo, before: dict[str, set[str]], joined: Outcome) -> None:
    predicted = two.play.run(LEAVE, "--check")
    assert [event for name in NAMES for event in writes(two.lab[name], predicted.begin, predicted.end)] == []
    two.play.run(LEAVE)
    left = {name: objects.objects(two.members.readers[name], two.members.evidence / f"after-{name}.json") - before[name] for name in NAMES}
    assert {name: {one for one in found if NEW not in one} for name, found in left.items()} == {name: set() for name in NAMES}
    assert two.play.run(LEAVE).changed_tasks() == []


def _report(two: MeshOfTwo, name: str) -> tuple[dict[str, Any], str]:
    folder = two.members.evidence / f"report-{name}"
    two.play.run(REPORT, mesh_report_directory=str(folder))
    return json.loads((folder / "mesh.json").read_text()), (folder / "mesh.html").read_text()


def _proxies(two: MeshOfTwo, name: str) -> int:
    """How many pods of a cluster have a proxy and stay, by their containers."""
    pods = (one for one in two.lab[name].items("Pod") if "deletionTimestamp" not in one["metadata"])
    containers = ([*one["spec"]["containers"], *one["spec"].get("initContainers", [])] for one in pods)
    return sum("istio-proxy" in {container["name"] for container in found} for found in containers)
