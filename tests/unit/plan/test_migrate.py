"""Moving namespaces: what is written, what is restarted, what is refused, and the way back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels
from ansible_collections.meshyard.istio.plugins.module_utils._plan import former, migrate
from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh import Injector
from ansible_collections.meshyard.istio.plugins.module_utils._plan.relabel import Space, Wish
from ansible_collections.meshyard.istio.plugins.module_utils._plan.steps import Patch, describe
from tests.unit.mesh import build
from tests.unit.plan.world import GATEWAY, NEW, OLD, World, kinds, mesh, present, statuses

ABSENT, FORMER = Wish("absent"), Wish("former")
PLAIN = ("default", NEW)


def refused(world: World, wish: Wish) -> str:
    with pytest.raises(MeshyardError) as told:
        world.decide(wish)
    assert told.value.remedy
    return told.value.problem


def possible(world: World, wish: Wish) -> bool:
    try:
        world.decide(wish)
    except MeshyardError:
        return False
    return True


def shop(**marks: str) -> World:
    world = World(mesh(tags={"prod": OLD}), {key.replace("_", "-").replace("rev", labels.REV): value for key, value in marks.items()})
    world.add("web")
    world.add("cart")
    return world


def test_the_labels_and_the_record_of_the_former_ones_are_one_conditional_patch() -> None:
    world = World(mesh(*PLAIN), {"istio-injection": "enabled", "team": "shop"})

    (step,) = world.decide(present()).plan

    assert isinstance(step, Patch)
    assert step.patch["metadata"]["labels"] == {labels.REV: NEW, "istio-injection": None}
    assert json.loads(step.patch["metadata"]["annotations"][former.ANNOTATION]) == {labels.REV: None, "istio-injection": "enabled"}
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
    assert {fate.workload.name: fate.waits for fate in migration.fates} == {"web": True, "cart": False}


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
    assert next(fate.waits and fate.moved for fate in migration.fates if fate.workload.name == "web")


def test_terminating_and_finished_pods_are_ignored() -> None:
    world = World(mesh(), {labels.REV: NEW})
    world.add("web")
    old = build.pod("old", revision=OLD, owner=("Deployment", "web"), deletionTimestamp="2026-11-21T10:00:00Z")
    ended = build.pod("ended", revision=OLD, owner=("Deployment", "web"), phase="Failed")
    world.pods["Deployment", "web"] += [old, ended]

    migration = world.decide(present())

    assert not migration.plan
    assert migration.moves[0].describe(world.space().live_pods)["pods"] == {"total": 2, "on_target": 2}


def test_the_record_of_the_former_labels_is_never_overwritten() -> None:
    world = shop(rev="prod")
    world.run(present(OLD))
    world.run(present(NEW))
    world.run(ABSENT)

    assert former.checked(world.namespace) == {labels.REV: "prod", "istio-injection": None}


def test_a_record_that_leads_nowhere_any_more_gives_way_to_a_new_one() -> None:
    world = shop(rev=OLD)
    world.run(present(NEW))
    world.mesh = mesh(NEW, "1-33-0")

    world.run(present("1-33-0"))

    assert former.checked(world.namespace) == {labels.REV: NEW, "istio-injection": None}


def test_former_gives_the_labels_back_and_restarts_what_is_not_where_they_lead() -> None:
    world = shop(rev="prod")
    world.run(present())

    world.run(FORMER)

    assert world.marks == {labels.REV: "prod"}
    assert former.ANNOTATION not in world.namespace["metadata"]["annotations"]
    assert world.revisions() == {"web": OLD, "cart": OLD}
    assert not world.decide(FORMER).plan


def test_after_the_tag_has_moved_former_restarts_nothing() -> None:
    world = shop(rev="prod")
    world.run(present())
    world.mesh = mesh(tags={"prod": NEW})

    migration = world.run(FORMER)

    assert kinds(migration.plan) == ["Namespace shop"]
    assert world.revisions() == {"web": NEW, "cart": NEW}


def test_former_goes_on_after_a_run_that_was_killed_right_after_the_labels() -> None:
    world = shop(rev="prod")
    world.run(present())
    world.run(FORMER, writes=1)

    migration = world.run(FORMER)

    assert kinds(migration.plan) == ["Deployment cart", "Deployment web"]
    assert world.revisions() == {"web": OLD, "cart": OLD}


def test_former_of_a_namespace_that_had_no_labels_takes_the_sidecars_away_again() -> None:
    world = World(mesh())
    world.add("web")
    world.run(present())
    assert world.revisions() == {"web": NEW}

    world.run(FORMER)

    assert (world.marks, world.revisions()) == ({}, {"web": None})


def test_former_is_refused_when_its_revision_is_gone() -> None:
    world = shop(rev="prod")
    world.run(present())
    world.mesh = mesh(NEW)

    assert "prod" in refused(world, FORMER)


def test_forgetting_drops_the_record_and_restarts_nothing() -> None:
    world = shop(rev="prod")
    world.run(present())

    migration = world.run(present(forget=True))

    assert kinds(migration.plan) == ["Namespace shop"]
    assert former.checked(world.namespace) is None
    assert world.revisions() == {"web": NEW, "cart": NEW}
    assert not world.decide(FORMER).plan


def test_a_record_that_somebody_broke_is_named_and_nothing_is_guessed() -> None:
    world = shop(rev="prod")
    world.namespace["metadata"]["annotations"] = {former.ANNOTATION: "prod"}

    assert former.ANNOTATION in refused(world, FORMER)


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

    (move,) = migrate.decide([world.space()], present(), planned).moves

    assert (move.then.revision, [fate.status for fate in move.fates]) == (NEW, ["restarted", "restarted"])
    assert len(planned.planes) == 2


@pytest.mark.parametrize("name", ["kube-system", "istio-system"])
@pytest.mark.parametrize("wish", [present(), ABSENT, FORMER])
def test_system_namespaces_are_never_moved(name: str, wish: Wish) -> None:
    assert name in refused(World(mesh(), name=name), wish)


def test_missing_and_ending_namespaces_are_refused_for_a_move_and_passed_over_on_the_way_back() -> None:
    ending = World(mesh(), name="old")
    ending.namespace["metadata"]["deletionTimestamp"] = "2026-11-21T10:00:00Z"
    spaces = [Space("gone", None), ending.space()]

    with pytest.raises(MeshyardError) as told:
        migrate.decide(spaces, present(), mesh())
    back = migrate.decide(spaces, FORMER, mesh())

    assert [word in told.value.problem for word in ("gone does not exist", "old is being deleted")] == [True, True]
    assert (back.plan, len(back.warnings)) == ((), 2)


def test_every_problem_of_every_namespace_is_told_at_once() -> None:
    spaces = [Space(name, None) for name in ("a", "b")]
    with pytest.raises(MeshyardError) as told:
        migrate.decide(spaces, present(), mesh())
    assert len(told.value.facts["problems"]) == 2


def test_an_ambient_namespace_is_refused() -> None:
    world = World(mesh(), {"istio.io/dataplane-mode": "ambient"})
    assert "ambient" in refused(world, present())


def test_pods_that_two_planes_would_inject_are_refused() -> None:
    world = World(mesh("default", NEW, tags={"default": NEW}), {labels.REV: NEW})
    world.add("web")
    assert "several control planes" in refused(world, present("default"))


def test_unlabelled_namespaces_move_only_the_workloads_that_ask_by_themselves() -> None:
    world = World(mesh("default", OLD, NEW))
    world.add("web", {labels.REV: OLD})
    world.add("cart", {labels.INJECT: "true"})
    world.add("batch")

    migration = world.run(present())

    assert kinds(migration.plan) == ["Deployment cart", "Deployment web"]
    assert (world.marks, world.revisions()) == ({}, {"web": NEW, "cart": NEW, "batch": None})
    assert former.checked(world.workloads["Deployment", "web"]) == {labels.REV: OLD}
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
    assert migration.moves[0].describe(world.space().live_pods)["pods"] == {"total": 0, "on_target": 0}


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
    (fate,) = migration.fates
    assert (fate.status, word in fate.reason, word in migration.warnings[0]) == ("not_restartable", True, True)


@pytest.mark.parametrize(("owner", "word"), [(None, "bare pod"), (("Job", "sum"), "Job"), (("Rollout", "web"), "Argo Rollout")])
def test_pods_of_nobody_jobs_and_rollouts_are_listed_while_they_are_old(owner: tuple[str, str] | None, word: str) -> None:
    world = World(mesh(), {labels.REV: OLD})
    world.pods["Pod", "one"] = [build.pod("one", revision=OLD, version="1.31.0", owner=owner)]

    (fate,) = world.run(present()).fates
    assert (fate.status, word in fate.reason) == ("not_restartable", True)
    world.pods["Pod", "one"] = [build.pod("one", revision=NEW, owner=owner)]
    (fate,) = world.decide(present()).fates
    assert fate.status == "already"


def test_without_restart_only_the_label_changes_and_the_rest_is_pending() -> None:
    world = shop(rev="prod")

    migration = world.run(present(restart=False))

    assert kinds(migration.plan) == ["Namespace shop"]
    assert statuses(migration) == {"web": "pending", "cart": "pending"}


NAMESPACE_LABELS: list[dict[str, str]] = [
    {}, {labels.REV: "prod"}, {labels.REV: OLD}, {"istio-injection": "enabled"}, {"istio-injection": "disabled"},
    {"istio-injection": "enabled", labels.REV: OLD},
]  # fmt: skip
POD_LABELS: list[dict[str, str]] = [{}, {labels.REV: OLD}, {labels.REV: "prod"}, {labels.INJECT: "true"}, {labels.INJECT: "false"}]
WISHES = [present(), ABSENT, present(label="new"), present(scope="namespace"), present(scope="pods")]


@given(
    marks=st.sampled_from(NAMESPACE_LABELS),
    pods=st.lists(st.sampled_from(POD_LABELS), max_size=3),
    first=st.sampled_from(WISHES),
    second=st.sampled_from(WISHES),
    killed=st.lists(st.integers(0, 3), max_size=4),
)
def test_killed_anywhere_and_resumed_it_ends_the_same_and_the_way_back_is_complete(
    marks: dict[str, str], pods: list[dict[str, str]], first: Wish, second: Wish, killed: list[int]
) -> None:
    tags = {"prod": OLD, "new": NEW}
    straight, broken = World(mesh("default", OLD, NEW, tags=tags), marks), World(mesh("default", OLD, NEW, tags=tags), marks)
    for world in (straight, broken):
        for number, own in enumerate(pods):
            world.add(f"w{number}", own)
    before, revisions = dict(straight.marks), straight.revisions()
    for wish in (first, second, FORMER):
        if not possible(straight, wish):
            assert not possible(broken, wish)
            continue
        straight.run(wish)
        for writes in killed:
            broken.run(wish, writes)
        broken.run(wish)
        assert not straight.decide(wish).plan
        assert not broken.decide(wish).plan
        assert (broken.marks, broken.revisions()) == (straight.marks, straight.revisions())
    assert (straight.marks, straight.revisions()) == (before, revisions)
