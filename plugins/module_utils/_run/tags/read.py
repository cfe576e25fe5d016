# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading what decides about a revision tag: its two objects, the control planes, and who follows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._cluster.wait import Pending, Ready
from ..._errors import MeshyardError
from ..._mesh import labels, plane, raw, reduced, webhook
from ..._mesh import tag as tags
from ..._mesh.evidence import TEMPLATE_KINDS
from ..._mesh.revision import Names
from ..._plan.objects.steps import Apply, Object, Ref, ref_of
from ..._plan.tags import removal as tag_removal
from ..._plan.tags import tag as decision
from ..._plan.tags import webhooks as tag_webhooks
from ..control_plane.readiness import Injection

_WEBHOOK = kinds.kind("MutatingWebhookConfiguration")


@dataclass(frozen=True)
class Seen:
    """The webhook configurations of a cluster, its istiods, and the Services of the control plane's namespace."""

    namespace: str
    configurations: list[Object]
    deployments: list[Object]
    services: list[Object]

    @cached_property
    def planes(self) -> list[plane.ControlPlane]:
        """The control planes of this namespace."""
        found = plane.control_planes(self.deployments, self.configurations, self.services)
        # A webhook that calls a URL tells no namespace: its istiod runs elsewhere.
        return [one for one in found if one.namespace in (self.namespace, "" if one.location == "remote" else self.namespace)]

    def tag(self, name: str) -> dict[Ref, Object]:
        """The objects of a tag, by their names or their labels."""
        names = Names("", self.namespace)
        known = {names.tag_webhook(name), names.tag_service(name)}
        found = (*self.configurations, *self.services)
        return {ref_of(obj): obj for obj in found if raw.name(obj) in known or self._says(obj, name)}

    def _says(self, obj: Object, name: str) -> bool:
        called = {hook.service.namespace for hook in webhook.hooks([obj]) if hook.service}
        return raw.labels_of(obj).get(labels.TAG) == name and (not called or self.namespace in called)

    def revision(self, name: str) -> str | None:
        """The revision that a tag points to now."""
        objects = self.tag(name).values()
        claims = tags.tags([o for o in objects if o["kind"] != "Service"], [o for o in objects if o["kind"] == "Service"])
        return claims[0].revision if claims else None

    def configuration(self, name: str) -> Object | None:
        """A webhook configuration by its name."""
        return next((obj for obj in self.configurations if raw.name(obj) == name), None)


def seen(cluster: Cluster, namespace: str) -> Seen:
    """Three list requests."""
    return Seen(
        namespace=namespace,
        configurations=read.objects(cluster, _WEBHOOK),
        deployments=read.objects(cluster, kinds.kind("Deployment"), namespace, labels="app=istiod"),
        services=read.objects(cluster, kinds.kind("Service"), namespace),
    )


def refuse_name_of_tag(cluster: Cluster, revision: str) -> None:
    """Returns unless a new revision would have the name of a tag.

    :raises MeshyardError: it would; what follows the tag would be caught by both webhooks.
    """
    holders = read.objects(cluster, _WEBHOOK, labels=f"{labels.TAG}={revision}", metadata_only=True)
    if revision != labels.DEFAULT and holders:
        raise MeshyardError(
            f"There is a tag {revision} on cluster {cluster.name}, which a revision cannot be called: "
            "what follows the tag would be injected twice.",
            "Choose another name for the revision, or remove the tag first.",
            code="revision_is_tag",
        )


def target(cluster: Cluster, found: Seen, tag: str, revision: str) -> decision.Target:
    """The revision that a tag is to point to, which must be there."""
    names = Names(revision, found.namespace)
    configuration = found.configuration(names.mutating_webhook)
    service = next((obj for obj in found.services if raw.name(obj) == names.istiod), None)
    every_pod = tag == labels.DEFAULT and _injects_every_pod(cluster, names)
    return decision.Target(names, configuration or {}, service, every_pod)


def _injects_every_pod(cluster: Cluster, names: Names) -> bool:
    """Whether the revision's values say that namespaces without any label are injected too."""
    found = read.get(cluster, kinds.kind("ConfigMap"), names.injector, names.namespace)
    try:
        values = json.loads(raw.text(found or {}, "data", "values") or "{}")
    except ValueError:
        return False
    return raw.at(values, "sidecarInjectorWebhook", "enableNamespacesByDefault") is True


def settled(cluster: Cluster, refs: Iterable[Ref], injection: Injection | None) -> Callable[[], Pending | Ready[None]]:
    """The condition that the webhooks of a tag can be called, and that a test pod comes to the revision."""
    names = [ref.name for ref in refs if ref.kind == _WEBHOOK.name]

    def look() -> Pending | Ready[None]:
        for name in names:
            live = read.get(cluster, _WEBHOOK, name)
            if live is None or not all(hook.trusted for hook in webhook.hooks([live])):
                return Pending(f"istiod to set the CA bundle of MutatingWebhookConfiguration {name}")
        missing = injection.missing() if injection else ""
        return Pending(missing) if missing else Ready(None)

    return look


def followers(cluster: Cluster, found: Seen, tag: str) -> list[str]:
    """Namespaces and workloads that follow a tag and would be left without, in words: six list requests."""
    going = {ref for ref in found.tag(tag) if ref.kind == _WEBHOOK.name}
    kept = [_awake(obj, tag) for obj in found.configurations if ref_of(obj) not in going]
    namespaces = read.objects(cluster, kinds.kind("Namespace"), metadata_only=True, reduced=reduced.of("Namespace"))
    lists = [read.objects(cluster, kinds.kind(name), reduced=reduced.of(name)) for name in TEMPLATE_KINDS if name != "ReplicaSet"]
    templated = [obj for found in lists for obj in found]
    by_namespace = tag_removal.followers(tag, namespaces, found.configurations, kept, found.planes)
    return [*by_namespace, *tag_removal.asking(tag, templated)]


def _awake(configuration: Object, tag: str) -> Object:
    """The configuration of the unrevisioned plane as it will be when the tag C(default) is gone."""
    steps = tag_webhooks.wake_up(configuration) if tag == labels.DEFAULT and _is_unrevisioned(configuration) else ()
    chosen = {hook["name"]: hook for step in steps if isinstance(step, Apply) for hook in step.body["webhooks"]}
    hooks = [{**hook, **chosen.get(hook["name"], {})} for hook in raw.items(configuration, "webhooks")]
    return {**configuration, "webhooks": hooks}


def _is_unrevisioned(configuration: Object) -> bool:
    marks = raw.labels_of(configuration)
    return marks.get(labels.REV) == labels.DEFAULT and labels.TAG not in marks
