# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a release waits for: a canary that is ready, a Deployment that has rolled, the last requests of the canary."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._cluster.wait import Pending, Ready, TimedOut
from ..._errors import MeshyardError
from ..._mesh import raw, workload
from ..._plan.objects.steps import Object
from ..._plan.release.model import Observed
from ..._plan.release.readiness import seconds_left
from ..dataplane import diagnosis
from ..dataplane.read import pods_with
from . import evidence
from .carry_out import Waiting


class Runner(Protocol):
    """What waiting needs of the run it belongs to."""

    cluster: Cluster

    def until(self, observe: Callable[[], Pending | Ready[Any]], timeout: float | None = None) -> Any:
        """Waits for a condition."""


def waiting(run: Runner, drain_seconds: float, min_ready_seconds: float) -> Waiting:
    """How a run waits for each thing.

    :param drain_seconds: how long the canary answers on after routes have forgotten it.
    :param min_ready_seconds: how long pods must have been ready before they get more of the traffic.
    """

    def canary_ready(observed: Observed) -> None:
        _rolled(run, observed.target.namespace, observed.target.canary, "canary_not_ready")
        _known(run, observed.target.namespace, observed.target.canary, min_ready_seconds)

    def stable_ready(observed: Observed) -> None:
        _ready(run, observed)
        _known(run, observed.target.namespace, observed.target.name, min_ready_seconds)

    return {
        "canary_ready": canary_ready,
        "stable_rolled": lambda observed: _rolled(run, observed.target.namespace, observed.target.name, "rollout_stuck"),
        "stable_ready": stable_ready,
        "drained": lambda observed: _drained(run, observed, drain_seconds),
    }


def _rolled(run: Runner, namespace: str, name: str, code: str) -> None:
    """Returns once a Deployment has all its pods.

    :raises MeshyardError: it does not get them, with what its pods and their events say.
    """
    try:
        stuck: Object | None = run.until(lambda: _look(run.cluster, namespace, name))
    except TimedOut as late:
        raise _not_rolled(run.cluster, namespace, name, late.pending, code) from None
    if stuck is not None:
        raise _not_rolled(run.cluster, namespace, name, workload.rolled_out(workload.parse(stuck)).why, code)


def _ready(run: Runner, observed: Observed) -> None:
    """Returns once a Deployment, paused or not, has as many ready pods as it needs for the traffic that it is about to get.

    :raises MeshyardError: it does not get them.
    """
    target = observed.target
    size = raw.number(observed.canary or {}, "spec", "replicas") if observed.autoscaler else 0
    try:
        run.until(lambda: _enough(run.cluster, target.namespace, target.name, size))
    except TimedOut as late:
        raise _not_rolled(run.cluster, target.namespace, target.name, late.pending, "stable_not_ready") from None


def _known(run: Runner, namespace: str, name: str, seconds: float) -> None:
    """Returns once the proxies of all callers know the pods of a Deployment: they are told a while after a pod is ready."""
    if seconds <= 0:
        return
    selector = workload.parse(read.get(run.cluster, kind("Deployment"), name, namespace) or {}, "Deployment").selector
    left = seconds_left(pods_with(run.cluster, namespace, selector), datetime.now(UTC), seconds)
    _pass(run, left, f"all proxies to know the new pods of Deployment {namespace}/{name} ({seconds:g} s)")


def _enough(cluster: Cluster, namespace: str, name: str, size: int) -> Pending | Ready[None]:
    seen = workload.parse(read.get(cluster, kind("Deployment"), name, namespace) or {"metadata": {"name": name}}, "Deployment")
    needed = max(seen.replicas, size)
    if seen.observed_generation >= seen.generation and 0 < needed <= seen.available:
        return Ready(None)
    return Pending(f"Deployment {namespace}/{name}: {seen.available} of {max(needed, 1)} pods are available")


def _look(cluster: Cluster, namespace: str, name: str) -> Pending | Ready[Object | None]:
    found = read.get(cluster, kind("Deployment"), name, namespace)
    if found is None:
        raise MeshyardError(
            f"Deployment {namespace}/{name} on cluster {cluster.name} was removed while it was waited for.",
            "Run the state aborted, which gives all traffic back.",
            code="canary_missing",
        )
    progress = workload.rolled_out(workload.parse(found))
    if progress.done:
        return Ready(None)
    return Ready(found) if progress.stuck else Pending(f"Deployment {namespace}/{name}: {progress.why}")


def _not_rolled(cluster: Cluster, namespace: str, name: str, why: str, code: str) -> MeshyardError:
    found = read.get(cluster, kind("Deployment"), name, namespace)
    seen = workload.parse(found or {"metadata": {"name": name, "namespace": namespace}}, "Deployment")
    report = {**diagnosis.report(cluster, seen, why), "logs": evidence.logs(cluster, found)}
    remedy = (
        "No more traffic was moved to it. Run the state aborted to take the change back, or correct what the pods report and run again."
        if code == "canary_not_ready"
        else "All traffic stays on the canary. Correct what the pods report and run again: it goes on from there."
    )
    return MeshyardError(f"On cluster {cluster.name} {diagnosis.sentence(report)}", remedy, code=code, verdict="failed", stuck=[report])


def _drained(run: Runner, observed: Observed, seconds: float) -> None:
    _pass(run, seconds, f"the last requests of Deployment {observed.target.namespace}/{observed.target.canary} ({seconds:g} s)")


def _pass(run: Runner, seconds: float, what: str) -> None:
    """Lets time pass, and says what for."""
    end = time.monotonic() + seconds
    run.until(lambda: Ready(None) if time.monotonic() >= end else Pending(what), seconds + 1)
