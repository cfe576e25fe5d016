"""Namespaces with Deployments that are released by canaries: what is restarted on what, what waits, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels, release
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.labels import MoveRequest
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Patch, diff
from tests.unit.plan.world import ABSENT, FORMER, NEW, OLD, World, kinds, mesh, present, shop, statuses

ENABLED = {labels.RELEASE_ENABLED: '{"paused":false}'}
PAUSE = {"spec": {"paused": True}}


def enabled(**further: Any) -> World:
    """A namespace with the Deployment C(web) whose changes wait for a release, and with C(cart), which is as any other."""
    world = World(mesh(), {labels.REV: OLD})
    world.add("cart")
    web = world.add("web", status=further.pop("status", {}), **further)
    web["metadata"]["annotations"] = dict(ENABLED)
    web["spec"]["paused"] = True
    return world


def web(world: World) -> dict[str, Any]:
    return world.workloads["Deployment", "web"]


def patches(world: World, request: MoveRequest) -> list[dict[str, Any]]:
    """What would be written to C(web)."""
    return [step.patch for step in world.decide(request).plan if isinstance(step, Patch) and step.ref.name == "web"]


def test_it_is_resumed_in_the_patch_that_restarts_it_and_paused_by_the_next_one() -> None:
    world = enabled()

    restart, pause = patches(world, present())
    world.run(present())

    assert (restart["spec"]["paused"], labels.RESTARTED_FOR in restart["spec"]["template"]["metadata"]["annotations"]) == (False, True)
    assert pause == PAUSE
    assert (world.revisions(), web(world)["spec"]["paused"]) == ({"web": NEW, "cart": NEW}, True)
    assert not world.decide(present()).plan
    assert statuses(world.decide(present())) == {"web": "already", "cart": "already"}


@pytest.mark.parametrize("back", [ABSENT, FORMER])
def test_it_leaves_and_goes_back_as_any_other_and_is_paused_again(back: MoveRequest) -> None:
    world = enabled()
    world.run(present())

    world.run(back)

    assert (world.revisions()["web"], web(world)["spec"]["paused"]) == (OLD if back is FORMER else None, True)


def test_a_deployment_that_somebody_paused_is_still_not_resumed() -> None:
    world = enabled()
    web(world)["metadata"]["annotations"] = {}

    assert (patches(world, present()), statuses(world.decide(present()))["web"]) == ([], "not_restartable")


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ({"updatedReplicas": 0}, "waits for a release"),
        ({"replicas": 2, "updatedReplicas": 1}, "waits for a release"),
        ({"observedGeneration": 0}, "not known yet"),
        ({"replicas": 0, "updatedReplicas": 0}, "has no pods"),
    ],
    ids=["waiting", "by half", "unseen", "scaled to zero"],
)
def test_what_may_be_a_waiting_change_is_listed_with_what_to_do_and_not_touched(status: dict[str, int], word: str) -> None:
    world = enabled(status=status)

    migration = world.run(present())

    assert kinds(migration.plan) == ["Namespace shop", "Deployment cart"]
    (plan,) = [one for one in migration.workload_plans if one.workload.name == "web"]
    assert (plan.status, word in plan.reason, plan.reason in migration.warnings[0]) == ("not_restartable", True, True)


def test_after_a_kill_between_both_patches_only_the_second_one_is_left() -> None:
    world = enabled()
    world.run(present(), writes=3)
    assert web(world)["spec"]["paused"] is False

    assert patches(world, present()) == [PAUSE]
    web(world)["status"] |= {"updatedReplicas": 0}
    (under_way,) = [one for one in world.decide(present()).workload_plans if one.workload.name == "web"]

    assert (under_way.step, under_way.waits, [step.patch for step in under_way.steps]) == (None, True, [PAUSE])


@pytest.mark.parametrize("request_", [present(wait=False), present(restart=False)], ids=["without waiting", "without restarts"])
def test_where_nobody_waits_only_a_finished_rollout_is_paused(request_: MoveRequest) -> None:
    world = enabled()
    restarts = patches(world, request_)
    world.run(present(), writes=3)

    assert [one["spec"]["paused"] for one in restarts] == ([False] if request_.restart else [])
    assert patches(world, request_) == [PAUSE]
    web(world)["status"] |= {"updatedReplicas": 0}
    assert patches(world, request_) == []


def test_the_diff_of_both_patches_is_that_of_the_whole() -> None:
    world = enabled()

    whole = diff(world.decide(present()).plan)

    before, after = (whole[side]["Deployment shop/web"]["spec"] for side in ("before", "after"))
    assert (before["paused"], after["paused"]) == (True, True)
    assert after["template"]["metadata"]["annotations"][labels.RESTARTED_FOR] == f"{NEW}@1.32.0+v1"


@pytest.mark.parametrize("request_", [present(), present(wait=False), ABSENT, FORMER], ids=["present", "no wait", "absent", "former"])
def test_a_namespace_with_an_open_release_is_refused_with_who_began_it_and_what_to_do(request_: MoveRequest) -> None:
    world = enabled()
    record = release.Record(phase="progressing", run="nightly on build-7", template="0" * 16, service="web", weight=25)
    web(world)["metadata"]["annotations"] |= {release.RECORD: record.dump()}

    with pytest.raises(MeshyardError) as told:
        world.decide(request_)

    assert (told.value.code, told.value.verdict) == ("release_open", "error")
    assert all(word in told.value.problem for word in ("Deployment shop/web", "progressing", "nightly on build-7"))
    assert "abort" in told.value.remedy


def test_the_canary_of_an_aborted_release_that_was_left_behind_moves_like_any_other_workload() -> None:
    world = shop(rev="prod")
    canary = world.add("web-canary")
    canary["metadata"]["labels"] = {labels.OWNER: "release-web"}

    migration = world.run(present())

    assert statuses(migration)["web-canary"] == "restarted"
    assert (migration.moves[0].then.revision, world.revisions()["web-canary"]) == (NEW, NEW)
    assert not world.decide(present()).plan
