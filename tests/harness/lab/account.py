"""Accounts that may do less than everything."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import yaml

from tests.harness.lab.cluster import LabCluster

_NAME = "limited"
_CORE = (
    "namespaces",
    "nodes",
    "pods",
    "pods/exec",
    "pods/log",
    "pods/status",
    "pods/ephemeralcontainers",
    "services",
    "serviceaccounts",
    "secrets",
    "configmaps",
    "events",
    "endpoints",
    "replicationcontrollers",
    "resourcequotas",
)
_GROUPS = (
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "extensions.istio.io",
    "gateway.networking.k8s.io",
    "networking.istio.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "security.istio.io",
    "telemetry.istio.io",
)
# It may do everything with all that an upgrade touches, but not forward ports.
WITHOUT_PORT_FORWARD = [
    {"apiGroups": [""], "resources": list(_CORE), "verbs": ["*"]},
    {"apiGroups": list(_GROUPS), "resources": ["*"], "verbs": ["*"]},
]


def limited(cluster: LabCluster, rules: list[dict[str, Any]]) -> Path:
    """A kubeconfig of an account with these rules."""
    cluster.apply("---\n".join(json.dumps(item) + "\n" for item in _objects(rules)))
    token = cluster.kubectl("create", "token", "-n", "default", _NAME, "--duration=2h").strip()
    given = yaml.safe_load(Path(cluster.target.kubeconfig).read_text())
    own = copy.deepcopy(given)
    own["users"] = [{"name": user["name"], "user": {"token": token}} for user in given["users"]]
    path = cluster.work / "limited.kubeconfig"
    path.write_text(yaml.safe_dump(own))
    return path


def _objects(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rbac = "rbac.authorization.k8s.io"
    named = {"metadata": {"name": _NAME}}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _NAME, "namespace": "default"}},
        {"apiVersion": f"{rbac}/v1", "kind": "ClusterRole", **named, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            **named,
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": _NAME},
            "subjects": [{"kind": "ServiceAccount", "name": _NAME, "namespace": "default"}],
        },
    ]
