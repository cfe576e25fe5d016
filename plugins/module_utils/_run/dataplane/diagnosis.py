# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Why a workload does not roll: what its pods wait for, and the last events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._mesh import raw
from ..._mesh.workload import Workload
from .read import pods_with

_PODS, _EVENTS = 5, 5
_NO_IMAGE = {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
_CRASHES = {"CrashLoopBackOff", "RunContainerError", "CreateContainerError", "CreateContainerConfigError"}


def report(cluster: Cluster, seen: Workload, why: str) -> dict[str, Any]:
    """What is known of a workload that does not roll: the pods that are not ready with their reasons, the last warnings."""
    unready = [pod for pod in pods_with(cluster, seen.namespace, seen.selector) if _reasons(pod)]
    events = read.objects(cluster, kind("Event"), seen.namespace, fields="type=Warning")
    concerned = [event for event in events if _concerns(event, seen.name)]
    return {
        "kind": seen.kind,
        "namespace": seen.namespace,
        "name": seen.name,
        "code": _code(unready, concerned),
        "why": why,
        "pods": [{"name": raw.name(pod), "reasons": _reasons(pod)} for pod in unready[:_PODS]],
        "events": [_event(event) for event in sorted(concerned, key=_when)[-_EVENTS:]],
    }


def _code(unready: Sequence[raw.Raw], events: Sequence[raw.Raw]) -> str:
    """Why it does not roll, for programs."""
    for pod in unready:
        waiting = {raw.text(one, "state", "waiting", "reason") for one in _statuses(pod)}
        if waiting & _NO_IMAGE:
            return "image_not_pulled"
        if waiting & _CRASHES:
            return "container_crashes"
        if raw.text(_conditions(pod).get("PodScheduled", {}), "status") == "False":
            return "pod_not_scheduled"
    if any(raw.text(event, "reason") == "FailedCreate" for event in events):
        return "pod_denied"
    return "pod_not_ready" if unready else "no_progress"


def sentence(found: dict[str, Any]) -> str:
    """A report in words."""
    said = f"{found['kind']} {found['namespace']}/{found['name']}: {found['why']}."
    for pod in found["pods"][:1]:
        said += f" Pod {pod['name']}: {'; '.join(pod['reasons'])}."
    if not found["pods"] and found["events"]:
        said += f" Last event: {found['events'][-1].rstrip('.')}."
    return said


def _reasons(pod: raw.Raw) -> list[str]:
    """What a pod waits for; empty where it is ready."""
    if raw.at(pod, "metadata", "deletionTimestamp") is not None:
        return []
    found = [text for status in _statuses(pod) for text in _container(status)]
    conditions = _conditions(pod)
    if raw.text(conditions.get("PodScheduled", {}), "status") == "False":
        found.append(_joined("not scheduled", raw.text(conditions["PodScheduled"], "message")))
    if not found and raw.text(conditions.get("Ready", {}), "status") != "True":
        found.append(_joined("not ready", raw.text(conditions.get("Ready", {}), "message")))
    return found


def _statuses(pod: raw.Raw) -> list[raw.Raw]:
    return [*raw.items(pod, "status", "initContainerStatuses"), *raw.items(pod, "status", "containerStatuses")]


def _conditions(pod: raw.Raw) -> dict[str, raw.Raw]:
    return {raw.text(one, "type"): one for one in raw.items(pod, "status", "conditions")}


def _container(status: raw.Raw) -> Iterable[str]:
    name = raw.text(status, "name")
    waiting = raw.mapping(status, "state", "waiting")
    if waiting and raw.text(waiting, "reason") != "PodInitializing":
        yield _joined(f"container {name} waits ({raw.text(waiting, 'reason')})", raw.text(waiting, "message"))
    ended = raw.mapping(status, "state", "terminated") or raw.mapping(status, "lastState", "terminated")
    if raw.number(ended, "exitCode"):
        yield f"container {name} ended with status {raw.number(ended, 'exitCode')}"


def _joined(what: str, message: str) -> str:
    return f"{what}: {message.rstrip('.')}" if message else what


def _concerns(event: raw.Raw, name: str) -> bool:
    """Whether an event is about the workload, its ReplicaSets or its pods, by their names."""
    about = raw.text(event, "involvedObject", "name")
    return about == name or about.startswith(f"{name}-")


def _when(event: raw.Raw) -> str:
    return raw.text(event, "lastTimestamp") or raw.text(event, "eventTime") or raw.text(event, "metadata", "creationTimestamp")


def _event(event: raw.Raw) -> str:
    about = f"{raw.text(event, 'involvedObject', 'kind')} {raw.text(event, 'involvedObject', 'name')}"
    return f"{about}: {raw.text(event, 'reason')}: {raw.text(event, 'message')}"
