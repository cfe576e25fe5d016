# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Carrying out a phase of a release: look, take the next stages, wait, and look again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._errors import MeshyardError
from ..._plan.objects.steps import Plan, Step, describe
from ..._plan.release.model import Observed, Place, Request, Wait
from ..._plan.release.stages import stages

_ATTEMPTS = 5
Waiting = Mapping[Wait, Callable[[Observed], None]]


class Runner(Protocol):
    """What this needs of the run it belongs to."""

    check: bool

    def execute(self, plan: Plan, cluster: Cluster | None = None) -> list[dict[str, Any]]:
        """Carries out a plan."""


@dataclass
class Progress:
    """What one call has done.

    :ivar steps: carried out, or predicted in check mode. :ivar observed: what was seen last. :ivar waited: for what it has waited.
    """

    observed: Observed
    steps: list[Step] = field(default_factory=list)
    waited: set[Wait] = field(default_factory=set)


def carry_out(run: Runner, clusters: Mapping[Place, Cluster], look: Callable[[], Observed], request: Request, waiting: Waiting) -> Progress:
    """Brings a Deployment to a state of its release.

    Each look decides anew what is left to do, so that a change by others during a wait is seen, and a call that was killed is gone on with.

    :param waiting: how each thing is waited for.
    :raises MeshyardError: with what was done before (C(done)).
    """
    progress, conflicts = Progress(look()), 0
    while True:
        try:
            if _pass(run, clusters, request, waiting, progress):
                return progress
        except MeshyardError as problem:
            conflicts += 1
            if not (isinstance(problem, ApiError) and problem.status == 409) or conflicts == _ATTEMPTS:
                problem.facts.update(done=[describe(one) for one in progress.steps], changed=bool(progress.steps))
                raise
        progress.observed = look()


def _pass(run: Runner, clusters: Mapping[Place, Cluster], request: Request, waiting: Waiting, progress: Progress) -> bool:
    """The stages up to the next wait; True where nothing is left."""
    for stage in stages(progress.observed, request):
        if stage.refusal is not None:
            raise stage.refusal
        for step in stage.steps:
            run.execute((step,), clusters[stage.place])
            progress.steps.append(step)
        if not run.check and stage.wait in waiting and stage.wait not in progress.waited:
            waiting[stage.wait](progress.observed)
            progress.waited.add(stage.wait)
            return False
    return True
