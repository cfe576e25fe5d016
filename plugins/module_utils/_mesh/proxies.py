# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The proxies that run in pods: by whom each was injected, and in which version."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import image, labels, raw
from .restart import Owners, owner_of_pod
from .workload import Owner

FINISHED = ("Succeeded", "Failed")


@dataclass(frozen=True)
class Proxy:
    """The proxy of one pod.

    C(revision) is the one that injected it, never a tag; None for a proxy that its author wrote into the pod.
    C(native) tells that it is a native sidecar, C(gateway) that it stands alone in front of others, C(own_image) that the pod
    brings the image of its proxy itself.
    """

    namespace: str
    pod: str
    workload: Owner
    revision: str | None
    image: str
    version: str
    native: bool
    gateway: bool
    ready: bool
    terminating: bool
    own_image: bool = False

    def __str__(self) -> str:
        return f"{self.namespace}/{self.pod}"


def proxies(pods: Iterable[raw.Raw], owners: Owners | None = None) -> list[Proxy]:
    """The proxies of all pods that have one and have not run to their end."""
    found = (proxy_of(pod, owners) for pod in pods if not finished(pod))
    return [proxy for proxy in found if proxy]


def proxy_of(pod: raw.Raw, owners: Owners | None = None) -> Proxy | None:
    """The proxy of a pod, or None."""
    container, native = _container(pod)
    if container is None:
        return None
    shown = raw.text(container, "image")
    return Proxy(
        namespace=raw.namespace(pod),
        pod=raw.name(pod),
        workload=owner_of_pod(pod, owners),
        revision=injected_by(pod),
        image=shown,
        version=image.version(shown),
        native=native,
        gateway=_is_gateway(pod, container),
        ready=_is_ready(pod),
        terminating=is_terminating(pod),
        own_image=_brings_image(pod, shown),
    )


def injected_by(pod: raw.Raw) -> str | None:
    """The revision that injected a pod, by its annotations; None when none did."""
    annotations = raw.annotations_of(pod)
    if annotations.get(labels.REV):
        return annotations[labels.REV]
    try:
        status = json.loads(annotations.get(labels.STATUS) or "{}")
    except ValueError:
        return None
    return (raw.text(status, "revision") or None) if isinstance(status, dict) else None


def is_terminating(pod: raw.Raw) -> bool:
    """Whether a pod is being deleted: it may still serve, and no longer counts as one of its workload."""
    return raw.at(pod, "metadata", "deletionTimestamp") is not None


def finished(pod: raw.Raw) -> bool:
    """Whether a pod has run to its end: it has no live proxy any more."""
    return raw.text(pod, "status", "phase") in FINISHED


def _container(pod: raw.Raw) -> tuple[dict[str, Any] | None, bool]:
    for group in ("containers", "initContainers"):
        for container in raw.items(pod, "spec", group):
            if container.get("name") == labels.PROXY_CONTAINER:
                return container, group == "initContainers"
    return None, False


def _brings_image(pod: raw.Raw, shown: str) -> bool:
    """Whether the image was chosen by an annotation, or by a container of the pod template, which the injector notes."""
    annotations = raw.annotations_of(pod)
    if image.same(annotations.get(labels.PROXY_IMAGE, ""), shown):
        return True
    try:
        noted = json.loads(annotations.get(labels.PROXY_OVERRIDES) or "{}")
    except ValueError:
        return False
    written = [*raw.items(noted, "containers"), *raw.items(noted, "initContainers")]
    return any(raw.text(one, "name") == labels.PROXY_CONTAINER and raw.text(one, "image") for one in written)


def _is_gateway(pod: raw.Raw, container: raw.Raw) -> bool:
    if raw.items(container, "args")[:2] == ["proxy", "router"]:
        return True
    templates = raw.annotations_of(pod).get(labels.TEMPLATES, "")
    return "gateway" in templates.split(",") or labels.GATEWAY_NAME in raw.labels_of(pod)


def _is_ready(pod: raw.Raw) -> bool:
    return any((raw.text(one, "type"), raw.text(one, "status")) == ("Ready", "True") for one in raw.items(pod, "status", "conditions"))
