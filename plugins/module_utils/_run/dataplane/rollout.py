# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Rolling workloads: one loop that patches and polls, with at most so many under way at a time."""

from __future__ import annotations

import copy
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..._cluster import read, write
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import kind
from ..._errors import MeshyardError
from ..._mesh import raw, restart, workload
from ..._mesh.workload import Workload
from ..._plan.dataplane import refusals
from ..._plan.dataplane.restarts import WorkloadPlan
from ..._plan.objects.steps import Object, Patch, describe
from ..._words import listed, sentences
from . import diagnosis

_ATTEMPTS = 6
_FIRST_PAUSE, _LONGEST_PAUSE = 0.3, 1.0


class Runner(Protocol):
    """What a rollout needs of the run it belongs to."""

    cluster: Cluster

    def tell(self, line: str) -> None:
        """One line of progress."""

    def alive(self) -> None:
        """Raises when the run was abandoned."""


@dataclass
class _Rolling:
    """One workload under way, how far it came last time, and whether what follows its rollout was written."""

    workload_plan: WorkloadPlan
    deadline: float
    best: tuple[int, int] = (-1, -1)
    why: str = ""
    closed: bool = False


@dataclass
class _Loop:
    """The state of one call of C(roll)."""

    run: Runner
    timeout: float
    total: int
    waiting: deque[WorkloadPlan]
    rolling: list[_Rolling] = field(default_factory=list)
    rolled: list[str] = field(default_factory=list)
    done: list[dict[str, Any]] = field(default_factory=list)
    said: str = ""


