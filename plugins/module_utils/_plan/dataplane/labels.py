# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Which labels of a namespace and of its pod templates change, so that its pods come to a revision, leave the mesh, or go back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..._mesh import gateway, labels, proxies, raw, workload
from ..._mesh.restart import Owners
from . import previous_labels
from .mesh import Mesh
from .previous_labels import Labels

KEYS = (labels.REV, labels.INJECTION)


@dataclass(frozen=True)
class MoveRequest:
    """What the caller wants of namespaces.

    :ivar state: C(present), C(absent) or C(former).
    :ivar revision: a revision or tag; empty unless C(present).
    :ivar label: what to write into C(istio.io/rev).
    :ivar scope: C(namespace), C(pods), or C(auto) to judge by what is there.
    :ivar restart: whether pods are replaced. :ivar wait: whether rollouts are waited for.
    :ivar forget: whether the record of former labels is dropped.
    """

    state: str
    revision: str = ""
    label: str = ""
    scope: str = "auto"
    restart: bool = True
    forget: bool = False
    wait: bool = True


@dataclass(frozen=True)
class NamespaceState:
    """One namespace as it was seen, with its raw objects.

    :ivar obj: the Namespace, None where it does not exist.
    :ivar workloads: its Deployments, StatefulSets and DaemonSets.
    :ivar gateways: its Gateways of the Gateway API.
    """

    name: str
    obj: raw.Raw | None
    workloads: tuple[raw.Raw, ...] = ()
    pods: tuple[raw.Raw, ...] = ()
    owners: Owners = field(default_factory=dict)
    gateways: tuple[raw.Raw, ...] = ()

    @property
    def labels(self) -> dict[str, str]:
        """The namespace's labels."""
        return raw.labels_of(self.obj or {})

    @property
    def live_pods(self) -> list[raw.Raw]:
        """The pods that neither end nor have ended."""
        return [pod for pod in self.pods if raw.at(pod, "metadata", "deletionTimestamp") is None and not proxies.finished(pod)]


def by_pods(namespace_state: NamespaceState, request: MoveRequest) -> bool:
    """Whether pod templates carry the revision rather than the namespace.

    So it is where the namespace has no injection label and pods ask for a sidecar by labels of their own: a label on
    the namespace would bring everything else in it into the mesh too.
    """
    if request.scope != "auto":
        return request.scope == "pods"
    if any(key in namespace_state.labels for key in KEYS) or (namespace_state.obj and previous_labels.checked(namespace_state.obj)):
        return False
    templates = any(pinned(obj) for obj in namespace_state.workloads)
    return templates or any(_asks(raw.labels_of(pod)) for pod in namespace_state.live_pods)


def pinned(obj: raw.Raw) -> bool:
    """Whether the pods of a workload ask for a sidecar by labels of their own, or did before they were changed here."""
    return _asks(_template_labels(obj)) or bool(previous_labels.checked(obj))


def namespace_changes(namespace_state: NamespaceState, request: MoveRequest, mesh: Mesh) -> Labels:
    """The labels of the namespace that change; null removes one."""
    present = namespace_state.labels
    return {key: value for key, value in _wanted(namespace_state, request, mesh).items() if present.get(key) != value}


def template_changes(obj: raw.Raw, namespace_state: NamespaceState, request: MoveRequest, mesh: Mesh, after: Mapping[str, str]) -> Labels:
    """The labels of a workload's pod template that change.

    :param after: the labels of the namespace as they will be.
    """
    template = _template_labels(obj)
    wanted: Labels = {}
    if request.state == "former":
        wanted = {} if _ours(obj) else (previous_labels.checked(obj) or {})
    elif not gateway.is_gateway(obj, raw.text(obj, "kind")):
        if request.state == "present" and by_pods(namespace_state, request) and pinned(obj):
            wanted = {labels.REV: request.label}
        elif request.state == "absent" and _injected(obj, namespace_state, mesh, after):
            wanted = {labels.REV: None}
            wanted |= {labels.INJECT: None} if template.get(labels.INJECT) == "true" else {}
    return {key: value for key, value in wanted.items() if template.get(key) != value}


def changed(before: Mapping[str, str], changes: Labels) -> dict[str, str]:
    """Labels after a change."""
    merged = {**before, **changes}
    return {key: value for key, value in merged.items() if value is not None}


def injection_labels(all_labels: Mapping[str, str]) -> dict[str, str]:
    """The labels among others that decide about injection."""
    return {key: all_labels[key] for key in KEYS if key in all_labels}


def _wanted(namespace_state: NamespaceState, request: MoveRequest, mesh: Mesh) -> Labels:
    if request.state == "present":
        return {} if by_pods(namespace_state, request) else {labels.REV: request.label, labels.INJECTION: None}
    if request.state == "former":
        return previous_labels.checked(namespace_state.obj or {}) or {}
    bare = _without(namespace_state.labels, KEYS)
    out = mesh.decide(namespace_state.name, bare, {}).kind == "none"
    # With enableNamespacesByDefault a namespace without labels is injected too.
    return {labels.REV: None, labels.INJECTION: None if out else "disabled"}


def _injected(obj: raw.Raw, namespace_state: NamespaceState, mesh: Mesh, after: Mapping[str, str]) -> bool:
    parsed = workload.parse(obj)
    return mesh.decide(namespace_state.name, after, parsed.template_labels, parsed.template_annotations, parsed.host_network).kind != "none"


def _asks(pod_labels: Mapping[str, str]) -> bool:
    return labels.REV in pod_labels or pod_labels.get(labels.INJECT) == "true"


def _ours(obj: raw.Raw) -> bool:
    """Whether the workload is a gateway that this collection rendered: its record is another one's business."""
    return labels.OWNER in raw.labels_of(obj)


def _template_labels(obj: raw.Raw) -> dict[str, str]:
    return workload.parse(obj).template_labels


def _without(mapping: Mapping[str, str], keys: Iterable[str]) -> dict[str, str]:
    dropped = set(keys)
    return {key: value for key, value in mapping.items() if key not in dropped}
