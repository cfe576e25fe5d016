"""What the cluster itself says after the role has run."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
import testinfra

REVISION = "1-31-0"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "judge", "namespace": "default", "labels": {"istio.io/rev": "prod"}},
    "spec": {"containers": [{"name": "app", "image": "example.invalid/app:1"}]},
}


@pytest.fixture(scope="module")
def host() -> Any:
    return testinfra.get_host("local://")


def kubectl(host: Any, *arguments: str, given: Any = None) -> Any:
    connection = f"--kubeconfig {os.environ['MESHYARD_KUBECONFIG']} --context {os.environ['MESHYARD_CONTEXT']}"
    command = f"kubectl {connection} {' '.join(arguments)} -o json"
    told = host.run(f"echo %s | {command}", json.dumps(given)) if given else host.run(command)
    assert told.rc == 0, told.stderr
    return json.loads(told.stdout)


def test_istiod_is_available_at_its_generation(host: Any) -> None:
    istiod = kubectl(host, "get", "deployment", f"istiod-{REVISION}", "-n", "istio-system")
    assert istiod["status"]["observedGeneration"] == istiod["metadata"]["generation"]
    assert istiod["status"]["availableReplicas"] == istiod["spec"]["replicas"]


def test_the_webhooks_know_the_authority_of_istiod(host: Any) -> None:
    for kind, name in (
        ("mutatingwebhookconfiguration", f"istio-sidecar-injector-{REVISION}"),
        ("mutatingwebhookconfiguration", "istio-revision-tag-prod"),
        ("validatingwebhookconfiguration", "istiod-default-validator"),
    ):
        for hook in kubectl(host, "get", kind, name)["webhooks"]:
            assert hook["clientConfig"].get("caBundle"), f"{kind} {name}"
            assert hook["failurePolicy"] == "Fail", f"{kind} {name}"


def test_a_pod_that_follows_the_tag_is_injected_by_the_revision(host: Any) -> None:
    pod = kubectl(host, "create", "--dry-run=server", "-f", "-", given=POD)
    assert pod["metadata"]["annotations"]["istio.io/rev"] == REVISION
