# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Asking the istiods which proxies are connected to them: every replica, for each knows its own clients only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..._cluster import portforward, read
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import kind
from ..._errors import MeshyardError
from ..._mesh import labels, plane, raw, syncz

PORT = 15014
PATH = "/debug/syncz"
ISTIOD, RUNNING = "app=istiod", "status.phase=Running"
_TIMEOUT = 20.0
_AT_ONCE = 4
_CLUSTER_ID = "CLUSTER_ID"


def istiods(cluster: Cluster) -> list[dict[str, Any]]:
    """The istiod pods of a cluster that run: one list request."""
    return read.objects(cluster, kind("Pod"), labels=ISTIOD, fields=RUNNING)


def connections(cluster: Cluster, planes: Iterable[plane.ControlPlane], pods: Sequence[raw.Raw] | None = None) -> syncz.Connections:
    """What the istiods of these control planes say; the pods that could not be asked are named in it.

    :param pods: the running istiod pods, where they were read already.
    """
    asked = list(planes)
    try:
        running = istiods(cluster) if pods is None else pods
    except ApiError as problem:
        return syncz.merge([], [syncz.Silent(one.revision, one.deployment or one.service, problem.problem) for one in asked])
    silent = [_elsewhere(one) for one in asked if one.location == "remote"]
    found = [(pod, one.revision) for one in asked if one.location == "cluster" for pod in running if _belongs(pod, one)]
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        answers = list(pool.map(lambda pair: _ask(cluster, *pair), found))
    heard = [connection for answer in answers if not isinstance(answer, syncz.Silent) for connection in answer]
    return syncz.merge(heard, [*silent, *(answer for answer in answers if isinstance(answer, syncz.Silent))])


def cluster_id(pods: Iterable[raw.Raw]) -> str:
    """The ID by which the istiods of a cluster know its own proxies; empty where no pod tells."""
    for pod in pods:
        for container in raw.items(pod, "spec", "containers"):
            for variable in raw.items(container, "env"):
                if variable.get("name") == _CLUSTER_ID and variable.get("value"):
                    return str(variable["value"])
    return ""


def _belongs(pod: raw.Raw, one: plane.ControlPlane) -> bool:
    return raw.namespace(pod) == one.namespace and raw.labels_of(pod).get(labels.REV, labels.DEFAULT) == one.revision


def _elsewhere(one: plane.ControlPlane) -> syncz.Silent:
    return syncz.Silent(one.revision, one.service, "it runs in another cluster")


def _ask(cluster: Cluster, pod: raw.Raw, revision: str) -> list[syncz.Connection] | syncz.Silent:
    name = raw.name(pod)
    try:
        body = portforward.http_get(cluster, raw.namespace(pod), name, PORT, PATH, timeout=_TIMEOUT)
        return syncz.parse(json.loads(body), revision, name)
    except MeshyardError as problem:
        return syncz.Silent(revision, name, problem.problem.rstrip("."))
    except ValueError:
        return syncz.Silent(revision, name, "it did not answer with JSON")
