# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Who made an object of a control plane, and who would change it back."""

from __future__ import annotations

from dataclasses import dataclass

from . import labels, raw

HELM_RELEASE = "meta.helm.sh/release-name"
HELM_NAMESPACE = "meta.helm.sh/release-namespace"
ISTIOCTL_OWNER = "install.operator.istio.io/owning-resource"
ISTIOCTL_NAMESPACE = "install.operator.istio.io/owning-resource-namespace"
ISTIOCTL_MANAGED = "operator.istio.io/managed"
SAIL_LABEL = ("managed-by", "sail-operator")
SAIL_PRIMARY = "operator-sdk/primary-resource"
ARGO_ANNOTATION = "argocd.argoproj.io/tracking-id"
FLUX_LABELS = ("helm.toolkit.fluxcd.io/name", "kustomize.toolkit.fluxcd.io/name")

# The charts write this value where nobody named an owner.
NOBODY = "unknown"


@dataclass(frozen=True)
class Maker:
    """The maker of an object.

    C(kind) is C(meshyard), C(helm), C(istioctl), C(operator) or C(unknown). C(name) and C(namespace) name the Helm
    release, the owner label of istioctl or the operator's resource. C(gitops) names a controller that applies the
    object from a repository again and again, if one does.
    """

    kind: str
    name: str = ""
    namespace: str = ""
    gitops: str | None = None


def maker(obj: raw.Raw) -> Maker:
    """Who made an object, by its labels, annotations and owners; a live operator outweighs every other mark."""
    gitops = _gitops(obj)
    for find in (_operator, _meshyard, _helm, _istioctl):
        found = find(obj)
        if found:
            kind, name, namespace = found
            return Maker(kind, name, namespace, gitops)
    return Maker("unknown", gitops=gitops)


def _operator(obj: raw.Raw) -> tuple[str, str, str] | None:
    for owner in raw.items(obj, "metadata", "ownerReferences"):
        return "operator", f"{raw.text(owner, 'kind')} {raw.text(owner, 'name')}", raw.namespace(obj)
    key, value = SAIL_LABEL
    if raw.labels_of(obj).get(key) == value:
        return "operator", f"Sail operator {raw.annotations_of(obj).get(SAIL_PRIMARY, '')}".strip(), ""
    if _namespaced_revision(obj):
        return "operator", f"IstioControlPlane {raw.labels_of(obj)[labels.REV]}", raw.namespace(obj)
    return None


def _namespaced_revision(obj: raw.Raw) -> bool:
    # Only the Banzai operator writes revisions as NAME.NAMESPACE.
    revision = raw.labels_of(obj).get(labels.REV, "")
    return bool(raw.namespace(obj)) and revision.endswith(f".{raw.namespace(obj)}")


def _meshyard(obj: raw.Raw) -> tuple[str, str, str] | None:
    owner = raw.labels_of(obj).get(labels.OWNER)
    return ("meshyard", owner, "") if owner else None


def _helm(obj: raw.Raw) -> tuple[str, str, str] | None:
    # The label app.kubernetes.io/managed-by=Helm proves nothing: every tool that renders the charts writes it.
    release = raw.annotations_of(obj).get(HELM_RELEASE)
    return ("helm", release, raw.annotations_of(obj).get(HELM_NAMESPACE, "")) if release else None


def _istioctl(obj: raw.Raw) -> tuple[str, str, str] | None:
    marks = raw.labels_of(obj)
    owner = marks.get(ISTIOCTL_OWNER, NOBODY)
    if owner == NOBODY and ISTIOCTL_MANAGED not in marks:
        return None
    return "istioctl", owner, marks.get(ISTIOCTL_NAMESPACE, "")


def _gitops(obj: raw.Raw) -> str | None:
    tracked = raw.annotations_of(obj).get(ARGO_ANNOTATION)
    if tracked:
        return f"Argo CD application {tracked.partition(':')[0]}"
    for key in FLUX_LABELS:
        if key in raw.labels_of(obj):
            return f"Flux {'HelmRelease' if key.startswith('helm') else 'Kustomization'} {raw.labels_of(obj)[key]}"
    return None
