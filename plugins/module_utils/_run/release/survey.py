# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The Deployments of a cluster that are in a release, or whose changes wait for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._errors import MeshyardError
from ..._mesh import host, raw, release
from ..._mesh.release import Record
from ..._plan.objects.steps import Object
from ..._plan.release import companions, route_forms, routes
from ..._plan.release.target import Target

_DEPLOYMENT, _RULE = kind("Deployment"), "DestinationRule"


@dataclass(frozen=True)
class Survey:
    """What was found.

    :ivar workloads: by namespace and name. :ivar unreadable: sentences on those whose record is none, which keep nobody from the others.
    """

    workloads: list[dict[str, Any]]
    unreadable: list[str]


def survey(workload: Cluster, config: Cluster, namespaces: Sequence[str], names: Sequence[str], now: datetime) -> Survey:
    """Those in some namespaces.

    :param config: the cluster with the routes. :param namespaces: empty for all. :param names: of Deployments; empty for all.
    """
    found = [one for namespace in namespaces or (None,) for one in _marked(workload, namespace) if not names or raw.name(one) in names]
    known = _routes(config) if any(release.RECORD in raw.annotations_of(one) for one in found) else []
    whole = [read.get(workload, _DEPLOYMENT, raw.name(one), raw.namespace(one)) for one in found]
    looked_at = [(one, _problem(one)) for one in sorted(filter(None, whole), key=raw.qualified)]
    described = [_described(workload, one, known, now) for one, problem in looked_at if not problem]
    return Survey(described, [problem for _one, problem in looked_at if problem])


def _problem(stable: Object) -> str:
    """What is wrong with the record on a Deployment; empty where nothing is."""
    try:
        release.of(stable)
    except MeshyardError as problem:
        return str(problem)
    return ""


def _marked(cluster: Cluster, namespace: str | None) -> list[Object]:
    marks = {release.RECORD, release.ENABLED}
    return [one for one in read.objects(cluster, _DEPLOYMENT, namespace, metadata_only=True) if marks & raw.annotations_of(one).keys()]


def _routes(config: Cluster) -> list[Object]:
    return [one for name in (*route_forms.KINDS, _RULE) for one in read.objects(config, kind(name))]


def _described(cluster: Cluster, stable: Object, known: Sequence[Object], now: datetime) -> dict[str, Any]:
    record = release.of(stable)
    waits = release.awaits_release(stable, read.objects(cluster, kind("ReplicaSet"), raw.namespace(stable)))
    refused = waits and release.is_refused(stable)
    place = {"namespace": raw.namespace(stable), "name": raw.name(stable), "enabled": release.is_enabled(stable)}
    return {**place, "waiting": waits, "refused": refused, **_released(cluster, stable, record, known, now)}


def _released(cluster: Cluster, stable: Object, record: Record | None, known: Sequence[Object], now: datetime) -> dict[str, Any]:
    """What there is to tell of its release."""
    if record is None:
        return {"release": None, "age": None, "idle": None, "canary": None, "routes": []}
    rules = [one for one in known if one["kind"] == _RULE]
    plain = Target(raw.namespace(stable), raw.name(stable), host.Service(raw.namespace(stable), record.service))
    target = companions.narrowed(plain, rules, stable)
    concerned = [one for one in known if one["kind"] != _RULE and routes.concerns(one, target)]
    return {
        "release": record.describe(),
        "age": _seconds(record.begun, now),
        "idle": _seconds(record.moved, now),
        "canary": _canary(cluster, target),
        "routes": [routes.describe(one, target) for one in concerned],
    }


def _canary(cluster: Cluster, target: Target) -> dict[str, int] | None:
    found = read.get(cluster, _DEPLOYMENT, target.canary, target.namespace)
    if found is None:
        return None
    return {"replicas": raw.number(found, "spec", "replicas", default=1), "ready": raw.number(found, "status", "readyReplicas")}


def _seconds(text: str, now: datetime) -> int | None:
    """How long ago something was; None where nobody wrote when."""
    try:
        return max(0, int((now - datetime.fromisoformat(text)).total_seconds()))
    except (ValueError, TypeError):
        return None


def at_present() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)
