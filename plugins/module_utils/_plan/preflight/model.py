# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a preflight looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..._mesh import raw, workload
from ..._mesh.evidence import Evidence
from ..._mesh.restart import ROLLS
from ..upgrade.members import Member
from ..upgrade.remaining import Upgrade
from ..upgrade.route import Route


@dataclass(frozen=True)
class Image:
    """The image of the new proxies. C(present) tells that a node has it, C(pulled) whether a trial succeeded, C(why) if not."""

    name: str
    present: bool = False
    pulled: bool | None = None
    why: str = ""


@dataclass(frozen=True)
class Restarted:
    """A workload that the upgrade restarts, parsed and raw."""

    workload: workload.Workload
    obj: raw.Raw

    @property
    def template(self) -> raw.Raw:
        """Its pod template."""
        return workload.pod_template(self.obj, self.workload.kind)

    def with_object(self, whole: raw.Raw) -> Restarted:
        """The same workload with all of its object, of which a list keeps only a few fields."""
        return Restarted(self.workload, whole)


@dataclass(frozen=True)
class Trial:
    """What the API server said to a dry run of a new pod that it did not admit.

    C(by) is who denied it, where that is known, C(quota) that a quota did. C(asked) is false where it could not be asked.
    """

    restarted: Restarted
    message: str
    by: str = ""
    quota: bool = False
    asked: bool = True


@dataclass(frozen=True)
class PreflightInput:
    """All that a preflight looks at.

    C(kubernetes) is the version of the API server. The lists are raw objects of which the evidence holds only metadata or nothing:
    None where they could not be read. C(remote) tells that the cluster is known to be served by the istiod of another one,
    C(clusters_in_run) which other clusters the same run upgrades. C(identity) is what the old control plane shares with those beside
    it, and what the new one would; None where nothing new is made. C(trials) are the dry runs of pods that were not admitted.
    """

    route: Route
    upgrade: Upgrade
    members: Sequence[Member]
    evidence: Evidence
    namespace: str = "istio-system"
    kubernetes: str = ""
    envoy_filters: Sequence[raw.Raw] | None = ()
    wasm_plugins: Sequence[raw.Raw] | None = ()
    api_gateways: Sequence[raw.Raw] | None = ()
    budgets: Sequence[raw.Raw] | None = ()
    image: Image | None = None
    unread: Sequence[str] = field(default_factory=tuple)
    remote: bool = False
    clusters_in_run: frozenset[str] = frozenset()
    identity: tuple[Mapping[str, str], Mapping[str, str]] | None = None
    trials: Sequence[Trial] = ()

    @property
    def touched(self) -> list[Member]:
        """The namespaces that the upgrade moves, or in which it moves gateways."""
        names = {*self.upgrade.namespaces, *(one.gateway.namespace for one in self.upgrade.gateways)}
        return [member for member in self.members if member.name in names]

    @property
    def restarted(self) -> list[Restarted]:
        """The workloads that the upgrade restarts."""
        objects = {(kind, raw.namespace(obj), raw.name(obj)): obj for kind in ROLLS for obj in self.evidence.workloads.get(kind) or ()}
        moved = [
            one.workload
            for member in self.touched
            for one in member.rolling
            if one.uses(self.route.from_revision) and not one.workload.held
        ]
        return [Restarted(seen, objects[seen.kind, seen.namespace, seen.name]) for seen in moved]
