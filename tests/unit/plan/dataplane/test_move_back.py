"""The way back: the record of the former labels, and a run that is killed anywhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane import previous_labels
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.labels import MoveRequest
from tests.unit.plan.world import ABSENT, FORMER, NEW, OLD, World, kinds, mesh, possible, present, refused, shop


def test_the_record_of_the_former_labels_is_never_overwritten() -> None:
    world = shop(rev="prod")
    world.run(present(OLD))
    world.run(present(NEW))
    world.run(ABSENT)

    assert previous_labels.checked(world.namespace) == {labels.REV: "prod", "istio-injection": None}


def test_a_record_that_leads_nowhere_any_more_gives_way_to_a_new_one() -> None:
    world = shop(rev=OLD)
    world.run(present(NEW))
    world.mesh = mesh(NEW, "1-33-0")

    world.run(present("1-33-0"))

    assert previous_labels.checked(world.namespace) == {labels.REV: NEW, "istio-injection": None}


def test_former_gives_the_labels_back_and_restarts_what_is_not_where_they_lead() -> None:
    world = shop(rev="prod")
    world.run(present())

    world.run(FORMER)

    assert world.marks == {labels.REV: "prod"}
    assert previous_labels.ANNOTATION not in world.namespace["metadata"]["annotations"]
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
    assert previous_labels.checked(world.namespace) is None
    assert world.revisions() == {"web": NEW, "cart": NEW}
    assert not world.decide(FORMER).plan


def test_a_record_that_somebody_broke_is_named_and_nothing_is_guessed() -> None:
    world = shop(rev="prod")
    world.namespace["metadata"]["annotations"] = {previous_labels.ANNOTATION: "prod"}

    assert previous_labels.ANNOTATION in refused(world, FORMER)


NAMESPACE_LABELS: list[dict[str, str]] = [
    {},
    {labels.REV: "prod"},
    {labels.REV: OLD},
    {"istio-injection": "enabled"},
    {"istio-injection": "disabled"},
    {"istio-injection": "enabled", labels.REV: OLD},
]


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
    marks: dict[str, str], pods: list[dict[str, str]], first: MoveRequest, second: MoveRequest, killed: list[int]
) -> None:
    tags = {"prod": OLD, "new": NEW}
    straight, broken = World(mesh("default", OLD, NEW, tags=tags), marks), World(mesh("default", OLD, NEW, tags=tags), marks)
    for world in (straight, broken):
        for number, own in enumerate(pods):
            world.add(f"w{number}", own)
    before, revisions = dict(straight.marks), straight.revisions()
    for request in (first, second, FORMER):
        if not possible(straight, request):
            assert not possible(broken, request)
            continue
        straight.run(request)
        for writes in killed:
            broken.run(request, writes)
        broken.run(request)
        assert not straight.decide(request).plan
        assert not broken.decide(request).plan
        assert (broken.marks, broken.revisions()) == (straight.marks, straight.revisions())
    assert (straight.marks, straight.revisions()) == (before, revisions)
