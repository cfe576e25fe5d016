"""Reading large meshes: `istio_revision_info` beside `kubectl get pods -A -o json`, and the plan of an upgrade."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import crowd, measure
from lab.apiserver import ApiServer
from lab.paths import program
from tests.harness.lab import audit
from tests.harness.lab.settings import OLD

SIZES = (100, 1_000, 10_000, 50_000)
GATHERED = ["pods", "workloads", "namespaces", "gateways", "blockers"]
"""All of a mesh but what istiods are asked."""


def run(folder: Path, sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """The figures by number of pods."""
    result: dict[str, Any] = {"info": [], "plan": []}
    for server, pods in crowd.growing(folder, "large", sizes):
        result["info"].append(_info(server, pods))
        result["plan"].append(_plan(server, pods))
    return result


def _info(server: ApiServer, pods: int) -> dict[str, Any]:
    """Both read the same, one after the other, so that neither finds a colder cache."""
    kubectl = [str(program("kubectl")), "--kubeconfig", str(server.kubeconfig), "get", "pods", "-A", "-o", "json"]
    measure.program(kubectl)
    theirs = measure.program(kubectl)
    own, answer = measure.module("istio_revision_info", kubeconfig=str(server.kubeconfig), gather=GATHERED)
    if len(answer["pods"]) != pods:
        raise SystemExit(f"istio_revision_info saw {len(answer['pods'])} pods of {pods}.")
    return {
        "pods": pods,
        "seconds": own.seconds,
        "kubectl_seconds": theirs.seconds,
        "time_ratio_kubectl": measure.ratio(own.seconds, theirs.seconds),
        "peak_mib": own.peak_mib,
        "kubectl_peak_mib": theirs.peak_mib,
        "requests": own.requests(server.audit_log, audit.COLLECTION),
    }


def _plan(server: ApiServer, pods: int) -> dict[str, Any]:
    own, answer = measure.module("upgrade_plan", kubeconfig=str(server.kubeconfig), version="1.32.0", from_revision=OLD)
    namespaces = sum(len(wave["namespaces"]) for wave in answer["waves"])
    if namespaces != pods // crowd.PODS_OF_NAMESPACE // 2:
        raise SystemExit(f"upgrade_plan moves {namespaces} namespaces.")
    return {
        "namespaces": pods // crowd.PODS_OF_NAMESPACE,
        "pods": pods,
        "seconds": own.seconds,
        "peak_mib": own.peak_mib,
        "requests": own.requests(server.audit_log, audit.COLLECTION),
    }
