# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""A gateway as it is, what the caller wants of it, and how it comes there."""

from __future__ import annotations

from dataclasses import dataclass

from ..._mesh import injection, labels, maker, raw
from ..dataplane.labels import NamespaceState
from ..dataplane.restarts import WorkloadPlan
from ..objects.steps import Plan


@dataclass(frozen=True)
class GatewayState:
    """What is there under the name of a gateway.

    :ivar workload: its Deployment or DaemonSet. :ivar api: its Gateway of the Gateway API.
    :ivar service: the Service in front of it, that of its name if there are several. :ivar endpoints: how many of it are ready.
    :ivar space: its namespace, with the pods that its selector picks.
    """

    name: str
    namespace_state: NamespaceState
    workload: raw.Raw | None = None
    api: raw.Raw | None = None
    service: raw.Raw | None = None
    endpoints: int = 0

    @property
    def made_by(self) -> maker.Maker:
        """Who made it; nobody where it does not exist."""
        return maker.maker(self.workload or self.api or {})

    @property
    def ours(self) -> bool:
        """Whether this collection rendered it from the chart."""
        return raw.labels_of(self.workload or {}).get(labels.OWNER) == owner(self.name)

    @property
    def exists(self) -> bool:
        """Whether there is anything under the name."""
        return self.workload is not None or self.api is not None

    @property
    def served(self) -> bool:
        """Whether the Service in front of it, if there is one, has somewhere to send requests."""
        return self.service is None or self.endpoints > 0

    @property
    def theirs(self) -> bool:
        """Whether somebody else made it."""
        return self.exists and not self.ours

    def __str__(self) -> str:
        kind = raw.text(self.workload or self.api or {}, "kind") or "Deployment"
        return f"{kind} {self.namespace_state.name}/{self.name}"


@dataclass(frozen=True)
class GatewayMoveRequest:
    """What the caller wants: C(state), the revision or tag to label it with, whether the record is dropped, and whether it waits."""

    state: str
    revision: str = ""
    forget: bool = False
    wait: bool = True


@dataclass(frozen=True)
class Move:
    """How a gateway comes to its revision.

    :ivar plan: steps before the rollout: on the Gateway object, or of what is rendered.
    :ivar fate: what becomes of the workload; None where there is none yet. :ivar decision: what a new pod of it gets then.
    """

    namespace_state: NamespaceState
    workload_plan: WorkloadPlan | None
    decision: injection.Decision
    plan: Plan = ()
    warnings: tuple[str, ...] = ()

    @property
    def workload_plans(self) -> tuple[WorkloadPlan, ...]:
        """What becomes of the workload, as far as there is one."""
        return (self.workload_plan,) if self.workload_plan else ()

    @property
    def steps(self) -> Plan:
        """All steps, in their order."""
        return (*self.plan, *(step for workload_plan in self.workload_plans for step in workload_plan.steps))

    @property
    def settled(self) -> bool:
        """Whether there is neither anything to write nor anything to wait for."""
        return not self.steps and not any(workload_plan.waits for workload_plan in self.workload_plans)


def owner(name: str) -> str:
    """The owner of the objects that are rendered for a gateway."""
    return f"gateway-{name}"
