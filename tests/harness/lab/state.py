"""What of a cluster must stay as it is: dumps that are compared before and after."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable

from tests.harness.lab.cluster import Body, LabCluster

SYSTEM = "istio-system"
NAMESPACED = (
    "Deployment",
    "Service",
    "ServiceAccount",
    "ConfigMap",
    "Role",
    "RoleBinding",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
)
CLUSTER_WIDE = ("ClusterRole", "ClusterRoleBinding", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
Dump = dict[str, str]
"""A fingerprint by C(kind namespace/name)."""

_VOLATILE = ("resourceVersion", "managedFields", "generation")
_OF_ISTIOD = ("istio-ca-root-cert", "istio-leader", "istio-gateway-status-leader", "istio-namespace-controller-election")


def planes(cluster: LabCluster) -> Dump:
    """Everything that control planes are made of."""
    found = [item for kind in NAMESPACED for item in _of(cluster, kind, SYSTEM)]
    found += [item for kind in CLUSTER_WIDE for item in _of(cluster, kind) if "istio" in item["metadata"]["name"]]
    return _dump(item for item in found if not item["metadata"]["name"].startswith(_OF_ISTIOD))


def names(cluster: LabCluster) -> set[str]:
    """The names of everything that control planes are made of."""
    return {key.rpartition("/")[2] for key in planes(cluster)}


def of_revision(dump: Dump, revision: str) -> Dump:
    """The part of a dump whose names carry a revision."""
    return {key: value for key, value in dump.items() if key.endswith(f"-{revision}") or f"-{revision}-" in key}


def workloads(cluster: LabCluster, namespaces: Iterable[str]) -> Dump:
    """Namespaces with their workloads and pods."""
    places = list(namespaces)
    namespace_states = [item for item in _of(cluster, "Namespace") if item["metadata"]["name"] in places]
    return _dump([*namespace_states, *(item for place in places for kind in ("Deployment", "Pod") for item in _of(cluster, kind, place))])


def releases(cluster: LabCluster) -> list[str]:
    """The names of Helm's release records, without their numbers."""
    records = [secret["metadata"]["name"] for secret in cluster.items("Secret") if secret["type"] == "helm.sh/release.v1"]
    return sorted({name.rpartition(".")[0].removeprefix("sh.helm.release.v1.") for name in records})


def _of(cluster: LabCluster, kind: str, namespace: str | None = None) -> list[Body]:
    return [{**item, "kind": kind} for item in cluster.items(kind, namespace)]


def _dump(objects: Iterable[Body]) -> Dump:
    return {_name(item): _fingerprint(item) for item in objects}


def _name(item: Body) -> str:
    metadata = item["metadata"]
    return f"{item['kind']} {metadata.get('namespace', '')}/{metadata['name']}"


def _fingerprint(item: Body) -> str:
    """The object but for its status and what the API server counts."""
    kept = copy.deepcopy({key: value for key, value in item.items() if key != "status"})
    for key in _VOLATILE:
        kept["metadata"].pop(key, None)
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]
