"""What the clusters hold, as their API servers say: to be compared before a join and after it was taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.harness.lab.reader import Reader

_LISTS = (
    "/api/v1/namespaces",
    "/api/v1/configmaps",
    "/api/v1/secrets",
    "/api/v1/services",
    "/api/v1/serviceaccounts",
    "/apis/apps/v1/deployments",
    "/apis/discovery.k8s.io/v1/endpointslices",
    "/apis/rbac.authorization.k8s.io/v1/roles",
    "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
)
_WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
_MARKS = ("istio", "meshyard")


def objects(cluster: Reader, keep: Path) -> set[str]:
    """Every object of a cluster that a join could leave behind, and every mark of Istio or of this collection on a namespace."""
    found: set[str] = set()
    for path in _LISTS:
        kind = path.rpartition("/")[2]
        for item in cluster.raw(path)["items"]:
            meta = item["metadata"]
            found.add(f"{kind} {meta.get('namespace', '')}/{meta['name']}")
            if kind == "namespaces":
                marks = [*(meta.get("labels") or {}), *(meta.get("annotations") or {})]
                found.update(f"mark {mark} of namespace {meta['name']}" for mark in marks if any(word in mark for word in _MARKS))
    keep.write_text(json.dumps(sorted(found), indent=1))
    return found


def pods(cluster: Reader, namespace: str) -> list[dict[str, Any]]:
    """The pods of a namespace that are not on their way out."""
    found: list[dict[str, Any]] = cluster.raw(f"/api/v1/namespaces/{namespace}/pods")["items"]
    return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]


def token_names(cluster: Reader, namespace: str) -> set[str]:
    """The Secrets of a namespace that hold the token of an account."""
    found = cluster.raw(f"/api/v1/namespaces/{namespace}/secrets?fieldSelector=type%3Dkubernetes.io/service-account-token")["items"]
    return {item["metadata"]["name"] for item in found}


def has_revision(cluster: Reader, revision: str) -> bool:
    """Whether a webhook of a cluster still leads to a revision."""
    return any((item["metadata"].get("labels") or {}).get("istio.io/rev") == revision for item in cluster.raw(_WEBHOOKS)["items"])
