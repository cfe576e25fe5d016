"""A cluster has one name, whoever speaks of it: joining remote clusters, and primaries that read each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lab.apiserver import ApiServer
from tests.harness import playbook

pytestmark = pytest.mark.timeout(400)


def host(server: ApiServer, **variables: Any) -> dict[str, Any]:
    return {"meshyard_kubeconfig": str(server.kubeconfig), **variables}


@pytest.fixture
def europe(server: ApiServer) -> dict[str, Any]:
    """A primary whose remote secrets have another name for it than the inventory."""
    return host(server, remote_cluster_name="europe", meshyard_cluster_name="eu")


def test_a_remote_cluster_calls_its_primary_as_the_exchange_does(rolling: ApiServer, europe: dict[str, Any], tmp_path: Path) -> None:
    namespace = {"remote_cluster_control_plane_namespace": "nobody-is-here"}
    hosts = {"istio_primary": {"eu-1": europe}, "istio_remote": {"us": host(rolling)}}
    joined = playbook.play("join", hosts, tmp_path, **namespace)
    assert joined.status == 2
    assert "The primary europe runs no control plane that could serve cluster us." in joined.said

    # The servers are loopbacks, by which no istiod reads another cluster: each primary says so of both.
    primaries = {"istio_primary": {"eu-1": europe, "ap": host(rolling)}}
    exchanged = playbook.play("join", primaries, tmp_path, remote_cluster_exchange=True, **namespace)
    assert exchanged.status == 2
    named = re.findall(r"findings stand against one mesh with cluster (\w+)", exchanged.said)
    assert set(named) == {"europe", "ap"}
    assert set(re.findall(r"The server \S+ of cluster (\w+) means the own machine", exchanged.said)) == {"europe", "ap"}
