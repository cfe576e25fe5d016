# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Revision tags: two objects that always point to the same revision, a webhook configuration and a Service."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels, raw, webhook
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.plane import ControlPlane
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.revision import Names, check_tag
from ansible_collections.meshyard.istio.plugins.module_utils._plan import adopt, install, ownership
from ansible_collections.meshyard.istio.plugins.module_utils._plan.convergence import CREATOR, converge, manager_of
from ansible_collections.meshyard.istio.plugins.module_utils._plan.steps import (
    OWNER_LABEL,
    Apply,
    Create,
    Object,
    Plan,
    Ref,
)

NEVER: Object = {"matchLabels": {labels.DEACTIVATED: "never-match"}}
_NO_LABELS = [{"key": labels.INJECTION, "operator": "DoesNotExist"}, {"key": labels.REV, "operator": "DoesNotExist"}]
_NOT_REFUSED = {"key": labels.INJECT, "operator": "NotIn", "values": ["false"]}
_SYSTEM = ["kube-system", "kube-public", "kube-node-lease", "local-path-storage"]
_COPIED = ("sideEffects", "rules", "failurePolicy", "reinvocationPolicy", "admissionReviewVersions", "timeoutSeconds")


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
            f"Choose one of those that are there: {', '.join(sorted(known)) or 'none'}.",
        )
    if not plane.available:
        lack = plane.rollout.why or ("it has no ready istiod" if not plane.serving else "its webhook has no CA bundle yet")
        raise MeshyardError(
            f"Tag {tag} cannot point to revision {revision} on cluster {cluster}, which is not ready: {lack}.",
            "Wait until the revision is ready (istio_revision does), then run again.",
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
    adopt.refuse_operators(live.values(), cluster)
    wanted = objects(tag, target)
    steps = install.with_adoption(converge(wanted, live, owner(tag), prune=False), owner(tag))
    bundles = _bundles(target.webhook)
    trusted = tuple(
        Create(_with_bundles(step.body, bundles), CREATOR, "new, with the CA bundle of its revision")
        for step in steps
        if isinstance(step, Apply) and step.live is None and step.ref.kind == "MutatingWebhookConfiguration"
    )
    # The Service and the webhook of a tag first: an unrevisioned plane sleeps only when another serves its pods.
    asleep = _put_to_sleep(target, default) if tag == labels.DEFAULT and default is not None else ()
    return (*trusted, *steps, *asleep)


def objects(tag: str, target: Target) -> list[Object]:
    """The wanted objects of a tag, made after those of its revision."""
    marks = {
        labels.TAG: tag,
        labels.REV: target.names.revision,
        OWNER_LABEL: owner(tag),
        "operator.istio.io/component": "Pilot",
        "app.kubernetes.io/name": "istiod",
        "app.kubernetes.io/part-of": "istio",
        "app.kubernetes.io/managed-by": "meshyard",
    }
    first = raw.items(target.webhook, "webhooks")[0]
    wanted = [
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": target.names.tag_webhook(tag), "labels": {**marks, "app": "sidecar-injector"}},
            "webhooks": [_hook(prefix, tag, first) for prefix in _prefixes(tag, target.every_pod)],
        }
    ]
    if target.service is not None:
        name, namespace = target.names.tag_service(tag), target.names.namespace
        metadata = {"name": name, "namespace": namespace, "labels": {**marks, "app": "istiod", "istio": "pilot"}}
        wanted.append({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": _ports_of(target.service)})
    return wanted


def _prefixes(tag: str, every_pod: bool) -> list[str]:
    default = ["namespace.", "object.", *(["auto."] if every_pod else [])]
    return ["rev.namespace.", "rev.object.", *(default if tag == labels.DEFAULT else [])]


def _hook(prefix: str, tag: str, canonical: Object) -> Object:
    called = {key: copy.deepcopy(canonical["clientConfig"][key]) for key in ("service", "url") if key in canonical["clientConfig"]}
    copied = {key: copy.deepcopy(canonical[key]) for key in _COPIED if key in canonical}
    return {"name": f"{prefix}{webhook.INJECTOR}", "clientConfig": called, **copied, **selectors(prefix, tag)}


def selectors(prefix: str, value: str) -> Object:
    """What a webhook of that prefix catches for a revision or tag, as the istiod chart has it."""
    here = {"key": labels.REV, "operator": "In", "values": [value]}
    unlabelled, no_injection = {"matchExpressions": _NO_LABELS}, _NO_LABELS[0]
    no_revision = _NO_LABELS[1]
    known: dict[str, tuple[Any, Any]] = {
        "rev.namespace.": ({"matchExpressions": [here, no_injection]}, {"matchExpressions": [_NOT_REFUSED]}),
        "rev.object.": (unlabelled, {"matchExpressions": [_NOT_REFUSED, here]}),
        "namespace.": (
            {"matchExpressions": [{"key": labels.INJECTION, "operator": "In", "values": ["enabled"]}]},
            {"matchExpressions": [_NOT_REFUSED]},
        ),
        "object.": (
            unlabelled,
            {"matchExpressions": [{"key": labels.INJECT, "operator": "In", "values": ["true"]}, no_revision]},
        ),
        "auto.": (
            {"matchExpressions": [*_NO_LABELS, {"key": labels.NAMESPACE_NAME, "operator": "NotIn", "values": _SYSTEM}]},
            {"matchExpressions": [{"key": labels.INJECT, "operator": "DoesNotExist"}, no_revision]},
        ),
    }
    if prefix not in known:
        return {}
    namespaces, pods = copy.deepcopy(known[prefix])
    return {"namespaceSelector": namespaces, "objectSelector": pods}


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


def _put_to_sleep(target: Target, default: Object) -> Plan:
    """The tag C(default) takes over what the unrevisioned plane catches; unless it points to just that one."""
    if target.names.revision == labels.DEFAULT:
        return wake_up(default)
    asleep = {"namespaceSelector": NEVER, "objectSelector": NEVER}
    return _set_selectors(default, lambda _prefix: asleep, "the tag default takes over what it catches")


def wake_up(default: Object) -> Plan:
    """The step that lets the webhooks of the unrevisioned plane catch pods again, where they were put to sleep."""
    return _set_selectors(
        default, lambda prefix: selectors(prefix, labels.DEFAULT), "it catches pods of the default revision again"
    )


def _set_selectors(configuration: Object, chosen: Callable[[str], Object], reason: str) -> Plan:
    """Applies only selectors, and only where a webhook has others."""
    now = {raw.text(hook, "name"): hook for hook in raw.items(configuration, "webhooks")}
    wanted = {name: chosen(name.removesuffix(webhook.INJECTOR)) for name in now}
    hooks = [{"name": name, **given} for name, given in wanted.items() if given]
    changed = tuple(
        f"webhooks[{hook['name']}].{key}" for hook in hooks for key, value in hook.items() if now[hook["name"]].get(key) != value
    )
    if not changed:
        return ()
    manager = manager_of(owner(labels.DEFAULT))
    body = {
        "apiVersion": configuration["apiVersion"],
        "kind": configuration["kind"],
        "metadata": {"name": raw.name(configuration)},
        "webhooks": hooks,
    }
    return (Apply(body, manager, configuration, reason, changed, ownership.overruled(configuration, manager, changed)),)


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
