# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Gateways of the Gateway API: istiod makes their Deployments, and the revision that owns the Gateway rolls them by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..._mesh import injection, labels, raw, verdict, workload
from .mesh import Mesh
from .restarts import WorkloadPlan


def is_managed(obj: raw.Raw) -> bool:
    """Whether istiod made this workload from a Gateway."""
    return labels.GATEWAY_MANAGED in raw.labels_of(obj)


def revision(gateway: raw.Raw, namespace_labels: Mapping[str, str], mesh: Mesh) -> str | None:
    """The revision that owns a Gateway: by its own label, else its namespace's, else the default one; None if none does.

    The label C(istio-injection) plays no part, and the Gateway's label outweighs the namespace's: other than with pods.
    """
    asked = raw.labels_of(gateway).get(labels.REV) or namespace_labels.get(labels.REV) or labels.DEFAULT
    owner = mesh.resolve(asked)
    return owner if any(plane.revision == owner for plane in mesh.planes) else None


def decision(gateway: raw.Raw | None, namespace_labels: Mapping[str, str], mesh: Mesh) -> injection.Decision:
    """What the pods of a Gateway get, in the words of the oracle."""
    owner = revision(gateway, namespace_labels, mesh) if gateway else None
    if owner is None:
        return injection.Decision("none", None, None, (), "No control plane owns the Gateway.")
    return injection.Decision("revision", owner, None, (), f"The Gateway belongs to revision {owner}.")


def of_pod(pod: raw.Raw, namespace_labels: Mapping[str, str], gateways: Iterable[raw.Raw], mesh: Mesh) -> injection.Decision:
    """What a new pod like this one gets.

    :param gateways: the Gateways of its namespace.
    """
    marks = raw.labels_of(pod)
    if labels.GATEWAY_NAME in marks:
        return decision(next((one for one in gateways if raw.name(one) == marks[labels.GATEWAY_NAME]), None), namespace_labels, mesh)
    host_network = raw.at(pod, "spec", "hostNetwork") is True
    return mesh.decide(raw.namespace(pod), namespace_labels, marks, raw.annotations_of(pod), host_network)


def workload_plan(
    deployment: raw.Raw, pods: Iterable[raw.Raw], gateways: Iterable[raw.Raw], namespace_labels: Mapping[str, str], mesh: Mesh
) -> WorkloadPlan:
    """What becomes of the Deployment of a Gateway when its namespace has these labels."""
    seen = workload.parse(deployment)
    name = seen.labels.get(labels.GATEWAY_NAME, "")
    found = next((one for one in gateways if raw.name(one) == name), None)
    owner = revision(found, namespace_labels, mesh) if found else None
    if found is None or owner is None:
        return WorkloadPlan(seen, None, "left", f"No revision here owns the Gateway {seen.namespace}/{name} of {seen}.")
    own = raw.labels_of(found).get(labels.REV)
    if own:
        reason = f"{seen} follows the Gateway {name}, which has a label {labels.REV}={own} of its own: istio_gateway moves it."
        return WorkloadPlan(seen, None, "left", reason)
    return rolled_by(deployment, pods, owner, mesh)


def rolled_by(deployment: raw.Raw, pods: Iterable[raw.Raw], owner: str, mesh: Mesh) -> WorkloadPlan:
    """What becomes of the Deployment of a Gateway that belongs to a revision."""
    seen, target = workload.parse(deployment), mesh.target(owner)
    if all(verdict.is_right(pod, target) for pod in pods):
        return WorkloadPlan(seen, target, "already")
    return WorkloadPlan(seen, target, "automatic", f"istiod {owner} rolls {seen} by itself.", waits=True)
