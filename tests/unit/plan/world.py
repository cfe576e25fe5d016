"""A small cluster in memory: patches are applied to it, and pods are made as the oracle says."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels, tag, webhook, workload
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane import model as dataplane_model
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane import move as dataplane_move
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.labels import MoveRequest, NamespaceState
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.mesh import Injector, Mesh
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Patch
from tests.unit.mesh import build

OLD, NEW = "1-31-0", "1-32-0"
VERSIONS = {"default": "1.30.0", OLD: "1.31.0", NEW: "1.32.0"}
GATEWAY = {"inject.istio.io/templates": "gateway"}
ABSENT, FORMER = MoveRequest("absent"), MoveRequest("former")
PLAIN = ("default", NEW)


def mesh(
    *revisions: str,
    tags: Mapping[str, str] | None = None,
    injectors: Mapping[str, Injector] | None = None,
    by_default: bool = False,
) -> Mesh:
    """A mesh of these revisions (old and new if none is given) with these tags."""
    names = revisions or (OLD, NEW)
    moved = tags or {}
    configurations = [build.injector(name, by_default=by_default and name == "default") for name in names]
    configurations += [build.injector(revision, tag=name) for name, revision in moved.items()]
    services = [build.tag_service(name, revision) for name, revision in moved.items()]
    return Mesh(
        planes=tuple(build.planes(*(build.istiod(name, tag=VERSIONS.get(name, "1.0.0")) for name in names), webhooks=configurations)),
        hooks=tuple(webhook.hooks(configurations)),
        tags=tuple(tag.tags(configurations, services)),
        injectors=injectors or {name: Injector(VERSIONS.get(name, "1.0.0"), "v1") for name in names},
    )


def merged(target: Any, patch: Any) -> Any:
    """A JSON merge patch."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


class World:
    """One namespace with its workloads; each has two pods, which are replaced when its pod template changes."""

    def __init__(self, mesh: Mesh, marks: Mapping[str, str] | None = None, name: str = "shop") -> None:
        self.mesh = mesh
        self.namespace: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": dict(marks or {}), "resourceVersion": "1"},
        }
        self.workloads: dict[tuple[str, str], dict[str, Any]] = {}
        self.pods: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.writes = 0

    @property
    def name(self) -> str:
        name: str = self.namespace["metadata"]["name"]
        return name

    def add(
        self,
        name: str,
        marks: Mapping[str, str] | None = None,
        kind: str = "Deployment",
        annotations: Mapping[str, str] | None = None,
        **further: Any,
    ) -> dict[str, Any]:
        """A workload with these pod labels, and its pods as they come up now."""
        raw = build.workload(name, self.name, {"app": name, **(marks or {})}, annotations, **further)
        raw |= {"apiVersion": "apps/v1", "kind": kind}
        raw["metadata"]["resourceVersion"] = "1"
        self.workloads[kind, name] = raw
        self.roll(kind, name)
        return raw

    def roll(self, kind: str, name: str) -> None:
        """Replaces the pods of a workload."""
        self.pods[kind, name] = [self.new_pod(kind, name, number) for number in range(2)]

    def new_pod(self, kind: str, name: str, number: int = 0) -> dict[str, Any]:
        """A pod as the API server would make it from the template now."""
        seen = workload.parse(self.workloads[kind, name])
        decision = self.mesh.decide(self.name, self.marks, seen.template_labels, seen.template_annotations, seen.host_network)
        assert decision.kind in ("revision", "none"), decision.reason
        revision = decision.revision
        annotations = dict(seen.template_annotations) | ({labels.REV: revision} if revision else {})
        version = self.mesh.injectors[revision].version if revision else ""
        told: dict[str, Any] = {"marks": seen.template_labels, "annotations": annotations}
        return build.pod(f"{name}-{number}", self.name, revision=revision, version=version, owner=(kind, name), **told)

    @property
    def marks(self) -> dict[str, str]:
        marks: dict[str, str] = self.namespace["metadata"]["labels"]
        return marks

    def namespace_state(self) -> NamespaceState:
        """What a run sees."""
        pods = [pod for own in self.pods.values() for pod in own]
        return copy.deepcopy(NamespaceState(self.name, self.namespace, tuple(self.workloads.values()), tuple(pods)))

    def decide(self, request: MoveRequest) -> dataplane_model.Migration:
        return dataplane_move.decide([self.namespace_state()], request, self.mesh, frozenset({"istio-system"}))

    def run(self, request: MoveRequest, writes: int | None = None) -> dataplane_model.Migration:
        """Decides and writes, but at most so many steps."""
        migration = self.decide(request)
        for step in migration.plan[:writes]:
            assert isinstance(step, Patch)
            self.apply(step)
        return migration

    def apply(self, step: Patch) -> None:
        """One patch, and what Kubernetes makes of it."""
        self.writes += 1
        if step.ref.kind == "Namespace":
            self.namespace = merged(self.namespace, step.patch)
            return
        key = step.ref.kind, step.ref.name
        before = self.workloads[key]
        self.workloads[key] = merged(before, step.patch)
        if self.workloads[key]["spec"]["template"] != before["spec"]["template"]:
            self.roll(*key)

    def revisions(self, kind: str = "Deployment") -> dict[str, str | None]:
        """The revision of each workload's pods."""
        found = {}
        for (of, name), pods in self.pods.items():
            told = {pod["metadata"]["annotations"].get(labels.REV) for pod in pods}
            assert len(told) == 1
            if of == kind:
                found[name] = told.pop()
        return found


def present(revision: str = NEW, **further: Any) -> MoveRequest:
    return MoveRequest("present", revision, further.pop("label", revision), **further)


def statuses(migration: dataplane_move.Migration) -> dict[str, str]:
    return {workload_plan.workload.name: workload_plan.status for workload_plan in migration.workload_plans}


def kinds(steps: Sequence[Any]) -> list[str]:
    return [f"{step.ref.kind} {step.ref.name}" for step in steps]


def refused(world: World, request: MoveRequest) -> str:
    with pytest.raises(MeshyardError) as told:
        world.decide(request)
    assert told.value.remedy
    return told.value.problem


def possible(world: World, request: MoveRequest) -> bool:
    try:
        world.decide(request)
    except MeshyardError:
        return False
    return True


def shop(**marks: str) -> World:
    world = World(mesh(tags={"prod": OLD}), {key.replace("_", "-").replace("rev", labels.REV): value for key, value in marks.items()})
    world.add("web")
    world.add("cart")
    return world
