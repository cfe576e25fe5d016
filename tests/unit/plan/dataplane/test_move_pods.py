"""Pods with labels of their own, and gateways."""

from __future__ import annotations

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane import previous_labels
from tests.unit.plan.world import ABSENT, FORMER, GATEWAY, NEW, OLD, World, kinds, mesh, present, refused, statuses


def test_unlabelled_namespaces_move_only_the_workloads_that_ask_by_themselves() -> None:
    world = World(mesh("default", OLD, NEW))
    world.add("web", {labels.REV: OLD})
    world.add("cart", {labels.INJECT: "true"})
    world.add("batch")

    migration = world.run(present())

    assert kinds(migration.plan) == ["Deployment cart", "Deployment web"]
    assert (world.marks, world.revisions()) == ({}, {"web": NEW, "cart": NEW, "batch": None})
    assert previous_labels.checked(world.workloads["Deployment", "web"]) == {labels.REV: OLD}
    assert not world.decide(present()).plan
    world.run(FORMER)
    assert world.revisions() == {"web": OLD, "cart": "default", "batch": None}
    assert not world.decide(FORMER).plan


def test_the_way_back_of_such_workloads_survives_that_they_leave_the_mesh() -> None:
    world = World(mesh("default", OLD, NEW))
    world.add("web", {labels.REV: OLD, labels.INJECT: "true"})

    world.run(ABSENT)
    assert world.revisions() == {"web": None}
    world.run(present())
    assert (world.marks, world.revisions()) == ({}, {"web": NEW})
    world.run(FORMER)
    assert world.revisions() == {"web": OLD}


def test_a_label_on_the_namespace_can_be_asked_for_all_the_same() -> None:
    world = World(mesh())
    world.add("web", {labels.REV: OLD})
    world.add("batch")

    world.run(present(scope="namespace"))

    assert (world.marks, world.revisions()) == ({labels.REV: NEW}, {"web": NEW, "batch": NEW})


def test_pods_that_refuse_a_sidecar_are_left_in_peace() -> None:
    world = World(mesh(), {labels.REV: OLD})
    world.add("web", {labels.INJECT: "false"})

    migration = world.run(present())

    assert kinds(migration.plan) == ["Namespace shop"]
    assert statuses(migration) == {"web": "already"}
    assert migration.moves[0].describe(world.namespace_state().live_pods)["pods"] == {"total": 0, "on_target": 0}


def test_gateways_with_a_revision_of_their_own_are_left_to_their_module() -> None:
    world = World(mesh())
    world.add("edge", {labels.REV: OLD, labels.INJECT: "true"}, annotations=GATEWAY)

    migration = world.decide(present())

    assert (migration.plan, statuses(migration)) == ((), {"edge": "left"})
    assert "istio_gateway" in migration.warnings[0]


def test_gateways_move_with_the_label_of_their_namespace() -> None:
    world = World(mesh(), {labels.REV: OLD})
    world.add("edge", {labels.REV: OLD, labels.INJECT: "true"}, annotations=GATEWAY)

    world.run(present())

    assert world.revisions() == {"edge": NEW}


def test_a_gateway_that_would_lose_its_proxy_keeps_its_namespace_in_the_mesh() -> None:
    world = World(mesh(), {labels.REV: OLD})
    world.add("edge", annotations=GATEWAY)

    assert "would have no proxy" in refused(world, ABSENT)
