"""What is refused before the first write, and what nobody can restart."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane import move as dataplane_move
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.labels import MoveRequest, NamespaceState
from tests.unit.mesh import build
from tests.unit.plan.world import ABSENT, FORMER, NEW, OLD, World, kinds, mesh, present, refused, shop, statuses


def test_a_label_that_leads_elsewhere_is_refused() -> None:
    assert "not to 1-32-0" in refused(shop(rev="prod"), present(label="prod"))


@pytest.mark.parametrize("revision", ["1-33-0", "prdo"])
def test_a_revision_that_no_webhook_serves_is_refused(revision: str) -> None:
    assert revision in refused(shop(rev="prod"), present(revision))


def test_a_revision_without_a_ready_istiod_is_refused() -> None:
    world = shop(rev="prod")
    configurations = [build.injector(OLD), build.injector(NEW)]
    dead = mesh()
    world.mesh = type(dead)(
        tuple(build.planes(build.istiod(OLD), build.istiod(NEW, ready=0), webhooks=configurations)), dead.hooks, (), dead.injectors
    )

    assert "has no ready pod" in refused(world, present())


def test_a_planned_revision_is_taken_as_ready() -> None:
    world = shop(rev=OLD)
    planned = mesh(OLD).planned([NEW, OLD])

    (move,) = dataplane_move.decide([world.namespace_state()], present(), planned).moves

    assert (move.then.revision, [workload_plan.status for workload_plan in move.workload_plans]) == (NEW, ["restarted", "restarted"])
    assert len(planned.planes) == 2


@pytest.mark.parametrize("name", ["kube-system", "istio-system"])
@pytest.mark.parametrize("move_request", [present(), ABSENT, FORMER])
def test_system_namespaces_are_never_moved(name: str, move_request: MoveRequest) -> None:
    assert name in refused(World(mesh(), name=name), move_request)


def test_missing_and_ending_namespaces_are_refused_for_a_move_and_passed_over_on_the_way_back() -> None:
    ending = World(mesh(), name="old")
    ending.namespace["metadata"]["deletionTimestamp"] = "2026-11-21T10:00:00Z"
    namespace_states = [NamespaceState("gone", None), ending.namespace_state()]

    with pytest.raises(MeshyardError) as told:
        dataplane_move.decide(namespace_states, present(), mesh())
    ways_back = [dataplane_move.decide(namespace_states, move_request, mesh()) for move_request in (FORMER, ABSENT)]

    assert [word in told.value.problem for word in ("gone does not exist", "old is being deleted")] == [True, True]
    assert [(back.plan, len(back.warnings)) for back in ways_back] == [((), 2)] * 2


def test_every_problem_of_every_namespace_is_told_at_once() -> None:
    namespace_states = [NamespaceState(name, None) for name in ("a", "b")]
    with pytest.raises(MeshyardError) as told:
        dataplane_move.decide(namespace_states, present(), mesh())
    assert len(told.value.facts["problems"]) == 2


def test_an_ambient_namespace_is_refused() -> None:
    world = World(mesh(), {"istio.io/dataplane-mode": "ambient"})
    assert "ambient" in refused(world, present())


def test_pods_that_two_planes_would_inject_are_refused() -> None:
    world = World(mesh("default", NEW, tags={"default": NEW}), {labels.REV: NEW})
    world.add("web")
    assert "several control planes" in refused(world, present("default"))


def _owned() -> dict[str, Any]:
    return {"ownerReferences": [{"apiVersion": "acme.example/v1", "kind": "Database", "name": "db", "controller": True}]}


@pytest.mark.parametrize(
    ("kind", "further", "word"),
    [
        ("Deployment", {"spec": {"paused": True}}, "paused"),
        ("StatefulSet", {"spec": {"updateStrategy": {"type": "OnDelete"}}}, "OnDelete"),
        ("StatefulSet", {"spec": {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}}}, "partition"),
        ("DaemonSet", {"spec": {"updateStrategy": {"type": "OnDelete"}}}, "OnDelete"),
        ("Deployment", _owned(), "belongs to Database db"),
    ],
)
def test_what_nobody_can_restart_is_listed_with_its_reason(kind: str, further: dict[str, Any], word: str) -> None:
    world = World(mesh(), {labels.REV: OLD})
    spec = further.pop("spec", {})
    raw = world.add("db", kind=kind, **further)
    raw["spec"].update(spec)

    migration = world.run(present())

    assert kinds(migration.plan) == ["Namespace shop"]
    (workload_plan,) = migration.workload_plans
    assert (workload_plan.status, word in workload_plan.reason, word in migration.warnings[0]) == ("not_restartable", True, True)


@pytest.mark.parametrize(("owner", "word"), [(None, "bare pod"), (("Job", "sum"), "Job"), (("Rollout", "web"), "Argo Rollout")])
def test_pods_of_nobody_jobs_and_rollouts_are_listed_while_they_are_old(owner: tuple[str, str] | None, word: str) -> None:
    world = World(mesh(), {labels.REV: OLD})
    world.pods["Pod", "one"] = [build.pod("one", revision=OLD, version="1.31.0", owner=owner)]

    (workload_plan,) = world.run(present()).workload_plans
    assert (workload_plan.status, word in workload_plan.reason) == ("not_restartable", True)
    world.pods["Pod", "one"] = [build.pod("one", revision=NEW, owner=owner)]
    (workload_plan,) = world.decide(present()).workload_plans
    assert workload_plan.status == "already"


def test_without_restart_only_the_label_changes_and_the_rest_is_pending() -> None:
    world = shop(rev="prod")

    migration = world.run(present(restart=False))

    assert kinds(migration.plan) == ["Namespace shop"]
    assert statuses(migration) == {"web": "pending", "cart": "pending"}