def roll(
    run: Runner,
    workload_plans: Sequence[WorkloadPlan],
    *,
    max_parallel: int,
    timeout: float,
    wait: bool = True,
    done: Sequence[dict[str, Any]] = (),
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Patches the workloads that are to be restarted, and waits until each has rolled; one that was resumed for it is paused again.

    :param fates: those with a step are patched; those that only wait are looked at until they are done.
    :param max_parallel: how many roll at a time.
    :param timeout: seconds that one rollout may go without any progress.
    :param wait: False patches them all and returns.
    :param done: the steps that were done before, for the account in an error.
    :raises MeshyardError: a rollout that does not go on, with what its pods say and what was done before.
    """
    work = deque(workload_plan for workload_plan in workload_plans if workload_plan.step or workload_plan.waits)
    loop = _Loop(run, timeout, sum(workload_plan.waits for workload_plan in workload_plans), work, done=list(done))
    delay = _FIRST_PAUSE
    while loop.waiting or loop.rolling:
        run.alive()
        before = len(loop.rolled)
        while loop.waiting and (not wait or len(loop.rolling) < max_parallel):
            _start(loop, loop.waiting.popleft(), wait=wait)
        _look(loop)
        if not loop.rolling:
            continue
        _tell(loop)
        delay = _FIRST_PAUSE if len(loop.rolled) > before else min(delay * 1.4, _LONGEST_PAUSE)
        pause(delay)


def _start(loop: _Loop, workload_plan: WorkloadPlan, *, wait: bool) -> None:
    if workload_plan.step:
        try:
            _patch(loop.run.cluster, workload_plan.step)
        except MeshyardError as problem:
            raise _with_done(problem, loop) from None
        loop.done.append(describe(workload_plan.step))
    if wait and workload_plan.waits:
        loop.rolling.append(_Rolling(workload_plan, time.monotonic() + loop.timeout))


def _patch(cluster: Cluster, step: Patch) -> None:
    """The conditional patch; status changes all the time, so a conflict only asks whether it is still allowed."""
    version = step.version
    target = kind(step.ref.kind)
    for attempt in range(_ATTEMPTS):
        body: Object = copy.deepcopy(step.patch)
        if version:
            body.setdefault("metadata", {})["resourceVersion"] = version
        try:
            write.merge(cluster, target, step.ref.namespace, step.ref.name, body, step.manager)
            return
        except ApiError as error:
            if error.status == 404:  # somebody removed the workload: its pods are gone too
                return
            if error.status != 409 or attempt == _ATTEMPTS - 1:
                raise
        found = read.get(cluster, target, step.ref.name, step.ref.namespace)
        if found is None:
            return
        _refuse_changed(cluster, found, step)
        version = raw.text(found, "metadata", "resourceVersion")


def _refuse_changed(cluster: Cluster, found: raw.Raw, step: Patch) -> None:
    """Returns when the step is still right for a workload that somebody changed."""
    begun = refusals.open_release(found)
    if begun:
        raise begun
    obstacle = _obstacle(found, raw.mapping(step.patch, "spec"))
    if obstacle:
        raise MeshyardError(
            f"On cluster {cluster.name} somebody changed it meanwhile: {obstacle}", "Settle that, then run again.", code="workload_changed"
        )


def _obstacle(found: raw.Raw, spec: Object) -> str | None:
    seen = workload.parse(found)
    if "template" in spec:
        return restart.restartable(seen)
    rolled = workload.rolled_out(seen)
    return f"{seen} is to be paused, and {rolled.why}." if "paused" in spec and not rolled.done else None


def _look(loop: _Loop) -> None:
    """One turn over those under way."""
    failed: list[tuple[_Rolling, Workload]] = []
    for one in list(loop.rolling):
        ref = one.workload_plan.workload
        found = read.get(loop.run.cluster, kind(ref.kind), ref.name, ref.namespace)
        seen = workload.parse(found) if found else None
        progress = workload.rolled_out(seen) if seen else workload.Progress(True, False, "")
        if seen is None or _is_over(loop, one, seen, found or {}):
            loop.rolling.remove(one)
            loop.rolled.append(f"{ref.namespace}/{ref.name}")
            continue
        one.why = progress.why
        if seen.observed_generation >= seen.generation and (seen.updated, seen.available) > one.best:
            one.best, one.deadline = (seen.updated, seen.available), time.monotonic() + loop.timeout
        if progress.stuck or (not progress.done and time.monotonic() > one.deadline):
            failed.append((one, seen))
    if failed:
        raise _stuck(loop, failed)


def _is_over(loop: _Loop, one: _Rolling, seen: Workload, found: raw.Raw) -> bool:
    """Whether nothing is left to be done: what follows the rollout is written, and the controller has seen it."""
    step = one.workload_plan.closing
    if one.closed:
        return seen.observed_generation >= seen.generation
    if not workload.rolled_out(seen).done:
        return False
    if step is None or refusals.open_release(found):  # a release that began meanwhile pauses it itself
        return True
    body: Object = {**step.patch, "metadata": {"resourceVersion": raw.text(found, "metadata", "resourceVersion")}}
    try:
        write.merge(loop.run.cluster, kind(step.ref.kind), step.ref.namespace, step.ref.name, body, step.manager)
    except ApiError as error:
        if error.status in (404, 409):  # somebody was faster: it is looked at again
            return False
        raise _with_done(error, loop) from None
    loop.done.append(describe(step))
    one.closed, one.deadline = True, time.monotonic() + loop.timeout
    return False


def _tell(loop: _Loop) -> None:
    names = [f"{one.workload_plan.workload.namespace}/{one.workload_plan.workload.name}" for one in loop.rolling]
    line = f"{len(loop.rolled)}/{loop.total} workloads rolled, waiting for {listed(names, most=3)}"
    if line != loop.said:
        loop.run.tell(line)
        loop.said = line


def _stuck(loop: _Loop, failed: list[tuple[_Rolling, Workload]]) -> MeshyardError:
    cluster = loop.run.cluster
    reports = [diagnosis.report(cluster, seen, one.why) for one, seen in failed]
    reasons = sentences(diagnosis.sentence(report) for report in reports)
    problem = MeshyardError(
        f"On cluster {cluster.name} {len(reports)} of {loop.total} workloads do not roll. {reasons}",
        "Correct what the pods report and run again: it goes on from there; or go back with state former.",
        code="rollout_stuck",
        verdict="failed",
        stuck=reports,
    )
    return _with_done(problem, loop)


def _with_done(problem: MeshyardError, loop: _Loop) -> MeshyardError:
    """Says what was done before, for it stays."""
    under_way = [f"{one.workload_plan.workload.namespace}/{one.workload_plan.workload.name}" for one in loop.rolling]
    problem.facts.update(done=loop.done, rolled=loop.rolled, rolling=under_way)
    problem.facts["not_started"] = [f"{workload_plan.workload.namespace}/{workload_plan.workload.name}" for workload_plan in loop.waiting]
    problem.remedy += f" {len(loop.rolled)} of {loop.total} workloads had rolled before."
    return problem
