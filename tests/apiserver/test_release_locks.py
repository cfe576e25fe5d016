"""Upgrades and releases on one cluster: Deployments whose changes wait for a release, and releases that are open."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import release
from tests.harness import gateways
from tests.harness.leases import expire
from tests.harness.mesh import SYSTEM, Mesh
from tests.harness.modules import Call, answer
from tests.harness.moves import MARK, NEW, OLD, call, everywhere, marks, move, through
from tests.harness.proxy import WriteProxy

PAUSED = "changes of it wait for a release again"


@pytest.fixture
def waiting(mesh: Mesh) -> str:
    """A namespace with the Deployment C(web) whose changes wait for a release, and C(cart) beside it."""
    namespace = mesh.namespace(mesh.unused("release"), {"istio.io/rev": OLD})
    mesh.workload(namespace, "web")
    mesh.workload(namespace, "cart", replicas=1)
    mesh.settled(namespace, "web", "cart")
    mesh.merge(
        "Deployment", "web", namespace, {"metadata": {"annotations": {release.ENABLED: '{"paused":false}'}}, "spec": {"paused": True}}
    )
    mesh.until(lambda: _seen(mesh, namespace), "The controller does not see that web is paused.")
    return namespace


def _seen(mesh: Mesh, namespace: str) -> bool:
    """Whether the controller knows the present state of C(web)."""
    web = mesh.get("Deployment", "web", namespace)
    return bool(web["status"].get("observedGeneration") == web["metadata"]["generation"])


def _image(mesh: Mesh, namespace: str, image: str) -> None:
    """Another image for C(web), as by C(kubectl set image)."""
    container = {"name": "app", "image": image}
    mesh.merge("Deployment", "web", namespace, {"spec": {"template": {"spec": {"containers": [container]}}}})
    mesh.until(lambda: _seen(mesh, namespace), "The controller does not see the new image.")


def _paused(mesh: Mesh, namespace: str) -> bool:
    return mesh.get("Deployment", "web", namespace)["spec"].get("paused", False) is True


def _images(mesh: Mesh, namespace: str) -> set[str]:
    """The images of the live pods of C(web)."""
    pods = [pod for pod in mesh.items("Pod", namespace) if pod["metadata"]["labels"]["app"] == "web"]
    live = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    return {one["image"] for pod in live for one in pod["spec"]["containers"] if one["name"] == "app"}


def _steps(answer: dict[str, Any], name: str = "web") -> list[str]:
    return [step["reason"].partition(" for ")[0] for step in answer["steps"] if step["name"] == name]


def test_a_deployment_that_waits_for_releases_is_restarted_on_its_released_template_and_paused_again(mesh: Mesh, waiting: str) -> None:
    before = mesh.snapshot(waiting, SYSTEM)
    predicted = move(mesh, waiting, check=True)
    assert mesh.snapshot(waiting, SYSTEM) == before

    done = move(mesh, waiting)

    assert done.get("not_restartable") == [], done
    assert (predicted["steps"], _steps(done)) == (done["steps"], ["restart", PAUSED.partition(" for ")[0]])
    assert {pod["workload"] for pod in done["proof"]} == {"Deployment web", "Deployment cart"}
    assert everywhere(mesh, waiting, NEW)
    assert (_paused(mesh, waiting), _images(mesh, waiting)) == (True, {"registry.invalid/app:1"})
    assert not mesh.get("Deployment", "cart", waiting)["spec"].get("paused")
    assert not move(mesh, waiting)["changed"]
    back = move(mesh, waiting, state="former")
    assert (everywhere(mesh, waiting, OLD), _paused(mesh, waiting), back["changed"]) == (True, True, True)


def test_a_change_that_waits_for_a_release_is_listed_and_no_pod_starts_with_it(mesh: Mesh, waiting: str) -> None:
    _image(mesh, waiting, "registry.invalid/app:2")
    before = mesh.get("Deployment", "web", waiting)

    done = move(mesh, waiting)

    (listed,) = done["not_restartable"]
    assert (listed["name"], "waits for a release" in listed["reason"], "workload_canary" in listed["reason"]) == ("web", True, True)
    assert mesh.get("Deployment", "web", waiting)["spec"] == before["spec"]
    assert (_images(mesh, waiting), mesh.revisions(waiting)) == ({"registry.invalid/app:1"}, {"web": {OLD}, "cart": {NEW}})
    _image(mesh, waiting, "registry.invalid/app:1")
    assert move(mesh, waiting)["not_restartable"] == []
    assert (everywhere(mesh, waiting, NEW), _paused(mesh, waiting)) == (True, True)


def test_an_older_template_that_waits_for_a_release_is_told_from_the_one_that_runs(mesh: Mesh, waiting: str) -> None:
    mesh.merge("Deployment", "web", waiting, {"spec": {"paused": False}})
    _image(mesh, waiting, "registry.invalid/app:2")
    mesh.settled(waiting, "web")
    mesh.merge("Deployment", "web", waiting, {"spec": {"paused": True}})

    _image(mesh, waiting, "registry.invalid/app:1")

    assert [one["name"] for one in move(mesh, waiting)["not_restartable"]] == ["web"]
    assert _images(mesh, waiting) == {"registry.invalid/app:2"}
    web, replica_sets = mesh.get("Deployment", "web", waiting), mesh.items("ReplicaSet", waiting)
    running = release.running_template(web, replica_sets)
    assert running is not None
    assert running["spec"]["containers"][0]["image"] == "registry.invalid/app:2"


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("state", ["present", "former"])
def test_killed_at_the_patch_that_pauses_again_the_next_run_does_it(mesh: Mesh, waiting: str, state: str, after: bool) -> None:
    if state == "former":
        move(mesh, waiting)
    goal = {"present": NEW, "former": OLD}[state]
    with WriteProxy(mesh.server.host) as proxy:
        process = call(mesh, waiting, state=state, **through(mesh, proxy)).start()
        proxy.at(4, process.kill, after=after)
        process.wait(60)
        killed = len(proxy.writes)
        expire(mesh.server.client)
        assert (_paused(mesh, waiting), killed) == (after, 4)

        again = call(mesh, waiting, state=state, **through(mesh, proxy)).run()

    assert _steps(again) == ([] if after else [PAUSED.partition(" for ")[0]]), again
    assert (everywhere(mesh, waiting, goal), _paused(mesh, waiting)) == (True, True)
    assert not move(mesh, waiting, state=state)["changed"]


def test_killed_after_the_restart_the_next_run_waits_for_it_and_pauses(mesh: Mesh, waiting: str) -> None:
    with WriteProxy(mesh.server.host) as proxy:
        process = call(mesh, waiting, **through(mesh, proxy)).start()
        proxy.at(3, process.kill, after=True)
        process.wait(60)
    expire(mesh.server.client)
    assert not _paused(mesh, waiting)

    move(mesh, waiting)

    assert (everywhere(mesh, waiting, NEW), _paused(mesh, waiting)) == (True, True)


def test_without_waiting_it_stays_resumed_until_a_later_run_pauses_it(mesh: Mesh, waiting: str) -> None:
    first = move(mesh, waiting, wait=False)
    assert (_steps(first), _paused(mesh, waiting)) == (["restart"], False)
    mesh.settled(waiting, "web", "cart")

    later = move(mesh, waiting, wait=False)

    assert (_steps(later), _paused(mesh, waiting)) == ([PAUSED.partition(" for ")[0]], True)


def _record(phase: release.Phase = "progressing") -> dict[str, Any]:
    record = release.Record(phase=phase, run="the release", template="0" * 16, service="web", weight=10)
    return {"metadata": {"annotations": {release.RECORD: record.dump()}}}


@pytest.mark.parametrize("options", [{}, {"state": "absent"}, {"state": "former"}, {"check": True}])
def test_a_namespace_in_which_a_release_is_open_is_refused_and_nothing_is_written(
    mesh: Mesh, waiting: str, options: dict[str, Any]
) -> None:
    if options.get("state") == "former":
        move(mesh, waiting)
    mesh.merge("Deployment", "web", waiting, _record())
    other = mesh.namespace(mesh.unused("other"), {"istio.io/rev": OLD})
    before = mesh.snapshot(waiting, other, SYSTEM)

    told = move(mesh, other, waiting, **options)

    assert (told["failed"], told["code"], told["verdict"]) == (True, "release_open", "error")
    assert all(word in told["msg"] for word in (f"Deployment {waiting}/web", "progressing", "the release", "abort"))
    assert mesh.snapshot(waiting, other, SYSTEM) == before


def test_a_record_that_cannot_be_read_is_refused_too(mesh: Mesh, waiting: str) -> None:
    mesh.merge("Deployment", "web", waiting, {"metadata": {"annotations": {release.RECORD: "prod"}}})

    told = move(mesh, waiting)

    assert (told["code"], marks(mesh, waiting)["istio.io/rev"]) == ("release_unreadable", OLD)


def test_a_release_that_begins_while_a_run_is_under_way_is_left_alone(mesh: Mesh, waiting: str) -> None:
    with WriteProxy(mesh.server.host) as proxy:
        process = call(mesh, waiting, max_parallel=1, **through(mesh, proxy)).start()
        proxy.watch(2, lambda: mesh.merge("Deployment", "web", waiting, _record("preparing")))
        told = answer(process)

    assert told["code"] == "release_open", told
    assert MARK not in mesh.get("Deployment", "web", waiting)["spec"]["template"]["metadata"].get("annotations", {})


def test_a_gateway_of_which_a_release_is_open_is_refused_and_nothing_is_written(mesh: Mesh, edge: str) -> None:
    gateways.put(mesh, edge)
    mesh.merge("Deployment", "web", edge, _record())
    before = mesh.snapshot(edge, SYSTEM)

    told = Call("istio_gateway", {**mesh.connection, "namespace": edge, "name": "web", "revision": NEW}).run()

    assert told["code"] == "release_open", told
    assert mesh.snapshot(edge, SYSTEM) == before


def test_an_upgrade_plan_has_a_blocker_for_a_namespace_in_which_a_release_is_open(mesh: Mesh, waiting: str) -> None:
    mesh.merge("Deployment", "web", waiting, _record())
    options = {**mesh.connection, "from_revision": OLD, "version": "1.32.0", "revision": NEW, "namespaces": [waiting]}

    told = Call("upgrade_plan", options).run()

    blockers = [finding for finding in told["findings"] if finding["level"] == "blocker"]
    assert ("release_open", f"Deployment {waiting}/web") in {(one["code"], one["object"]) for one in blockers}, told


def _wait_for_releases(mesh: Mesh, namespace: str) -> None:
    mesh.merge("Deployment", "web", namespace, {"metadata": {"annotations": {release.ENABLED: "{}"}}, "spec": {"paused": True}})
    mesh.until(lambda: _seen(mesh, namespace), "The controller does not see that web is paused.")


def test_a_gateway_that_waits_for_releases_moves_by_a_patch_and_is_paused_again(mesh: Mesh, theirs: str) -> None:
    _wait_for_releases(mesh, theirs)

    done = gateways.call(mesh, theirs, revision=NEW)

    assert _steps(done) == ["restart", PAUSED.partition(" for ")[0]], done
    assert (done["gateway"]["ready"], mesh.revisions(theirs), _paused(mesh, theirs)) == (True, {"web": {NEW}}, True)


def test_a_gateway_that_waits_for_releases_is_not_moved_by_its_chart_and_nothing_is_written(mesh: Mesh, edge: str) -> None:
    gateways.install(mesh, edge)
    _wait_for_releases(mesh, edge)
    before = mesh.snapshot(edge, SYSTEM)

    told = gateways.install(mesh, edge, version="1.32.0", revision=NEW)

    assert (told["code"], "is paused" in told["msg"]) == ("not_restartable", True)
    assert mesh.snapshot(edge, SYSTEM) == before
