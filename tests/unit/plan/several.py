"""A cluster of several namespaces in memory, on which whole upgrades and rollbacks are played."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._mesh.evidence import TEMPLATE_KINDS, Evidence
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.labels import MoveRequest
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade import planning
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade.record import Intent, Record
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade.remaining import Selection
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade.route import Asked
from tests.unit.mesh import build
from tests.unit.plan import world

OLD, NEW = world.OLD, world.NEW
FORMER = "meshyard.io/former"


class Cluster:
    """Namespaces with workloads, revisions with tags, the default validator and the record."""

    def __init__(self, *revisions: str, tags: Mapping[str, str] | None = None) -> None:
        self.revisions = list(revisions or (OLD, NEW))
        self.tags = dict(tags or {})
        self.worlds: dict[str, world.World] = {}
        self.default_revision = self.revisions[0]
        self.record: Record | None = None
        self.changes: dict[str, Any] = {}

    def namespace(self, name: str, marks: Mapping[str, str] | None = None, workloads: Iterable[str] = ("web",)) -> world.World:
        """Adds a namespace with these Deployments."""
        made = world.World(self._mesh(), marks, name)
        for one in workloads:
            made.add(one)
        self.worlds[name] = made
        return made

    def open(self) -> None:
        """Opens the record, as the first step of an upgrade does."""
        tags = tuple(name for name, revision in self.tags.items() if revision == OLD)
        self.record = Record(Intent(OLD, NEW, "1.31.0", "1.32.0", tags, self.default_revision), "ops", "2026-01-01T00:00:00Z", "u1")

    def point(self, tag: str, revision: str) -> None:
        """Moves a tag."""
        self.tags[tag] = revision
        self._share()

    def remove(self, revision: str) -> None:
        """Takes a control plane away."""
        self.revisions.remove(revision)
        self._share()

    def plan(self, kind: str = "upgrade", version: str = "1.32.0", from_revision: str = "", **selection: Any) -> planning.Planned:
        """What is left now."""
        asked = Asked(from_revision, "", version if kind == "upgrade" else "")
        return planning.plan(kind, asked, planning.Seen(self.evidence(), build.SYSTEM, self.record), Selection(**selection))

    def evidence(self) -> Evidence:
        """What a run sees."""
        workloads: dict[str, list[Any]] = {kind: [] for kind in TEMPLATE_KINDS}
        workloads["Deployment"] = [build.istiod(name, tag=world.VERSIONS[name]) for name in self.revisions]
        for one in self.worlds.values():
            for (kind, _name), obj in one.workloads.items():
                workloads[kind].append(copy.deepcopy(obj))
        whole: dict[str, Any] = {
            "cluster": "east",
            "namespaces": [copy.deepcopy(one.namespace) for one in self.worlds.values()] + [build.namespace(build.SYSTEM)],
            "pods": [copy.deepcopy(pod) for one in self.worlds.values() for pods in one.pods.values() for pod in pods],
            "workloads": workloads,
            "config": {},
            "mutating_webhooks": [build.injector(name) for name in self.revisions]
            + [build.injector(revision, tag=name) for name, revision in self.tags.items()],
            "validating_webhooks": [{"metadata": build.meta("istiod-default-validator", "", {"istio.io/rev": self.default_revision})}],
            "services": [build.service(f"istiod-{name}") for name in self.revisions]
            + [build.tag_service(name, revision) for name, revision in self.tags.items()],
            "remotes": (),
        }
        return Evidence(**{**whole, **self.changes})

    def _mesh(self) -> Any:
        return world.mesh(*self.revisions, tags=self.tags)

    def _share(self) -> None:
        for one in self.worlds.values():
            one.mesh = self._mesh()

    def labels(self) -> dict[str, dict[str, str]]:
        """The labels of all namespaces."""
        return {name: dict(one.marks) for name, one in self.worlds.items()}

    def running(self) -> set[str | None]:
        """The revisions of all pods."""
        return {revision for one in self.worlds.values() for revision in one.revisions().values()}


def upgrade_steps(cluster: Cluster) -> Sequence[Any]:
    """An upgrade as the role carries it out, one callable for each module call, each reading the cluster anew."""

    def wave() -> None:
        waves = cluster.plan().left.waves
        for name in waves[0].namespaces if waves else ():
            cluster.worlds[name].run(world.present(NEW))

    def tags() -> None:
        for tag in cluster.plan().left.tags:
            if tag.moves:
                cluster.point(tag.name, NEW)

    def labels() -> None:
        for name in cluster.plan().left.give_back:
            cluster.worlds[name].run(MoveRequest("former"))

    def validator() -> None:
        cluster.default_revision = cluster.plan().left.default_revision or cluster.default_revision

    return [cluster.open, *([wave] * len(cluster.worlds)), tags, labels, validator]


def roll_back(cluster: Cluster, **selection: Any) -> None:
    """A rollback as the role carries it out."""
    planned = cluster.plan("rollback", **selection)
    for tag in planned.left.tags:
        if tag.moves:
            cluster.point(tag.name, planned.route.from_revision)
    for wave in planned.left.waves:
        for name in wave.namespaces:
            cluster.worlds[name].run(MoveRequest("former") if name in wave.give_back else world.present(planned.route.from_revision))
    cluster.default_revision = planned.left.default_revision or cluster.default_revision
