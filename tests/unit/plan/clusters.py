"""Clusters that fit together, to be changed in one point each."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._mesh.certificate import Certificate
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.proxies import Proxy
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.workload import Owner
from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster import checks as multicluster_checks
from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster.model import (
    Given,
    MeshClusters,
    Plane,
    Probe,
    Reach,
    Serving,
    Trust,
    View,
)
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote.kubeconfig import Kubeconfig
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote.secret import CLUSTER_UID, PrimaryState

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEW = "1-32-0"
SYSTEM = "istio-system"


def certificate(name: str, days: float = 3650) -> Certificate:
    return Certificate(name * 16, NOW + timedelta(days=days))


def trust(*names: str, holder: str = "Secret istio-system/cacerts") -> Trust:
    return Trust(holder, tuple(map(certificate, names)))


def plane(cluster: str = "eu", **changed: Any) -> Plane:
    return replace(Plane(NEW, "1.32.0", cluster, True, "mesh1", "cluster.local"), **changed)


def proxy(version: str) -> Proxy:
    owner = Owner("Deployment", "shop", "web")
    return Proxy("shop", "web-1", owner, NEW, f"hub/proxyv2:{version}", version, False, False, True, False)


def home(network: str = "") -> dict[str, Any]:
    return {"metadata": {"name": SYSTEM, "labels": {"topology.istio.io/network": network} if network else {}}}


def secret(name: str, server: str, uid: str = "", **meta: Any) -> dict[str, Any]:
    """A remote secret; with a UID one of ours."""
    data = base64.b64encode(Kubeconfig(name, server, "", "t").render().encode()).decode()
    owner = {"meshyard.io/owner": "remote-secret"} if uid else {}
    marks = {"networking.istio.io/cluster": name, **({CLUSTER_UID: uid} if uid else {})}
    metadata = {"name": f"istio-remote-secret-{name}", "namespace": SYSTEM, "labels": {"istio/multiCluster": "true", **owner}}
    return {"kind": "Secret", "metadata": {**metadata, "annotations": marks, **meta}, "data": {name: data}}


def here(name: str, *secrets: dict[str, Any]) -> PrimaryState:
    return PrimaryState(name, SYSTEM, secrets, frozenset({name}))


def primary(name: str = "eu", **changed: Any) -> View:
    found = View(
        Given(name),
        host=f"https://{name}:6443",
        uid=f"uid-{name}",
        home=home(),
        planes=(plane(name),),
        served=True,
        own=trust("a"),
        shown=trust("a", holder="ConfigMap istio-system/istio-ca-root-cert"),
        secrets=here(name),
        kubernetes="v1.36.3",
        ranges=(f"10.{ord(name[0])}.0.0/16",),
        reaches=(Reach(("10.98.1.20",), "the gateway"),),
        probe=Probe(True),
    )
    return replace(found, **changed)


def remote(name: str = "us", **changed: Any) -> View:
    bare = {"planes": (), "served": False, "own": None, "shown": None, "reaches": (), "probe": None}
    return primary(name, **{"given": Given(name, "remote"), **bare, **changed})


def joining(here_: View | None = None, *others: View, **told: Any) -> MeshClusters:
    """A remote that joins the primaries."""
    return MeshClusters("primary_remote", here_ or remote(), others or (primary(),), **{"serving": (Serving(NEW, "1.32.0"),), **told})


def several(*views: View, **told: Any) -> MeshClusters:
    """Several primaries, the first of which joins."""
    return MeshClusters("multi_primary", views[0], views[1:], **told)


def codes(inputs: MeshClusters) -> dict[str, list[tuple[str, str]]]:
    """The clusters and codes by level."""
    found: dict[str, list[tuple[str, str]]] = {"blocker": [], "warning": [], "info": []}
    for cluster, finding in multicluster_checks.findings(inputs, NOW):
        found[finding.level].append((cluster, finding.code))
    return found


def only(inputs: MeshClusters, level: str, code: str) -> str:
    """The message of the one finding there is.

    Every finding says what to do about it.
    """
    found = [(finding.level, finding.code) for _cluster, finding in multicluster_checks.findings(inputs, NOW)]
    assert found == [(level, code)]
    ((_cluster, finding),) = multicluster_checks.findings(inputs, NOW)
    assert finding.remedy
    assert multicluster_checks.possible([("", finding)]) == (level != "blocker")
    return finding.message


def described(inputs: MeshClusters) -> Mapping[str, Any]:
    return {one["name"]: one for one in multicluster_checks.described(inputs)}
