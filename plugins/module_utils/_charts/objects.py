# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Rendered objects: what identifies one, what it belongs to, and in which order they are made and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Object = dict[str, Any]
Belonging = Literal["crd", "shared", "tag", "revision"]

CLUSTER_WIDE = frozenset(
    {
        "Namespace",
        "CustomResourceDefinition",
        "ClusterRole",
        "ClusterRoleBinding",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "PriorityClass",
    }
)
# Whoever is used by others comes first; webhooks come when the one they call is there.
ORDER = (
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "Service",
    "EndpointSlice",
    "Deployment",
    "DaemonSet",
    "HorizontalPodAutoscaler",
)
WEBHOOKS = (
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
)
RBAC = ("RoleBinding", "Role", "ClusterRoleBinding", "ClusterRole", "ServiceAccount")
# What the base chart makes once per cluster, for every revision.
SHARED = frozenset(
    {
        ("ServiceAccount", "istio-reader-service-account"),
        ("ValidatingWebhookConfiguration", "istiod-default-validator"),
        ("ValidatingAdmissionPolicy", "stable-channel-default-policy.istio.io"),
        ("ValidatingAdmissionPolicyBinding", "stable-channel-default-policy-binding.istio.io"),
    }
)
TAG_LABEL = "istio.io/tag"


@dataclass(frozen=True, order=True)
class Identity:
    """What identifies an object in its cluster. Its version of the API does not: the same object has several."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def identity(obj: Mapping[str, Any]) -> Identity:
    """The identity of a rendered or read object that has C(apiVersion) and C(kind)."""
    metadata = obj["metadata"]
    kind = obj["kind"]
    namespace = "" if kind in CLUSTER_WIDE else metadata.get("namespace") or ""
    return Identity(obj["apiVersion"].rpartition("/")[0], kind, namespace, metadata["name"])


def belonging(obj: Mapping[str, Any]) -> Belonging:
    """Whether an object of the base or istiod chart is a CRD, shared by all revisions, of a tag, or of a revision."""
    if obj["kind"] == "CustomResourceDefinition":
        return "crd"
    if (obj["kind"], obj["metadata"]["name"]) in SHARED:
        return "shared"
    return "tag" if TAG_LABEL in (obj["metadata"].get("labels") or {}) else "revision"


def creation_order(objects: Iterable[Object]) -> list[Object]:
    """Objects in the order in which they are made, otherwise as they came: webhooks last."""
    return sorted(objects, key=lambda obj: _rank(obj["kind"], ORDER, WEBHOOKS))


def deletion_order(objects: Iterable[Object]) -> list[Object]:
    """Objects in the order in which they go: webhooks first, so that nothing calls what is gone; RBAC last."""
    reverse = (*reversed(WEBHOOKS), *(kind for kind in reversed(ORDER) if kind not in RBAC))
    return sorted(objects, key=lambda obj: _rank(obj["kind"], reverse, RBAC))


def _rank(kind: str, first: tuple[str, ...], last: tuple[str, ...]) -> int:
    if kind in first:
        return first.index(kind)
    return len(first) + 1 + last.index(kind) if kind in last else len(first)
