# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is asked of a release, what was seen of it, and the stages that lead from one to the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ..._errors import MeshyardError
from ..._mesh import labels, raw, release
from ..._mesh.release import Record
from ..objects.steps import Object, Plan, Ref
from .target import Target

State = Literal["enabled", "disabled", "prepared", "scaled", "weight", "promoted", "finished", "aborted"]
PolicyGap = Literal["copy", "fail", "warn"]
Place = Literal["workload", "config"]
Wait = Literal["", "canary_ready", "stable_rolled", "stable_ready", "drained"]


@dataclass(frozen=True)
class Request:
    """What is asked for.

    :ivar template: the pod template that C(image) or C(patch) lead to, as the API server gives it; None where neither was given.
    :ivar run: who asks, and :ivar now: when, for the record. :ivar verdicts: what the gate said of the weight that is asked for.
    :ivar retry_refused: whether a template that was taken back before is released again.
    """

    state: State
    weight: int = 0
    template: Object | None = None
    policy_gap: PolicyGap = "copy"
    run: str = ""
    now: str = ""
    verdicts: Sequence[Mapping[str, Any]] = ()
    retry_refused: bool = True


@dataclass(frozen=True)
class Observed:
    """A Deployment, and everything that a release of it touches.

    :ivar running: the pod template that it rolled out last; None where it never did. :ivar services: those of its namespace.
    :ivar routes: VirtualServices and HTTPRoutes with a destination that is the Service, or with a record of this release.
    :ivar rules: DestinationRules, and :ivar sidecars: Sidecars, of all namespaces. :ivar grants: ReferenceGrants of its own.
    :ivar policies: what may select its pods.
    :ivar autoscaler: the HorizontalPodAutoscaler of the Deployment.
    :ivar owned: everything that this release made, by its place. :ivar strangers: what others made, of the kinds of such things.
    :ivar virtual_services: all of the mesh.
    :ivar upgrade: an open upgrade of the mesh, in words; empty without one.
    :ivar namespace_labels: those of its namespace. :ivar root: the namespace whose policies of Istio hold for all.
    """

    cluster: str
    target: Target
    stable: Object
    running: Object | None = None
    services: tuple[Object, ...] = ()
    canary: Object | None = None
    routes: tuple[Object, ...] = ()
    rules: tuple[Object, ...] = ()
    grants: tuple[Object, ...] = ()
    sidecars: tuple[Object, ...] = ()
    policies: tuple[Object, ...] = ()
    autoscaler: Object | None = None
    owned: Mapping[Place, tuple[Object, ...]] = field(default_factory=dict)
    strangers: frozenset[Ref] = frozenset()
    virtual_services: tuple[Object, ...] = ()
    upgrade: str = ""
    namespace_labels: Mapping[str, str] = field(default_factory=dict)
    root: str = labels.SYSTEM_NAMESPACE

    @property
    def record(self) -> Record | None:
        """The release that it is in."""
        return release.of(self.stable)

    @property
    def open_record(self) -> Record:
        """The same, where there must be one.

        :raises MeshyardError: there is none.
        """
        if (found := self.record) is None:
            raise MeshyardError(f"{self.title} is in no release.", "Begin one first, with the state prepared.", code="no_release")
        return found

    @property
    def template(self) -> Object:
        """The pod template that the Deployment asks for now."""
        return release.template_of(self.stable)

    @property
    def waits(self) -> bool:
        """Whether its template has not been rolled out yet."""
        return self.running is not None and self.running != self.template

    @property
    def replicas(self) -> int:
        """How many pods the Deployment is to have."""
        return raw.number(self.stable, "spec", "replicas", default=1)

    @property
    def title(self) -> str:
        """The Deployment, for messages."""
        return f"Deployment {self.target.namespace}/{self.target.name} on cluster {self.cluster}"


@dataclass(frozen=True)
class Stage:
    """Steps that belong together, on one cluster, and what is waited for after them.

    :ivar refusal: why it cannot be done, which matters once those before it are.
    """

    name: str
    steps: Plan = ()
    wait: Wait = ""
    place: Place = "workload"
    refusal: MeshyardError | None = None
