"""What both clusters say themselves after the role has run."""

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
    "metadata": {"name": "judge", "namespace": "default", "labels": {"istio.io/rev": REVISION}},
    "spec": {"containers": [{"name": "app", "image": "example.invalid/app:1"}]},
}


@pytest.fixture(scope="module")
def host() -> Any:
    return testinfra.get_host("local://")


def kubectl(host: Any, side: str, *arguments: str, given: Any = None) -> Any:
    connection = f"--kubeconfig {os.environ['MESHYARD_KUBECONFIG']} --context {os.environ[f'MESHYARD_{side}']}"
    command = f"kubectl {connection} {' '.join(arguments)} -o json"
    told = host.run(f"echo %s | {command}", json.dumps(given)) if given else host.run(command)
    assert told.rc == 0, told.stderr
    return json.loads(told.stdout)


def test_a_pod_of_the_remote_is_injected_by_the_primary(host: Any) -> None:
    pod = kubectl(host, "REMOTE", "create", "--dry-run=server", "-f", "-", given=POD)
    assert pod["metadata"]["annotations"]["istio.io/rev"] == REVISION


def test_no_istiod_runs_on_the_remote(host: Any) -> None:
    assert kubectl(host, "REMOTE", "get", "pods", "-n", "istio-system")["items"] == []


def test_the_primary_reads_the_remote_by_a_secret_of_its_name(host: Any) -> None:
    secret = kubectl(host, "PRIMARY", "get", "secret", f"istio-remote-secret-{os.environ['MESHYARD_REMOTE']}", "-n", "istio-system")
    assert secret["metadata"]["labels"]["istio/multiCluster"] == "true"
    assert set(secret["data"]) == {os.environ["MESHYARD_REMOTE"]}
