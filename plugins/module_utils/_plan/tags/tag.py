# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Revision tags: two objects that always point to the same revision, a webhook configuration and a Service."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..._errors import MeshyardError
from ..._mesh import labels, raw
from ..._mesh.plane import ControlPlane
from ..._mesh.revision import Names, check_tag
from ..._words import listed
from ..objects import adoption
from ..objects.convergence import CREATOR, converge
from ..objects.steps import Apply, Create, Object, Plan, Ref
from . import webhooks as tag_webhooks


@dataclass(frozen=True)
class Target:
    """The revision that a tag is to point to, as its own objects show it.

    C(service) is None where its istiod is reached by a URL. C(every_pod): the revision injects namespaces without labels too.
    """

    names: Names
    webhook: Object
    service: Object | None
    every_pod: bool = False


def refuse_name(tag: str, planes: Iterable[ControlPlane]) -> None:
    """Returns unless the name is impossible, or that of a revision.

    :raises MeshyardError: it is.
    """
    check_tag(tag, [plane.revision for plane in planes])


def target_plane(revision: str, tag: str, planes: Iterable[ControlPlane], cluster: str) -> ControlPlane:
    """The control plane of a revision, ready to take the pods of a tag.

    :raises MeshyardError: there is none, or it is not ready.
    """
    known = {plane.revision: plane for plane in planes}
    plane = known.get(revision)
    if plane is None:
        raise MeshyardError(
            f"Tag {tag} cannot point to revision {revision}, which cluster {cluster} does not have.",
            f"Choose one of those that are there: {listed(sorted(known)) or 'none'}.",
            code="revision_missing",
        )
    if not plane.available:
        lack = plane.rollout.why or ("it has no ready istiod" if not plane.serving else "its webhook has no CA bundle yet")
        raise MeshyardError(
            f"Tag {tag} cannot point to revision {revision} on cluster {cluster}, which is not ready: {lack}.",
            "Wait until the revision is ready (istio_revision does), then run again.",
            code="revision_not_ready",
        )
    return plane


def owner(tag: str) -> str:
    """The owner of the objects of a tag."""
    return f"tag-{tag}"


def plan(tag: str, target: Target, live: Mapping[Ref, Object], default: Object | None, cluster: str) -> Plan:
    """The steps that point a tag to a revision, whoever made the tag.

    :param live: the objects of the tag that exist. :param default: the webhook configuration of the unrevisioned control plane.
    :raises MeshyardError: an operator keeps the tag.
    """
    adoption.refuse_operators(live.values(), cluster)
    wanted = objects(tag, target)
    steps = adoption.with_adoption(converge(wanted, live, owner(tag), prune=False), owner(tag))
    bundles = _bundles(target.webhook)
    trusted = tuple(
        Create(_with_bundles(step.body, bundles), CREATOR, "new, with the CA bundle of its revision")
        for step in steps
        if isinstance(step, Apply) and step.live is None and step.ref.kind == "MutatingWebhookConfiguration"
    )
    # The Service and the webhook of a tag first: an unrevisioned plane sleeps only when another serves its pods.
    return (*trusted, *steps, *(_selectors_of(default, target) if tag == labels.DEFAULT and default is not None else ()))


def warnings(tag: str, steps: Plan) -> list[str]:
    """What the user must know of a plan that takes a tag out of a Helm release."""
    return [
        f"Tag {tag} was part of Helm's release {release} and is not any more: the next upgrade of that release would claim it back, "
        f"unless it is taken out of its revisionTags."
        for release in adoption.helm_releases(steps)
    ]


def objects(tag: str, target: Target) -> list[Object]:
    """The wanted objects of a tag, made after those of its revision."""
    marks = {
        labels.TAG: tag,
        labels.REV: target.names.revision,
        labels.OWNER: owner(tag),
        "operator.istio.io/component": "Pilot",
        labels.APP_NAME: "istiod",
        "app.kubernetes.io/part-of": "istio",
        labels.MANAGED_BY: "meshyard",
    }
    first = raw.items(target.webhook, "webhooks")[0]
    wanted = [
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": target.names.tag_webhook(tag), "labels": {**marks, "app": "sidecar-injector"}},
            "webhooks": [tag_webhooks.hook(prefix, tag, first) for prefix in tag_webhooks.prefixes(tag, target.every_pod)],
        }
    ]
    if target.service is not None:
        name, namespace = target.names.tag_service(tag), target.names.namespace
        metadata = {"name": name, "namespace": namespace, "labels": {**marks, "app": "istiod", "istio": "pilot"}}
        wanted.append({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": _ports_of(target.service)})
    return wanted


def _ports_of(service: Object) -> Object:
    """The part of a revision's Service that its tags share: no address, no node ports."""
    ports = [
        {key: port[key] for key in ("name", "port", "protocol", "targetPort", "appProtocol") if key in port}
        for port in raw.items(service, "spec", "ports")
    ]
    families = {key: service["spec"][key] for key in ("ipFamilies", "ipFamilyPolicy") if key in service["spec"]}
    return {"ports": ports, "selector": raw.mapping(service, "spec", "selector"), **families}


def _bundles(canonical: Object) -> str:
    return next((raw.text(hook, "clientConfig", "caBundle") for hook in raw.items(canonical, "webhooks")), "")


def _with_bundles(body: Object, bundle: str) -> Object:
    complete = copy.deepcopy(body)
    for hook in complete["webhooks"] if bundle else ():
        hook["clientConfig"]["caBundle"] = bundle
    return complete


def _selectors_of(default: Object, target: Target) -> Plan:
    """The tag C(default) takes over what the unrevisioned plane catches; unless it points to just that one."""
    if target.names.revision == labels.DEFAULT:
        return tag_webhooks.wake_up(default)
    return tag_webhooks.put_to_sleep(default)


def planned(names: Names) -> Target:
    """A revision that an earlier task of the same run makes, as the official chart would render it."""
    service = {"namespace": names.namespace, "name": names.istiod, "path": "/inject", "port": 443}
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"], "scope": "*"}]
    hook = {
        "clientConfig": {"service": service},
        "rules": rules,
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "admissionReviewVersions": ["v1"],
    }
    ports = [
        {"name": name, "port": port, "protocol": "TCP", "targetPort": target}
        for name, port, target in (
            ("grpc-xds", 15010, 15010),
            ("https-dns", 15012, 15012),
            ("https-webhook", 443, 15017),
            ("http-monitoring", 15014, 15014),
        )
    ]
    selector = {"app": "istiod", **({"istio": "pilot"} if names.revision == labels.DEFAULT else {labels.REV: names.revision})}
    return Target(names, {"webhooks": [hook]}, {"spec": {"ports": ports, "selector": selector}})
