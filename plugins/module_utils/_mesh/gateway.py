# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Gateways: which workloads are one, where each gets its revision from, and the smallest patch that moves it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import injection, labels, raw, workload
from .plane import ControlPlane
from .webhook import Hook

KINDS = ("Deployment", "DaemonSet")
_ROUTER = ["proxy", "router"]


@dataclass(frozen=True)
class Gateway:
    """A gateway workload.

    C(managed) tells that istiod makes it from a Gateway of the Gateway API, C(gateway) names that. C(written) tells that its
    proxy is not injected but written in its pod template. C(source) says where its revision comes from: C(pod label),
    C(namespace label), C(default), C(gateway) or C(pod template). C(decision) is what a new pod of it gets. C(services) are
    the Services that select its pods.
    """

    kind: str
    namespace: str
    name: str
    services: tuple[str, ...]
    managed: bool
    gateway: str
    source: str
    label: str | None
    decision: injection.Decision
    workload: workload.Workload
    written: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True)
class Move:
    """How a gateway comes to another revision.

    C(patch) is a merge patch of the workload, None when none may or need be written. C(obstacle) says why it cannot
    be moved by a patch, C(note) what a patch alone does not do.
    """

    patch: dict[str, Any] | None
    obstacle: str | None = None
    note: str | None = None


def is_gateway(obj: raw.Raw, kind: str = "Deployment") -> bool:
    """Whether a workload is an Istio gateway: injected with the gateway template, made from a Gateway, or with a written proxy."""
    template = workload.pod_template(obj, kind)
    templates = raw.annotations_of(template).get(labels.TEMPLATES, "")
    return "gateway" in templates.split(",") or _managed(obj) or is_written(obj, kind)


def is_written(obj: raw.Raw, kind: str = "Deployment") -> bool:
    """Whether a workload is a gateway whose proxy is written in its pod template, as C(istioctl install) makes it."""
    template = workload.pod_template(obj, kind)
    if _managed(obj) or raw.labels_of(template).get(labels.INJECT) != "false" or labels.REV not in raw.annotations_of(template):
        return False
    containers = raw.items(template, "spec", "containers")
    return any(one.get("name") == labels.PROXY_CONTAINER and raw.items(one, "args")[:2] == _ROUTER for one in containers)


def gateways(
    workloads: Mapping[str, Iterable[raw.Raw]],
    services: Iterable[raw.Raw],
    namespaces: Iterable[raw.Raw],
    hooks: Sequence[Hook],
    planes: Sequence[ControlPlane] | None = None,
) -> list[Gateway]:
    """The gateways among workloads, which are given by kind."""
    services = list(services)
    namespace_labels = {raw.name(namespace): raw.labels_of(namespace) for namespace in namespaces}
    found = []
    for kind in KINDS:
        for obj in workloads.get(kind, ()):
            if is_gateway(obj, kind):
                around = namespace_labels.get(raw.namespace(obj), {})
                found.append(_gateway(obj, kind, services, around, hooks, planes))
    return found


def services_of(template_labels: Mapping[str, str], namespace: str, services: Iterable[raw.Raw]) -> list[str]:
    """The names of the Services in a namespace whose selector picks pods with these labels."""
    return sorted(
        raw.name(service)
        for service in services
        if raw.namespace(service) == namespace and _selects(raw.mapping(service, "spec", "selector"), template_labels)
    )


def move(gateway: Gateway, revision: str, namespace_labels: Mapping[str, str]) -> Move:
    """The smallest change that moves a gateway to a revision (or tag), as seen from its pod template."""
    if gateway.managed:
        return Move(None, note=f"{gateway} follows the Gateway {gateway.gateway}: label that, its namespace, or its tag.")
    if labels.REV in gateway.workload.selector:
        return Move(
            None,
            obstacle=f"{gateway} has {labels.REV} in its selector, which cannot be changed: install the gateway anew beside it.",
        )
    if gateway.written:
        return Move(None, note=f"The proxy of {gateway} is written in its pod template: istio_gateway rewrites what names the revision.")
    ignored = next((key for key in (labels.INJECTION, labels.REV) if key in namespace_labels), None)
    if ignored:
        held = f"{ignored}={namespace_labels[ignored]}"
        return Move(
            None,
            note=f"The namespace {gateway.namespace} has the label {held}, so that {labels.REV} on the pods of "
            f"{gateway} is ignored: move the namespace and restart it.",
        )
    if gateway.label == revision:
        return Move(None)
    return Move({"spec": {"template": {"metadata": {"labels": {labels.REV: revision}}}}})


def _gateway(
    obj: raw.Raw,
    kind: str,
    services: Sequence[raw.Raw],
    namespace_labels: Mapping[str, str],
    hooks: Sequence[Hook],
    planes: Sequence[ControlPlane] | None,
) -> Gateway:
    parsed = workload.parse(obj, kind)
    owner = raw.labels_of(obj).get(labels.GATEWAY_NAME, "")
    return Gateway(
        kind=kind,
        namespace=parsed.namespace,
        name=parsed.name,
        services=tuple(services_of(parsed.template_labels, parsed.namespace, services)),
        managed=_managed(obj),
        gateway=owner,
        source="pod template" if is_written(obj, kind) else _source(parsed.template_labels, namespace_labels, _managed(obj)),
        label=parsed.template_labels.get(labels.REV),
        decision=_decision(parsed, namespace_labels, hooks, planes),
        workload=parsed,
        written=is_written(obj, kind),
    )


def _decision(
    parsed: workload.Workload,
    namespace_labels: Mapping[str, str],
    hooks: Sequence[Hook],
    planes: Sequence[ControlPlane] | None,
) -> injection.Decision:
    return injection.desired(
        namespace_labels,
        parsed.template_labels,
        hooks,
        parsed.namespace,
        planes,
        pod_annotations=parsed.template_annotations,
        host_network=parsed.host_network,
    )


def _managed(obj: raw.Raw) -> bool:
    return labels.GATEWAY_MANAGED in raw.labels_of(obj)


def _source(template_labels: Mapping[str, str], namespace_labels: Mapping[str, str], managed: bool) -> str:
    if managed:
        return "gateway"
    if labels.INJECTION in namespace_labels or labels.REV in namespace_labels:
        return "namespace label"
    return "pod label" if labels.REV in template_labels else "default"


def _selects(selector: Mapping[str, Any], template_labels: Mapping[str, str]) -> bool:
    return bool(selector) and all(template_labels.get(key) == value for key, value in selector.items())
