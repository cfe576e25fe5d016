# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Containers that exist for a probe only: a temporary pod, and an ephemeral container in a pod that is there."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import time
from collections.abc import Iterator
from typing import Any

from ..._cluster import read, write
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._cluster.wait import Pending, Ready
from ..._errors import MeshyardError
from ..._mesh import labels, raw
from ..._mesh.proxies import finished
from ..._plan.objects.confined import CONFINED
from ..._plan.objects.steps import Object, Patch, ref_of
from .source import Source, WaitPolicy, is_ready

OWNER = "probe"
HOLDER = "meshyard.io/probe"
MANAGER = "meshyard-probe"
CONTAINER = "client"
_PREFIX = "meshyard-probe-"


@contextlib.contextmanager
def temporary(cluster: Cluster, body: Object, patience: WaitPolicy) -> Iterator[Object]:
    """A pod that is ready to send, and is deleted at the end, whatever happened; first those of killed runs are.

    :param body: what C(manifest) gives.
    """
    namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
    sweep(cluster, namespace)
    try:
        write.create(cluster, body, MANAGER)
        yield patience.until(cluster, lambda: _started(cluster, namespace, name))
    except BaseException:  # even when creating failed: perhaps only the answer to it was lost
        with contextlib.suppress(MeshyardError):
            _delete(cluster, namespace, name)
        raise
    _delete(cluster, namespace, name)


def sweep(cluster: Cluster, namespace: str) -> None:
    """Deletes the temporary pods in a namespace that nobody uses any more."""
    for pod in read.objects(cluster, kind("Pod"), namespace, labels=f"{labels.OWNER}={OWNER}"):
        if abandoned(pod):
            _delete(cluster, namespace, raw.name(pod))


def abandoned(pod: raw.Raw) -> bool:
    """Whether a temporary pod has outlived its run: it is finished, overdue, or made by a process of this machine that is gone."""
    try:
        holder = json.loads(raw.annotations_of(pod).get(HOLDER, ""))
        ends, host, process = float(holder["ends"]), str(holder["host"]), int(holder["process"])
    except (ValueError, KeyError, TypeError):
        return True
    return finished(pod) or time.time() > ends or (host == os.uname().nodename and not _lives(process))


def manifest(source: Source, lifetime: int) -> Object:
    """The temporary pod: unprivileged, without a token.

    :param lifetime: seconds after which Kubernetes ends it, should nobody be left to delete it.
    """
    holder = {"host": os.uname().nodename, "process": os.getpid(), "ends": time.time() + lifetime}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{_PREFIX}{secrets.token_hex(4)}",
            "namespace": source.namespace,
            "labels": {**source.labels, labels.OWNER: OWNER},
            "annotations": {HOLDER: json.dumps(holder)},
        },
        "spec": {
            "activeDeadlineSeconds": lifetime,
            "automountServiceAccountToken": False,
            "containers": [{**_sleeping(source.image, lifetime), "name": CONTAINER}],
            "enableServiceLinks": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 1,
        },
    }


def ephemeral(pod: raw.Raw, image: str, lifetime: int) -> Patch | None:
    """What adds an ephemeral container of this image to a pod; None where one still runs from before, which is used again.

    Kubernetes cannot take it out of the pod again; its program ends by itself after the lifetime, in seconds.
    """
    if running_ephemeral(pod, image):
        return None
    container = {**_sleeping(image, lifetime), "name": f"{_PREFIX}{secrets.token_hex(4)}"}
    return Patch(ref_of(pod), {"spec": {"ephemeralContainers": [container]}}, MANAGER, reason="send a probe")


def add(cluster: Cluster, step: Patch, patience: WaitPolicy) -> str:
    """Adds an ephemeral container, waits until it runs, and returns its name."""
    namespace, name = step.ref.namespace, step.ref.name
    container = str(step.patch["spec"]["ephemeralContainers"][0]["name"])
    cluster.before_write()
    cluster.api.send(
        "PATCH",
        f"{kind('Pod').path(namespace, name)}/ephemeralcontainers",
        verb="add an ephemeral container to",
        what=f"Pod {namespace}/{name}",
        query={"fieldManager": MANAGER},
        body=step.patch,
        content_type="application/strategic-merge-patch+json",
    )
    patience.until(cluster, lambda: _ephemeral_started(cluster, namespace, name, container))
    return container


def running_ephemeral(pod: raw.Raw, image: str) -> str | None:
    """The ephemeral container of this image that an earlier probe left in a pod and that still runs."""
    statuses = raw.items(pod, "status", "ephemeralContainerStatuses")
    running = {raw.text(one, "name") for one in statuses if "running" in raw.mapping(one, "state")}
    names = [raw.text(one, "name") for one in raw.items(pod, "spec", "ephemeralContainers") if one.get("image") == image]
    return next((name for name in names if name in running and name.startswith(_PREFIX)), None)


def _sleeping(image: str, lifetime: int) -> Object:
    return {"image": image, "command": ["sleep", str(lifetime)], "securityContext": CONFINED}


def _started(cluster: Cluster, namespace: str, name: str) -> Pending | Ready[Object]:
    pod = read.get(cluster, kind("Pod"), name, namespace)
    if pod is None or finished(pod):
        raise MeshyardError(
            f"The temporary pod {namespace}/{name} on cluster {cluster.name} ended before it could send anything.",
            "Check that the image has sleep, and what else may delete or end pods in this namespace.",
        )
    if is_ready(pod):
        return Ready(pod)
    waiting = [raw.text(one, "state", "waiting", "reason") for one in _statuses(pod)]
    reason = next((one for one in waiting if one), raw.text(pod, "status", "phase") or "Pending")
    return Pending(f"the temporary pod {namespace}/{name} ({reason})")


def _ephemeral_started(cluster: Cluster, namespace: str, name: str, added: str) -> Pending | Ready[None]:
    pod = read.get(cluster, kind("Pod"), name, namespace) or {}
    statuses = raw.items(pod, "status", "ephemeralContainerStatuses")
    state = next((raw.mapping(one, "state") for one in statuses if one.get("name") == added), {})
    if "running" in state:
        return Ready(None)
    if "terminated" in state:
        reason = raw.text(state, "terminated", "message") or raw.text(state, "terminated", "reason")
        raise MeshyardError(
            f"The ephemeral container {added} of pod {namespace}/{name} on cluster {cluster.name} ended at once: {reason}.",
            "Check that its image has sleep.",
        )
    return Pending(f"the ephemeral container {added} of pod {namespace}/{name} ({raw.text(state, 'waiting', 'reason') or 'Pending'})")


def _statuses(pod: raw.Raw) -> list[Any]:
    return [*raw.items(pod, "status", "initContainerStatuses"), *raw.items(pod, "status", "containerStatuses")]


def _delete(cluster: Cluster, namespace: str, name: str) -> None:
    """Also for a run that was told to end: what it made must not stay."""
    write.delete(dataclasses.replace(cluster, before_write=lambda: None), kind("Pod"), namespace, name)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
