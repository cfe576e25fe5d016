"""Rulebooks on real clusters: what happens there starts the playbook that it calls for, and within seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab import waiting
from tests.harness import rulebook
from tests.harness.lab import steps
from tests.harness.lab.members import NAMES, NAMESPACE, PRIMARY, REMOTE
from tests.harness.lab.mesh_of_two import MeshOfTwo
from tests.harness.lab.playbooks import Outcome
from tests.harness.lab.released import IMAGES
from tests.harness.lab.target import run_lab
from tests.harness.modules import Call
from tests.harness.rulebook import Rulebook

SECONDS = 15
HOSTS = {REMOTE: {"remote_cluster_reach": "pods", "remote_cluster_namespaces": [NAMESPACE]}}
# Two steps that no Prometheus judges.
UNJUDGED = {"workload_canary_steps": [50, 100], "workload_canary_return_steps": [0], "workload_canary_drain_seconds": 5}
ECHO = {"namespace": NAMESPACE, "name": "echo"}


@pytest.fixture(scope="module")
def two(work: Path, collections: Path) -> Iterator[MeshOfTwo]:
    """A mesh on the primary, and a remote that joins it."""
    mesh = MeshOfTwo(work, collections, HOSTS)
    steps.install(mesh.members)
    yield mesh
    run_lab("down", "--clusters", REMOTE)


@contextmanager
def followed(two: MeshOfTwo, name: str, *clusters: str, **variables: Any) -> Iterator[Rulebook]:
    """A rulebook over some clusters, and playbooks over both."""
    target = two.members.target
    inventory = yaml.safe_load(target.inventory.read_text())
    inventory.setdefault("all", {}).setdefault("vars", {}).update({**yaml.safe_load(target.variables.read_text()), **variables})
    known = [{"name": one, **connection(two, one)} for one in clusters]
    given = {"meshyard_clusters": known, "meshyard_alerts_token": "a-token-of-the-tests"}
    with rulebook.running(name, two.members.evidence / f"rulebook-{name}", inventory, given, two.members.collections) as run:
        yield run


def connection(two: MeshOfTwo, name: str) -> dict[str, str]:
    target = two.members.targets[name]
    return {"kubeconfig": str(target.kubeconfig), "context": target.context}


def reached(two: MeshOfTwo) -> set[str]:
    """The addresses by which the remote reaches istiod."""
    found = two.lab[REMOTE].get("EndpointSlice", "istiod-1-31-0", "istio-system")
    assert found is not None
    return {address for endpoint in found["endpoints"] for address in endpoint["addresses"]}


def istiods(two: MeshOfTwo) -> set[str]:
    """The addresses of the pods of istiod that stay."""
    pods = two.members.readers[PRIMARY].pods("istio-system", "istiod")
    return {str(pod["status"]["podIP"]) for pod in pods if steps.is_ready(pod) and "deletionTimestamp" not in pod["metadata"]}


def test_after_a_restart_of_istiod_its_addresses_are_right_again_within_seconds_and_pods_are_injected(
    two: MeshOfTwo, joined: Outcome
) -> None:
    with followed(two, "reconcile", PRIMARY) as run:
        run.has_played(1)
        before = reached(two)
        steps.kubectl(two.members, PRIMARY, "rollout", "restart", "-n", "istio-system", "deployment")
        steps.kubectl(two.members, PRIMARY, "rollout", "status", "-n", "istio-system", "deployment", "--timeout=120s")
        right = waiting.last(lambda: reached(two) == istiods(two) and reached(two).isdisjoint(before), SECONDS)
        assert right, run.said[-3000:]
        steps.kubectl(two.members, REMOTE, "rollout", "restart", "-n", NAMESPACE, "deployment/client")
        steps.ready(two.members)


def test_a_changed_image_of_an_enabled_deployment_starts_its_release(two: MeshOfTwo, joined: Outcome) -> None:
    for name in NAMES:
        assert not Call("workload_canary", {**connection(two, name), **ECHO, "state": "enabled"}).run().get("failed")
    with followed(two, "release", *NAMES, **UNJUDGED) as run:
        for name in NAMES:
            steps.kubectl(two.members, name, "set", "image", "-n", NAMESPACE, "deployment/echo", f"*={IMAGES['2']}")
        waiting.until(lambda: all(released(two, name) for name in NAMES), 240, lambda: f"It is not released: {run.said[-3000:]}")
    for name in NAMES:
        assert not Call("workload_canary", {**connection(two, name), **ECHO, "state": "disabled"}).run().get("failed")


def released(two: MeshOfTwo, name: str) -> bool:
    """Whether all pods have the new image, and nothing of the release is left."""
    deployment = two.lab[name].get("Deployment", "echo", NAMESPACE)
    assert deployment is not None
    pods = two.members.readers[name].pods(NAMESPACE, "echo")
    images = {one["image"] for pod in pods for one in pod["spec"]["containers"] if one["name"] != "istio-proxy"}
    is_over = two.lab[name].get("Deployment", "echo-canary", NAMESPACE) is None
    return images == {IMAGES["2"]} and is_over and "meshyard.io/release" not in deployment["metadata"]["annotations"]
