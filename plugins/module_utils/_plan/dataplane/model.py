# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What becomes of namespaces and of the workloads in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..._mesh import injection, raw, restart, verdict
from ..objects.steps import Patch, Plan
from . import labels as dataplane_labels
from .labels import NamespaceState
from .restarts import WorkloadPlan


class Placed(Protocol):
    """A namespace, and what becomes of workloads in it."""

    @property
    def namespace_state(self) -> NamespaceState:
        """The namespace as it was seen."""

    @property
    def workload_plans(self) -> tuple[WorkloadPlan, ...]:
        """What becomes of its workloads."""


@dataclass(frozen=True)
class Move:
    """What becomes of one namespace.

    :ivar after: its labels as they will be. :ivar step: the patch of it, None where none is needed.
    """

    namespace_state: NamespaceState
    before: injection.Decision
    then: injection.Decision
    after: dict[str, str]
    step: Patch | None
    workload_plans: tuple[WorkloadPlan, ...]

    def describe(self, pods: Sequence[raw.Raw]) -> dict[str, Any]:
        """The namespace as it is returned, with the pods as they are now."""
        judged = [(pod, workload_plan) for pod, workload_plan in paired(pods, self) if workload_plan.target]
        right = [pod for pod, workload_plan in judged if workload_plan.target and verdict.is_right(pod, workload_plan.target)]
        return {
            "name": self.namespace_state.name,
            "revision_before": self.before.revision,
            "revision": self.then.revision,
            "labels_before": dataplane_labels.injection_labels(self.namespace_state.labels),
            "labels": dataplane_labels.injection_labels(self.after),
            "workloads": [workload_plan.describe() for workload_plan in self.workload_plans],
            "pods": {"total": len(judged), "on_target": len(right)},
        }


@dataclass(frozen=True)
class Migration:
    """The moves of all namespaces, and what the user should know."""

    moves: tuple[Move, ...]
    warnings: tuple[str, ...] = ()

    @property
    def labelling(self) -> Plan:
        """The patches of namespaces."""
        return tuple(move.step for move in self.moves if move.step)

    @property
    def restarts(self) -> Plan:
        """The patches of workloads."""
        return tuple(step for workload_plan in self.workload_plans for step in workload_plan.steps)

    @property
    def plan(self) -> Plan:
        """All steps, in their order."""
        return (*self.labelling, *self.restarts)

    @property
    def settled(self) -> bool:
        """Whether there is neither anything to write nor anything to wait for."""
        return not self.plan and not any(workload_plan.waits for workload_plan in self.workload_plans)

    @property
    def workload_plans(self) -> tuple[WorkloadPlan, ...]:
        """What becomes of every workload."""
        return tuple(workload_plan for move in self.moves for workload_plan in move.workload_plans)


def paired(pods: Sequence[raw.Raw], move: Placed) -> list[tuple[raw.Raw, WorkloadPlan]]:
    """Every pod with the fate of its workload; those of workloads that nobody has seen yet are left out."""
    workload_plans = {workload_plan.key[1:]: workload_plan for workload_plan in move.workload_plans}
    owners = [(pod, restart.owner_of_pod(pod, move.namespace_state.owners)) for pod in pods]
    return [(pod, workload_plans[owner.kind, owner.name]) for pod, owner in owners if (owner.kind, owner.name) in workload_plans]
