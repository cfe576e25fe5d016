# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is kept of a canary that is about to go: the last lines of its logs."""

from __future__ import annotations

from typing import Any

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._mesh import labels, raw, workload
from ..._plan.objects.steps import Object
from ..dataplane.read import pods_with

_PODS, _LINES = 3, 20


def logs(cluster: Cluster, deployment: Object | None) -> list[dict[str, Any]]:
    """The last lines of the containers of some pods of a Deployment, those of a crash before those of the container after it."""
    if deployment is None:
        return []
    pods = pods_with(cluster, raw.namespace(deployment), workload.parse(deployment, "Deployment").selector)
    return [entry for pod in pods[:_PODS] for status in _own(pod) if (entry := _entry(cluster, pod, status))]


def _own(pod: Object) -> list[Object]:
    statuses: list[Object] = raw.items(pod, "status", "containerStatuses")
    return [one for one in statuses if raw.text(one, "name") != labels.PROXY_CONTAINER]


def _entry(cluster: Cluster, pod: Object, status: Object) -> dict[str, Any] | None:
    """None where there is no log (yet), or none that this account may read."""
    container = raw.text(status, "name")
    crashed = raw.number(status, "restartCount") > 0 and not raw.mapping(status, "state", "running")
    try:
        text = read.log(cluster, raw.namespace(pod), raw.name(pod), container, _LINES, previous=crashed)
    except ApiError:
        return None
    return {"pod": raw.name(pod), "container": container, "lines": text.splitlines()} if text else None
