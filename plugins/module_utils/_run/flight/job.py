# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""A test flight as a Job: made, waited for, read, and deleted whatever happened."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from ..._cluster import read, write
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import kind
from ..._cluster.wait import Pending, Ready
from ..._errors import MeshyardError
from ..._mesh import raw
from ..._mesh.proxies import finished
from ..._plan.flight.job import CONTAINER, NAME
from ..._plan.objects.steps import Object
from ..probe.source import WaitPolicy
from .output import NoReport, Output

MANAGER = "meshyard-test-flight"
_LINES = 50_000  # a report is shorter


def send(cluster: Cluster, body: Object, patience: WaitPolicy, longest: float) -> Output:
    """Runs the Job to its end, and returns what its container wrote.

    :param body: the Job. :param patience: for its pod to start. :param longest: seconds that the load may take then.
    :raises MeshyardError: it did not start, or did not end in time.
    """
    namespace, name = body["metadata"]["namespace"], body["metadata"]["name"]
    with _made(cluster, body):
        patience.until(cluster, lambda: _started(cluster, namespace, name))
        flying = dataclasses.replace(patience, seconds=longest + patience.seconds)
        pod, status = flying.until(cluster, lambda: _ended(cluster, namespace, name))
        return Output(status, read.log(cluster, namespace, pod, CONTAINER, _LINES))


@contextlib.contextmanager
def _made(cluster: Cluster, body: Object) -> Iterator[None]:
    """The Job, which is gone at the end, its pods with it: a proxy that would outlive fortio as well."""
    try:
        write.create(cluster, body, MANAGER)
        yield
    except BaseException:  # even when creating failed: perhaps only the answer to it was lost
        with contextlib.suppress(MeshyardError):
            _delete(cluster, body)
        raise
    _delete(cluster, body)


def _delete(cluster: Cluster, body: Object) -> None:
    """Also for a run that was told to end: what it made must not stay."""
    always = dataclasses.replace(cluster, before_write=lambda: None)
    write.delete(always, kind("Job"), body["metadata"]["namespace"], body["metadata"]["name"])


def _started(cluster: Cluster, namespace: str, name: str) -> Pending | Ready[None]:
    pod = _pod(cluster, namespace, name)
    if pod is None:
        return Pending(f"a pod of Job {namespace}/{name}{_said(cluster, namespace, name)}")
    state = _state(pod)
    if "running" in state or "terminated" in state or finished(pod):
        return Ready(None)
    reason = raw.text(state, "waiting", "reason") or raw.text(pod, "status", "phase") or "Pending"
    return Pending(f"container {CONTAINER} of pod {raw.qualified(pod)} to start ({reason})")


def _ended(cluster: Cluster, namespace: str, name: str) -> Pending | Ready[tuple[str, int | None]]:
    """The pod, and the exit status of fortio; its sidecar may run on."""
    pod = _pod(cluster, namespace, name)
    if pod is None:
        raise NoReport(
            f"The pod of Job {namespace}/{name} on cluster {cluster.name} was deleted under way.",
            "Look who deletes or evicts pods in this namespace, then run again.",
        )
    terminated = raw.mapping(_state(pod), "terminated")
    if terminated or finished(pod):
        return Ready((raw.name(pod), terminated.get("exitCode")))
    return Pending(f"the end of the test flight in pod {raw.qualified(pod)}")


def _pod(cluster: Cluster, namespace: str, name: str) -> raw.Raw | None:
    return next(iter(read.objects(cluster, kind("Pod"), namespace, labels=f"{NAME}={name}")), None)


def _state(pod: raw.Raw) -> raw.Raw:
    """Of fortio's container."""
    statuses = raw.items(pod, "status", "containerStatuses")
    return next((raw.mapping(one, "state") for one in statuses if raw.text(one, "name") == CONTAINER), {})


def _said(cluster: Cluster, namespace: str, name: str) -> str:
    """What the last event says of a Job without a pod, such as a quota that is used up."""
    try:
        events = read.objects(cluster, kind("Event"), namespace, fields=f"involvedObject.name={name},type=Warning")
    except ApiError:
        return ""
    return f" ({raw.text(events[-1], 'message')})" if events else ""
