# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""How far the parts of a control plane are, judged from its live objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._mesh import labels, raw, webhook, workload
from ..objects.steps import Object, Ref

CREATED, RECONCILING, AVAILABLE = "created", "reconciling", "available"
# The kinds that have a state of their own, and what they are to the control plane.
COMPONENTS = {
    "Deployment": "istiod",
    "MutatingWebhookConfiguration": "injection webhook",
    "ValidatingWebhookConfiguration": "validation webhook",
}


@dataclass(frozen=True)
class Component:
    """One part of a control plane.

    C(status) is C(created), C(reconciling) or C(available); C(why) says in words what an unavailable one waits for.
    """

    component: str
    kind: str
    name: str
    status: str
    why: str = ""

    def describe(self) -> dict[str, Any]:
        """As it is returned to the user."""
        return {"component": self.component, "kind": self.kind, "name": self.name, "status": self.status}


def concerned(refs: Iterable[Ref]) -> list[Ref]:
    """Those of the objects of a control plane that have a state of their own, in the order of what waits for what."""
    order = list(COMPONENTS)
    return sorted((ref for ref in refs if ref.kind in COMPONENTS), key=lambda ref: (order.index(ref.kind), ref.name))


def components(refs: Iterable[Ref], live: Mapping[Ref, Object]) -> list[Component]:
    """The state of each of these objects; one that is not live yet counts as created, which it will be."""
    return [_judge(ref, live.get(ref)) for ref in refs]


def missing(parts: Iterable[Component]) -> str:
    """What the first part that is not available waits for, in words; empty when all are available."""
    return next((f"{part.kind} {part.name}: {part.why}" for part in parts if part.status != AVAILABLE), "")


def trusted_and_closed(validator: raw.Raw) -> bool:
    """Whether the API server can ask the validator behind each webhook, and refuses what it cannot ask about."""
    hooks = raw.items(validator, "webhooks")
    return bool(hooks) and all(raw.text(hook, "failurePolicy") == "Fail" and _trusted(hook) for hook in hooks)


def _judge(ref: Ref, live: Object | None) -> Component:
    status, why = (CREATED, "it does not exist yet") if live is None else _STATES[ref.kind](live)
    return Component(COMPONENTS[ref.kind], ref.kind, ref.name, status, why)


def _deployment(live: Object) -> tuple[str, str]:
    rolled = workload.parse(live)
    progress = workload.rolled_out(rolled)
    if progress.done:
        return AVAILABLE, ""
    return (RECONCILING if rolled.observed_generation else CREATED), progress.why


def _mutating(live: Object) -> tuple[str, str]:
    hooks = webhook.hooks([live])
    if all(hook.trusted for hook in hooks):
        return AVAILABLE, ""
    return CREATED, "istiod has not set its CA bundle yet"


def _validating(live: Object) -> tuple[str, str]:
    if trusted_and_closed(live):
        return AVAILABLE, ""
    if all(_trusted(hook) for hook in raw.items(live, "webhooks")):
        return RECONCILING, "istiod has not closed it yet (failurePolicy Fail)"
    return CREATED, "istiod has not set its CA bundle yet"


def _trusted(hook: raw.Raw) -> bool:
    return bool(raw.text(hook, "clientConfig", "caBundle") or raw.text(hook, "clientConfig", "url"))


_STATES = {
    "Deployment": _deployment,
    "MutatingWebhookConfiguration": _mutating,
    "ValidatingWebhookConfiguration": _validating,
}


def probe_pod(namespace: str, revision: str, image: str) -> Object:
    """A pod for a dry run that a revision or tag injects wherever its namespace says nothing else.

    It asks for little, so that quotas and limits of the namespace do not stand in its way.
    """
    small = {"cpu": "10m", "memory": "16Mi"}
    container = {"name": "probe", "image": image, "resources": {"requests": small, "limits": small}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "meshyard-injection-probe",
            "namespace": namespace,
            "labels": {labels.REV: revision, labels.INJECT: "true"},
        },
        "spec": {"containers": [container], "restartPolicy": "Never"},
    }


def probe_namespaces(namespaces: Iterable[raw.Raw], own: str) -> list[str]:
    """Where a probe pod's own label decides, the control plane's namespace first; at most three."""
    unlabelled = [
        raw.name(namespace)
        for namespace in namespaces
        if not {labels.INJECTION, labels.REV} & raw.labels_of(namespace).keys() and not _system(raw.name(namespace))
    ]
    return sorted(unlabelled, key=lambda name: (name != own, name != "default", name))[:3]


def injected_by(pod: raw.Raw) -> tuple[str, str]:
    """The revision that injected a pod, and the image of its proxy; both empty where none did."""
    containers = [*raw.items(pod, "spec", "containers"), *raw.items(pod, "spec", "initContainers")]
    images = [raw.text(one, "image") for one in containers if one.get("name") == labels.PROXY_CONTAINER]
    return raw.annotations_of(pod).get(labels.REV, ""), images[0] if images else ""


def _system(namespace: str) -> bool:
    return namespace.startswith("kube-") or namespace == "local-path-storage"
