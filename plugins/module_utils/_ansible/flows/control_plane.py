# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""From the wanted objects of a revision to a plan, its execution, and the proof that the revision is ready."""

from __future__ import annotations

from ..._cluster.wait import TimedOut
from ..._mesh.revision import Names
from ..._plan.control_plane import install, readiness
from ..._plan.objects.steps import Object, Plan, describe, ref_of
from ..._run.control_plane import readiness as condition
from ..._run.control_plane.read import Seen
from ..._run.objects import execute, rendering
from ..module import Run


def decide(run: Run, names: Names, targets: list[Object], seen: Seen, permissions: install.Permissions) -> Plan:
    """The steps that the server confirms to change something.

    :raises MeshyardError: others made the revision, or its identity would change.
    """
    plan = install.plan(targets, seen.live, names, permissions, cluster=run.cluster.name, parse=rendering.parse_yaml)
    run.warn(*install.warnings(plan))
    first = () if seen.namespace_exists else install.namespace_step(names.namespace)
    return (*first, *execute.confirm(run.cluster, plan, run.warn))


def carry_out(run: Run, names: Names, plan: Plan, targets: list[Object], seen: Seen) -> list[readiness.Component]:
    """Writes, unless in check mode, and waits where that is wanted; the state of the parts afterwards."""
    parts = readiness.components(readiness.concerned(map(ref_of, targets)), seen.live)
    if run.check:
        return parts
    if not plan:
        return _wait(run, names, plan, targets, parts)
    # There is no place for a Lease before the namespace exists.
    first = plan[: 0 if seen.namespace_exists else 1]
    run.execute(first)
    with run.writing(names.namespace):
        run.execute(plan[len(first) :])
        return _wait(run, names, plan, targets)


def _wait(
    run: Run, names: Names, plan: Plan, targets: list[Object], seen: list[readiness.Component] | None = None
) -> list[readiness.Component]:
    """The parts once they are ready, where that is waited for.

    :param seen: the parts as they are, where nothing was written since.
    """
    refs = readiness.concerned(map(ref_of, targets))
    if not run.params["wait"]:
        return seen or condition.look(run.cluster, refs)
    injection = condition.injection(run.cluster, names, targets, run.warn)
    try:
        parts: list[readiness.Component] = run.until(condition.observe(run.cluster, refs, injection, seen))
    except TimedOut as problem:
        condition.explain(run.cluster, refs, problem)
        problem.facts |= {"changed": bool(plan), "steps": [describe(step) for step in plan]}
        raise
    return parts
