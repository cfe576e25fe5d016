"""Moving namespaces: what is written, and what is restarted."""

from __future__ import annotations

import json

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane import previous_labels
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.mesh import Injector
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Patch, describe
from tests.unit.mesh import build
from tests.unit.plan.world import ABSENT, FORMER, NEW, OLD, PLAIN, World, kinds, mesh, present, shop, statuses


def test_the_labels_and_the_record_of_the_former_ones_are_one_conditional_patch() -> None:
    world = World(mesh(*PLAIN), {"istio-injection": "enabled", "team": "shop"})

    (step,) = world.decide(present()).plan

    assert isinstance(step, Patch)
    assert step.patch["metadata"]["labels"] == {labels.REV: NEW, "istio-injection": None}
    assert json.loads(step.patch["metadata"]["annotations"][previous_labels.ANNOTATION]) == {labels.REV: None, "istio-injection": "enabled"}
    assert step.version == "1"
    assert step.before["metadata"]["labels"] == {labels.REV: None, "istio-injection": "enabled"}


def test_namespaces_are_labelled_before_workloads_are_restarted() -> None:
    world = shop(rev="prod")

    migration = world.decide(present())

    assert kinds(migration.plan) == ["Namespace shop", "Deployment cart", "Deployment web"]
    assert describe(migration.plan[1])["reason"] == f"restart for {NEW}@1.32.0+v1"


def test_a_second_run_changes_nothing() -> None:
    world = shop(rev="prod")
    world.run(present())

    again = world.decide(present())

    assert world.revisions() == {"web": NEW, "cart": NEW}
    assert not again.plan
    assert statuses(again) == {"web": "already", "cart": "already"}


def test_what_is_right_already_is_not_restarted() -> None:
    world = shop(rev="prod")
    world.namespace["metadata"]["labels"] = {labels.REV: NEW}
    world.roll("Deployment", "cart")

    assert statuses(world.decide(present())) == {"web": "restarted", "cart": "already"}


def test_a_proxy_of_another_version_is_not_right() -> None:
    world = World(mesh(NEW), {labels.REV: NEW})
    world.add("web")
    world.mesh = mesh(NEW, injectors={NEW: Injector("1.32.1", "v2")})

    migration = world.run(present())

    assert kinds(migration.plan) == ["Deployment web"]
    assert world.pods["Deployment", "web"][0]["metadata"]["annotations"][labels.RESTARTED_FOR] == f"{NEW}@1.32.1+v2"


def test_a_proxy_image_that_the_pod_chose_itself_is_right() -> None:
    world = World(mesh(NEW), {labels.REV: NEW})
    world.add("web", annotations={"sidecar.istio.io/proxyImage": "hub/proxyv2:1.32.9"})
    for pod in world.pods["Deployment", "web"]:
        pod["spec"]["containers"][1]["image"] = "hub/proxyv2:1.32.9"

    assert not world.decide(present()).plan


def test_other_values_of_the_same_revision_restart_what_was_restarted_for_the_old_ones_only() -> None:
    world = World(mesh(tags={"prod": OLD}), {labels.REV: OLD})
    world.add("web")
    world.run(present())
    world.add("cart")
    world.mesh = mesh(injectors={OLD: Injector("1.31.0", "v1"), NEW: Injector("1.32.0", "v2")})

    assert statuses(world.decide(present())) == {"web": "restarted", "cart": "already"}


def test_a_rollout_that_a_killed_run_began_is_waited_for_and_not_begun_again() -> None:
    world = shop(rev="prod")
    old_pods = list(world.pods["Deployment", "web"])
    world.run(present())
    world.pods["Deployment", "web"] = [old_pods[0], world.pods["Deployment", "web"][1]]
    world.workloads["Deployment", "web"]["status"]["updatedReplicas"] = 0

    migration = world.decide(present())

    assert not migration.plan
    assert {workload_plan.workload.name: workload_plan.waits for workload_plan in migration.workload_plans} == {"web": True, "cart": False}


def test_pods_that_came_up_wrong_under_the_mark_of_an_earlier_time_are_restarted_with_another_mark() -> None:
    world = shop(rev="prod")
    world.run(present())
    world.namespace["metadata"]["labels"] = {labels.REV: OLD}
    world.roll("Deployment", "web")
    world.namespace["metadata"]["labels"] = {labels.REV: NEW}

    migration = world.run(present())

    assert kinds(migration.plan) == ["Deployment web"]
    assert world.revisions() == {"web": NEW, "cart": NEW}
    assert world.workloads["Deployment", "web"]["spec"]["template"]["metadata"]["annotations"][labels.RESTARTED_FOR].endswith("/2")


def test_a_pod_that_stays_without_a_proxy_in_spite_of_its_restart_is_left_to_the_proof() -> None:
    world = shop(rev="prod")
    world.run(present())
    for pod in world.pods["Deployment", "web"]:
        pod["metadata"]["annotations"].pop(labels.REV)
        pod["spec"]["containers"].pop()

    migration = world.decide(present())

    assert not migration.plan
    assert next(
        workload_plan.waits and workload_plan.moved for workload_plan in migration.workload_plans if workload_plan.workload.name == "web"
    )


def test_terminating_and_finished_pods_are_ignored() -> None:
    world = World(mesh(), {labels.REV: NEW})
    world.add("web")
    old = build.pod("old", revision=OLD, owner=("Deployment", "web"), deletionTimestamp="2026-11-21T10:00:00Z")
    ended = build.pod("ended", revision=OLD, owner=("Deployment", "web"), phase="Failed")
    world.pods["Deployment", "web"] += [old, ended]

    migration = world.decide(present())

    assert not migration.plan
    assert migration.moves[0].describe(world.namespace_state().live_pods)["pods"] == {"total": 2, "on_target": 2}


def test_absent_takes_every_pod_out_of_the_mesh() -> None:
    world = shop(rev="prod")

    world.run(ABSENT)

    assert (world.marks, world.revisions()) == ({}, {"web": None, "cart": None})
    assert not world.decide(ABSENT).plan


def test_absent_where_everything_is_injected_by_default_disables_injection() -> None:
    world = World(mesh("default", by_default=True), {"istio-injection": "enabled"})
    world.add("web")

    world.run(ABSENT)

    assert (world.marks, world.revisions()) == ({"istio-injection": "disabled"}, {"web": None})
    assert not world.decide(ABSENT).plan
    world.run(FORMER)
    assert (world.marks, world.revisions()) == ({"istio-injection": "enabled"}, {"web": "default"})


def test_a_label_that_leads_to_the_revision_is_written_in_its_place() -> None:
    world = shop(rev=OLD)
    world.mesh = mesh(tags={"prod": NEW})

    world.run(present(label="prod"))

    assert (world.marks, world.revisions()) == ({labels.REV: "prod"}, {"web": NEW, "cart": NEW})
    assert not world.decide(present("prod")).plan
