# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The control planes of a cluster, whoever made them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import image, labels, maker, raw, tag, webhook, workload

CONTAINER = "discovery"
VERSION = "app.kubernetes.io/version"


@dataclass(frozen=True)
class ControlPlane:
    """One istiod.

    C(location) is C(cluster) when it runs here, C(remote) when the istiod of another cluster serves this one, and
    C(orphan) when nothing but a webhook is left of it. C(webhook) is C(ready), C(no_ca_bundle), C(deactivated) or
    C(missing). C(default) tells whether pods of C(istio-injection=enabled) namespaces come to it. C(rollout) tells
    how far its Deployment is at its present generation.
    """

    revision: str
    namespace: str
    location: str
    version: str
    image: str
    deployment: str
    service: str
    replicas: int
    ready: int
    generation: int
    observed_generation: int
    rollout: workload.Progress
    made_by: maker.Maker
    default: bool = False
    tags: tuple[str, ...] = ()
    webhook: str = "missing"

    @property
    def serving(self) -> bool:
        """Whether an istiod is there to answer; of a remote one only its webhook could tell."""
        return self.location == "remote" or (self.location == "cluster" and self.ready > 0)

    @property
    def available(self) -> bool:
        """Whether its present generation runs completely and its webhook can be called."""
        return self.serving and self.rollout.done and self.webhook in ("ready", "deactivated")


def control_planes(
    deployments: Iterable[raw.Raw], configurations: Iterable[raw.Raw] = (), services: Iterable[raw.Raw] = ()
) -> list[ControlPlane]:
    """Every control plane of a cluster.

    :param deployments: all or only those labelled C(app=istiod); others are passed over.
    :param configurations: the MutatingWebhookConfigurations.
    :param services: at least those of the control planes' namespaces.
    """
    configurations, services = list(configurations), list(services)
    hooks = webhook.hooks(configurations)
    tags = tag.tags(configurations, services)
    local = [_local(obj) for obj in deployments if raw.labels_of(obj).get("app") == "istiod"]
    planes = [*local, *_elsewhere(configurations, hooks, services, local)]
    return sorted((_with_webhooks(plane, hooks, tags) for plane in planes), key=lambda plane: (plane.namespace, plane.revision))


def behind(hook: webhook.Hook, planes: Iterable[ControlPlane]) -> ControlPlane | None:
    """The control plane that a webhook calls: the one with its Service, or of its revision if it calls a URL."""
    for plane in planes:
        if hook.service is None and plane.revision == hook.revision:
            return plane
        if hook.service is not None and (plane.namespace, plane.service) == (hook.service.namespace, hook.service.name):
            return plane
    return None


def _local(deployment: raw.Raw) -> ControlPlane:
    rolled = workload.parse(deployment, "Deployment")
    template = raw.mapping(deployment, "spec", "template", "metadata", "labels")
    shown = _istiod_image(deployment)
    return ControlPlane(
        revision=raw.labels_of(deployment).get(labels.REV) or template.get(labels.REV) or labels.DEFAULT,
        namespace=raw.namespace(deployment),
        location="cluster",
        version=_version(shown, raw.labels_of(deployment).get(VERSION, "")),
        image=shown,
        deployment=raw.name(deployment),
        # The charts and both operators name Service and Deployment alike.
        service=raw.name(deployment),
        replicas=rolled.replicas,
        ready=rolled.ready,
        generation=rolled.generation,
        observed_generation=rolled.observed_generation,
        rollout=workload.rolled_out(rolled),
        made_by=maker.maker(deployment),
    )


def _version(shown: str, label: str) -> str:
    """The version of istiod: by the tag of its image, unless that is one of somebody's own that names no release."""
    tagged = image.version(shown)
    if image.is_version(tagged):
        return tagged
    return image.release(tagged) or label or tagged


def _istiod_image(deployment: raw.Raw) -> str:
    containers: list[dict[str, Any]] = raw.items(deployment, "spec", "template", "spec", "containers")
    named = [one for one in containers if one.get("name") == CONTAINER] or containers
    return raw.text(named[0], "image") if named else ""


def _elsewhere(
    configurations: Sequence[raw.Raw],
    hooks: Sequence[webhook.Hook],
    services: Sequence[raw.Raw],
    local: Sequence[ControlPlane],
) -> list[ControlPlane]:
    """The planes that only a webhook configuration shows: served from another cluster, or left behind."""
    found = []
    for configuration in configurations:
        own = [hook for hook in hooks if hook.configuration == raw.name(configuration)]
        if own and not own[0].tag and behind(own[0], local) is None:
            found.append(_without_deployment(configuration, own[0], services))
    return found


def _without_deployment(configuration: raw.Raw, hook: webhook.Hook, services: Sequence[raw.Raw]) -> ControlPlane:
    service = hook.service
    remote = service is None or _leads_elsewhere(service, services)
    return ControlPlane(
        revision=hook.revision,
        namespace=service.namespace if service else "",
        location="remote" if remote else "orphan",
        version=raw.labels_of(configuration).get(VERSION, ""),
        image="",
        deployment="",
        service=service.name if service else "",
        replicas=0,
        ready=0,
        generation=0,
        observed_generation=0,
        rollout=workload.Progress(remote, False, "" if remote else "its Deployment is gone"),
        made_by=maker.maker(configuration),
    )


def _leads_elsewhere(service: webhook.Service, services: Sequence[raw.Raw]) -> bool:
    """Whether a Service is that of a remote istiod: it has no selector, since no pod here is behind it."""
    return any(
        (raw.namespace(obj), raw.name(obj)) == (service.namespace, service.name) and not raw.mapping(obj, "spec", "selector")
        for obj in services
    )


def _with_webhooks(plane: ControlPlane, hooks: Sequence[webhook.Hook], tags: Sequence[tag.Tag]) -> ControlPlane:
    own = [hook for hook in hooks if behind(hook, [plane])]
    return replace(
        plane,
        default=bool(webhook.serving_default(own)),
        tags=tuple(known.name for known in tag.of_revision(tags, plane.revision)),
        webhook=_webhook_state([hook for hook in own if not hook.tag]),
    )


def _webhook_state(hooks: Sequence[webhook.Hook]) -> str:
    if not hooks:
        return "missing"
    if not all(hook.trusted for hook in hooks):
        return "no_ca_bundle"
    return "deactivated" if all(hook.deactivated for hook in hooks) else "ready"
