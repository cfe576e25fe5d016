# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The canary beside the Deployment that is released: the labels that tell their pods apart, its own Deployment, and its Service."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..._mesh import labels, maker, raw, selector, workload
from ..objects.steps import Object
from .copies import copied
from .target import CANARY, Target

_LONGEST = 63
_HASH = 8
_NAMES = (labels.CANONICAL_NAME, labels.APP_NAME, "app")  # where Istio looks for the canonical name, in this order
_OF_PORTS = ("name", "port", "protocol", "targetPort", "appProtocol")
_OF_SERVICES = (
    "ipFamilyPolicy",
    "ipFamilies",
    "internalTrafficPolicy",
    "publishNotReadyAddresses",
    "sessionAffinity",
    "sessionAffinityConfig",
    "trafficDistribution",
)
_HEADLESS = "None"
# Who applies, tracks or numbers the stable Deployment must not find a second one.
_TRACKED = frozenset({labels.MANAGED_BY, "helm.sh/chart", *maker.FLUX_LABELS})
_TRACKERS = ("kubectl.kubernetes.io", "deployment.kubernetes.io", "meshyard.io", "meta.helm.sh", "argocd.argoproj.io")


def canary_value(value: str) -> str:
    """The canary's value of a label, never longer than a label may be."""
    whole = f"{value}{CANARY}".lstrip("-")
    if len(whole) <= _LONGEST:
        return whole
    short = hashlib.sha256(value.encode()).hexdigest()[:_HASH]
    return f"{value[: _LONGEST - len(CANARY) - _HASH - 1]}-{short}{CANARY}"


def canary_labels(deployment: raw.Raw, services: Iterable[raw.Raw], template: raw.Raw) -> dict[str, str]:
    """The labels of the template that the canary has otherwise: each by which the Deployment or a Service in front of it selects.

    Istio's own stay. Telemetry goes on under the stable's canonical name.
    """
    present = raw.labels_of(template)
    selecting = [own_selector(deployment), *(selector_of(one) for one in in_front(services, template))]
    keys = {key for wanted in selecting for key in wanted if key in present and not labels.is_of_istio(key)}
    changed = {key: canary_value(present[key]) for key in sorted(keys)}
    name = raw.name(deployment)
    stable = _canonical_name(present, name)
    return changed if _canonical_name({**present, **changed}, f"{name}{CANARY}") == stable else {**changed, labels.CANONICAL_NAME: stable}


def in_front(services: Iterable[raw.Raw], template: raw.Raw) -> Iterator[raw.Raw]:
    """The Services that select pods of a template."""
    for service in services:
        wanted = selector_of(service)
        if wanted and wanted.items() <= raw.labels_of(template).items():
            yield service


def selector_of(service: raw.Raw) -> dict[str, str]:
    """The labels by which a Service selects."""
    return raw.mapping(service, "spec", "selector")


def own_selector(deployment: raw.Raw) -> dict[str, str]:
    """The labels that a Deployment's pods must have."""
    return workload.parse(deployment, "Deployment").selector


def deployment(stable: raw.Raw, template: raw.Raw, target: Target, changed: Mapping[str, str], replicas: int) -> Object:
    """The canary's Deployment: all that the stable one says of its pods and their rollout, with the new template.

    :param changed: the labels that tell its pods from the stable ones.
    """
    spec = copy.deepcopy(raw.mapping(stable, "spec"))
    spec.pop("paused", None)
    own = raw.mapping(spec, "selector", "matchLabels")
    spec["replicas"] = replicas
    spec["selector"] = {**spec.get("selector", {}), "matchLabels": {key: changed.get(key, value) for key, value in own.items()}}
    spec["template"] = _template(template, changed)
    notes = {key: value for key, value in raw.annotations_of(stable).items() if key.partition("/")[0] not in _TRACKERS}
    metadata = {
        "name": target.canary,
        "namespace": target.namespace,
        "labels": {**_labels(stable, changed), **target.labels},
        **({"annotations": notes} if notes else {}),
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def service(stable: raw.Raw, target: Target, changed: Mapping[str, str]) -> Object:
    """The canary's Service: the same ports inside the cluster, without a node's port or an address of its own choice.

    :param changed: the labels that tell the canary's pods from the stable ones.
    """
    before = raw.mapping(stable, "spec")
    spec: Object = {
        "type": "ClusterIP",
        "selector": {key: changed.get(key, value) for key, value in raw.mapping(before, "selector").items()},
        "ports": [{key: port[key] for key in _OF_PORTS if key in port} for port in raw.items(before, "ports")],
        **{key: before[key] for key in _OF_SERVICES if key in before},
    }
    if before.get("clusterIP") == _HEADLESS:
        spec["clusterIP"] = _HEADLESS
    return {**copied({"apiVersion": "v1", "kind": "Service", **stable}, target.canary_service.name, target), "spec": copy.deepcopy(spec)}


def _canonical_name(marks: Mapping[str, str], name: str) -> str:
    return next((marks[key] for key in _NAMES if marks.get(key)), name)


def _labels(stable: raw.Raw, changed: Mapping[str, str]) -> dict[str, str]:
    """Argo CD tracks by the label of the instance unless told otherwise, and would take the canary away."""
    kept = {key: changed.get(key, value) for key, value in raw.labels_of(stable).items()}
    same_instance = {labels.APP_INSTANCE} - changed.keys()
    return {key: value for key, value in kept.items() if key not in _TRACKED | same_instance and key.partition("/")[0] not in _TRACKERS}


def _template(template: raw.Raw, changed: Mapping[str, str]) -> Object:
    made: Object = copy.deepcopy(dict(template))
    before = raw.labels_of(made)
    made["metadata"] = {**raw.mapping(made, "metadata"), "labels": {**before, **changed}}
    for term in _placing(raw.mapping(made, "spec")):
        found = raw.mapping(term, "labelSelector")
        if found and selector.parse(found).matches(before):
            term["labelSelector"] = _selecting(found, before, changed)
    return made


def _placing(spec: raw.Raw) -> Iterator[dict[str, Any]]:
    """The terms that place a pod by the labels of others, to be changed in place."""
    yield from raw.items(spec, "topologySpreadConstraints")
    for kind in ("podAffinity", "podAntiAffinity"):
        yield from raw.items(spec, "affinity", kind, "requiredDuringSchedulingIgnoredDuringExecution")
        for weighted in raw.items(spec, "affinity", kind, "preferredDuringSchedulingIgnoredDuringExecution"):
            if "podAffinityTerm" in weighted:
                yield weighted["podAffinityTerm"]


def _selecting(found: raw.Raw, before: Mapping[str, str], changed: Mapping[str, str]) -> Object:
    """A selector of the stable's pods, made one of the canary's."""
    result: Object = dict(found)
    if "matchLabels" in found:
        result["matchLabels"] = {key: changed.get(key, value) for key, value in raw.mapping(found, "matchLabels").items()}
    if "matchExpressions" in found:
        result["matchExpressions"] = [_expression(one, before, changed) for one in raw.items(found, "matchExpressions")]
    return result


def _expression(one: Object, before: Mapping[str, str], changed: Mapping[str, str]) -> Object:
    key = one.get("key", "")
    if one.get("operator") != "In" or key not in changed:
        return one
    return {**one, "values": [changed[key] if value == before.get(key) else value for value in raw.items(one, "values")]}
