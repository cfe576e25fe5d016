# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The order in which objects are written and taken away."""

from __future__ import annotations

from .steps import Ref

_CREATION = (
    "Namespace",
    "CustomResourceDefinition",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "Service",
    "EndpointSlice",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "Deployment",
    "HorizontalPodAutoscaler",
    "EnvoyFilter",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
)
_POSITION = {kind: position for position, kind in enumerate(_CREATION)}


def creation(ref: Ref) -> tuple[int, Ref]:
    """Sort key for writing: what others refer to comes first, webhooks last, when the server behind them can exist."""
    return _POSITION.get(ref.kind, _POSITION["Deployment"] - 1), ref


def deletion(ref: Ref) -> tuple[int, Ref]:
    """Sort key for taking away: webhooks first (no pod may be sent to a plane that is going), accounts last."""
    return -_POSITION.get(ref.kind, _POSITION["Deployment"] - 1), ref
