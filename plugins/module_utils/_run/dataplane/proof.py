# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The proof after a move: every pod has the proxy of its revision, looked at one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..._cluster.connect import Cluster
from ..._cluster.wait import Pending, Ready, TimedOut
from ..._errors import MeshyardError
from ..._mesh import labels, proxies, raw, restart
from ..._mesh.verdict import is_right
from ..._plan.dataplane.model import Placed, paired
from ..._plan.dataplane.restarts import WorkloadPlan
from ..._words import listed
from . import read as dataplane

Pods = Mapping[str, Sequence[raw.Raw]]


class Runner(Protocol):
    """What a proof needs of the run it belongs to."""

    cluster: Cluster

    def until(self, observe: Callable[[], Pending | Ready[Any]], timeout: float | None = None) -> Any:
        """Waits for a condition."""


def prove(run: Runner, moves: Sequence[Placed]) -> Pods:
    """Waits until every pod of the workloads that moved is right, and returns the pods by namespace.

    :raises MeshyardError: a pod that came up wrong, or one that stays as it was.
    """
    try:
        found: Pods = run.until(lambda: _look(run.cluster, moves))
    except TimedOut as problem:
        problem.code, problem.verdict = "pods_late", "failed"
        raise
    return found


def live(pods: Sequence[raw.Raw]) -> list[raw.Raw]:
    """The pods that neither end nor have ended."""
    return [pod for pod in pods if raw.at(pod, "metadata", "deletionTimestamp") is None and not proxies.finished(pod)]


def lines(moves: Sequence[Placed], pods: Pods) -> list[dict[str, Any]]:
    """The return value C(proof): one entry for each pod that is as it should be."""
    return [
        _line(pod, move)
        for move in moves
        for pod, workload_plan in paired(live(pods.get(move.namespace_state.name, ())), move)
        if workload_plan.target and is_right(pod, workload_plan.target)
    ]


def _look(cluster: Cluster, moves: Sequence[Placed]) -> Pending | Ready[Pods]:
    pods = {move.namespace_state.name: dataplane.pods(cluster, move.namespace_state.name) for move in moves}
    late = []
    for move in moves:
        for pod, workload_plan in paired(live(pods[move.namespace_state.name]), move):
            if workload_plan.moved and workload_plan.target and not is_right(pod, workload_plan.target):
                _refuse_final(cluster, pod, workload_plan)
                late.append(raw.qualified(pod))
    return Pending(f"{listed(late, most=3)} to be replaced") if late else Ready(pods)


def _refuse_final(cluster: Cluster, pod: raw.Raw, workload_plan: WorkloadPlan) -> None:
    """A pod that was made for the restart and is wrong all the same will not become right by waiting."""
    if not workload_plan.mark or raw.annotations_of(pod).get(labels.RESTARTED_FOR) != workload_plan.mark or workload_plan.target is None:
        return
    proxy = proxies.proxy_of(pod)
    has = f"a sidecar of revision {proxy.revision} in version {proxy.version}" if proxy else "no sidecar"
    target = workload_plan.target
    wanted = f"one of {target.revision} {target.version}".rstrip() if target.revision else "none"
    raise MeshyardError(
        f"On cluster {cluster.name} the pod {raw.qualified(pod)} was restarted for {workload_plan.mark} and has {has}, "
        f"but should have {wanted}.",
        "Look at the injection settings and at who changed labels of this namespace meanwhile, then run again.",
        code="pod_wrong",
        verdict="failed",
        pod=raw.qualified(pod),
    )


def _line(pod: raw.Raw, move: Placed) -> dict[str, Any]:
    proxy = proxies.proxy_of(pod)
    owner = restart.owner_of_pod(pod, move.namespace_state.owners)
    return {
        "namespace": move.namespace_state.name,
        "pod": raw.name(pod),
        "workload": str(owner),
        "revision": proxy.revision if proxy else None,
        "image": proxy.image if proxy else None,
    }
