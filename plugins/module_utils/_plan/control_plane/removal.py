# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Taking away the control plane of one revision, whoever made it, and nothing that others share with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._errors import MeshyardError
from ..._mesh import labels, maker, raw
from ..._mesh.blocker import described
from ..._mesh.revision import Names, suffixed
from ..._words import listed as named
from ..objects import adoption, order
from ..objects.adoption import Origin
from ..objects.steps import Delete, Object, Plan, Ref, ref_of
from . import install

# Where the objects of a control plane are looked for: in its namespace, or, without one, in the cluster.
NAMESPACED = (
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Service",
    "EndpointSlice",
    "Deployment",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "EnvoyFilter",
)
CLUSTER_WIDE = (
    "ClusterRole",
    "ClusterRoleBinding",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)
_OF_KUBERNETES = ("v1", "apps/v1")
_COMPONENT = "operator.istio.io/component"
_PART_OF = "app.kubernetes.io/part-of"
_CHART = "helm.sh/chart"


def belonging(objects: Iterable[Object], names: Names) -> list[Object]:
    """Those of the objects that are part of the control plane of a revision.

    :param objects: with their metadata at least: all of the namespace, and of the cluster, of the kinds above.
    """
    # What a controller derived, such as the EndpointSlices of a Service, carries copied labels and goes with its owner.
    objects = [obj for obj in objects if not _is_derived(obj)]
    core = [obj for obj in objects if _is_own(obj, names)]
    releases = {found for obj in core if (found := adoption.origin(obj)) and found.kind == "helm" and found.release}
    return [*core, *(obj for obj in objects if obj not in core and _came_along(obj, names, releases))]


def releases_of(objects: Iterable[Object]) -> set[Origin]:
    """The Helm releases that these objects were made as."""
    found = {adoption.origin(obj) for obj in objects}
    return {one for one in found if one is not None and one.kind == "helm" and one.release}


def plan(objects: Iterable[Object], records: Iterable[Object], reason: str) -> Plan:
    """Deletes what belongs to a revision, webhooks first, and Helm's records of it last."""
    by_ref = {ref_of(obj): obj for obj in objects}
    steps = [_delete(ref, by_ref[ref], reason) for ref in sorted(by_ref, key=order.deletion)]
    kept = {ref_of(record): record for record in records}
    return (*steps, *(_delete(ref, kept[ref], "Helm's record of a release that is gone") for ref in sorted(kept)))


def listed(steps: Plan) -> list[dict[str, str]]:
    """What a plan takes away, as it is returned to the user."""
    return [{"kind": step.ref.kind, "namespace": step.ref.namespace, "name": step.ref.name} for step in steps]


def pods_of(names: Names) -> str:
    """The label selector of the istiod pods of a revision."""
    return f"app=istiod,{labels.REV}={names.revision}"


def refuse(blockers: Iterable[Mapping[str, Any]], revision: str, cluster: str) -> None:
    """Returns unless something still uses the revision.

    :param blockers: as they are returned to the user.
    :raises MeshyardError: something does; the first ten are named, all are in C(blockers).
    """
    found = list(blockers)
    if not found:
        return
    users = named((_described(one, cluster) for one in found), "; ")
    raise MeshyardError(
        f"Revision {revision} on cluster {cluster} is still in use: {users}.",
        "Move what is named in blockers to another revision first, or set force to true to break it.",
        blockers=found,
    )


def _described(blocker: Mapping[str, Any], cluster: str) -> str:
    """A blocker in words, with its cluster where that is another one."""
    elsewhere = blocker["cluster"] not in ("", cluster) and blocker["kind"] != "Cluster"
    return f"{described(blocker)} on cluster {blocker['cluster']}" if elsewhere else described(blocker)


def _is_derived(obj: Object) -> bool:
    return any(raw.text(one, "apiVersion") in _OF_KUBERNETES for one in raw.items(obj, "metadata", "ownerReferences"))


def _delete(ref: Ref, obj: Object, reason: str) -> Delete:
    return Delete(ref, str(obj["metadata"].get("uid", "")), reason)


def _is_own(obj: Object, names: Names) -> bool:
    """Whether an object was made for this revision: by its owner, else by its name and a mark of Istio."""
    owner = raw.labels_of(obj).get(labels.OWNER)
    if owner:
        return owner == install.owner(names.revision)
    return (obj["kind"], raw.name(obj)) in _inventory(names) and _of_istio(obj) and not _of_other(obj, names)


def _came_along(obj: Object, names: Names, releases: set[Origin]) -> bool:
    """Whether an object of another name was made together with this revision, by Helm or by istioctl."""
    marks, made = raw.labels_of(obj), maker.maker(obj)
    if labels.OWNER in marks or _of_other(obj, names):
        return False
    if made.kind == "helm":
        same_release = any((one.namespace, one.release) == (made.namespace, made.name) for one in releases)
        return same_release and marks.get(_CHART, "").startswith("istiod-")
    return made.kind == "istioctl" and marks.get(_COMPONENT) == "Pilot" and marks.get(labels.REV) == names.revision


def _of_istio(obj: Object) -> bool:
    marks = raw.labels_of(obj)
    return marks.get(_PART_OF) == "istio" or bool({_COMPONENT, labels.REV, "istio"} & marks.keys()) or "release" in marks


def _of_other(obj: Object, names: Names) -> bool:
    """Whether an object says that another revision uses it: a tag that has moved on, or a shared object."""
    return raw.labels_of(obj).get(labels.REV, names.revision) != names.revision or raw.name(obj) == labels.DEFAULT_VALIDATOR


def _inventory(names: Names) -> set[tuple[str, str]]:
    """What the charts have ever rendered for a revision, by kind and name."""
    named_like_istiod = (
        *("ServiceAccount", "Role", "RoleBinding", "Service", "EndpointSlice", "Deployment"),
        *("HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"),
    )
    jwks = suffixed("pilot-jwks-extra-cacerts", names.revision)
    policies = [f"{suffixed(base, names.revision)}-{names.namespace}.istio.io" for base in _POLICIES]
    return {
        *((kind, names.istiod) for kind in named_like_istiod),
        *((kind, f"{names.istiod}-remote") for kind in ("Service", "EndpointSlice")),
        *(("ConfigMap", name) for name in (names.mesh_config, names.injector, names.values, jwks)),
        *((kind, name) for kind in ("ClusterRole", "ClusterRoleBinding") for name in names.cluster_roles),
        ("MutatingWebhookConfiguration", names.mutating_webhook),
        ("ValidatingWebhookConfiguration", names.validating_webhook),
        ("ValidatingAdmissionPolicy", policies[0]),
        ("ValidatingAdmissionPolicyBinding", policies[1]),
    }


_POLICIES = ("stable-channel-policy", "stable-channel-policy-binding")
