# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Raw objects with nothing but the fields that decisions read, so that lists of a large cluster fit in memory.

A decision that reads a further field of a listed object needs it here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeAlias

from . import labels, raw

# A field is kept whole (None), in its fields that are named, or as a function makes it. A list is taken item by item.
Shape: TypeAlias = "Mapping[str, Shape] | Callable[[Any], Any] | None"

# Istio's own, this collection's, and those that tell who made an object.
_DOMAINS = ("istio.io", "meshyard.io", "meta.helm.sh", "argocd.argoproj.io", "operator-sdk")
_CONDITIONS = frozenset({"Ready", "Progressing", "Complete", "Failed"})


def of(kind: str) -> Callable[[raw.Raw], dict[str, Any]]:
    """What makes an object of a kind small; of a kind that is not named below, metadata are all that is kept."""
    return partial(_cut, shape={"apiVersion": None, "kind": None, "metadata": _METADATA, **_SHAPES.get(kind, {})})


def _cut(value: Any, shape: Shape) -> Any:
    if shape is None:
        return value
    if callable(shape):
        return shape(value)
    if isinstance(value, list):
        return [_cut(one, shape) for one in value]
    if not isinstance(value, Mapping):
        return value
    return {key: _cut(value[key], inner) for key, inner in shape.items() if key in value}


def _texts(found: Any) -> Any:
    """A map of texts, of which many objects have the same ones: each is kept once."""
    if not isinstance(found, Mapping):
        return found
    return {_once(key): _once(value) for key, value in found.items()}


def _once(text: Any) -> Any:
    return sys.intern(str(text)) if isinstance(text, str) else text


def _annotations(found: Any) -> Any:
    if not isinstance(found, Mapping):
        return found
    return _texts({key: value for key, value in found.items() if key.partition("/")[0].endswith(_DOMAINS)})


def _of_pod(found: Any) -> Any:
    """Its annotations without the long record of its injection, of which nothing is read where the revision is told by itself."""
    kept = _annotations(found)
    return {key: value for key, value in kept.items() if key != labels.STATUS} if isinstance(kept, dict) and kept.get(labels.REV) else kept


def _conditions(found: Any) -> Any:
    shape: Shape = {"type": _once, "status": _once, "reason": _once}
    return [_cut(one, shape) for one in found if raw.text(one, "type") in _CONDITIONS] if isinstance(found, list) else found


def _command(found: Any) -> Any:
    """The words that tell a gateway's proxy from a sidecar."""
    return [_once(word) for word in found[:2]] if isinstance(found, list) else found


def _drains(found: Any) -> Any:
    """The variable by which a proxy outlives its connections."""
    return [one for one in found if raw.text(one, "name") == labels.DRAINS] if isinstance(found, list) else found


_METADATA: Mapping[str, Shape] = {
    "name": None,
    "namespace": _once,
    "uid": None,
    "generation": None,
    "deletionTimestamp": None,
    "labels": _texts,
    "annotations": _annotations,
    "ownerReferences": {"apiVersion": _once, "kind": _once, "name": _once, "controller": None},
}
_CONTAINERS: Mapping[str, Shape] = {"name": _once, "image": _once, "args": _command}
_POD_SPEC: Mapping[str, Shape] = {"hostNetwork": None, "containers": _CONTAINERS, "initContainers": _CONTAINERS}
# What a restart drops depends on the template too.
_TEMPLATE_SPEC: Mapping[str, Shape] = {
    **_POD_SPEC,
    "containers": {**_CONTAINERS, "readinessProbe": None, "lifecycle": None, "env": _drains},
    "terminationGracePeriodSeconds": None,
}
_TEMPLATE: Shape = {"metadata": {"labels": _texts, "annotations": _annotations}, "spec": _TEMPLATE_SPEC}
_COUNTS = (
    *("observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas"),
    *("desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled", "numberReady", "numberAvailable"),
    *("currentRevision", "updateRevision"),
)
_WORKLOAD: Mapping[str, Shape] = {
    "spec": {
        **dict.fromkeys(("replicas", "paused", "selector", "strategy", "updateStrategy")),
        "template": _TEMPLATE,
        "jobTemplate": {"spec": {"template": _TEMPLATE}},
    },
    "status": {**dict.fromkeys(_COUNTS), "conditions": _conditions},
}
_SHAPES: Mapping[str, Mapping[str, Shape]] = {
    "Pod": {
        "metadata": {**_METADATA, "annotations": _of_pod},
        "spec": _POD_SPEC,
        "status": {"phase": _once, "conditions": _conditions, "podIPs": None},
    },
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController", "Rollout"), _WORKLOAD),
    "MutatingWebhookConfiguration": {"webhooks": None},
    "ValidatingWebhookConfiguration": {"webhooks": None},
    # istiod writes them into every namespace, and only their managers tell those apart.
    "ConfigMap": {"metadata": {**_METADATA, "annotations": None, "managedFields": {"manager": _once}}},
    "Service": {"spec": {"selector": _texts}},
    "Gateway": {"spec": {"gatewayClassName": None}},
    "Node": {"spec": {"podCIDR": None, "podCIDRs": None}, "status": {"images": {"names": None}}},
    "EnvoyFilter": {"spec": {"workloadSelector": None, "configPatches": {"match": {"proxy": None}}}},
    "WasmPlugin": {"spec": {"url": None}},
    "PodDisruptionBudget": {"status": {"currentHealthy": None, "desiredHealthy": None}},
}
