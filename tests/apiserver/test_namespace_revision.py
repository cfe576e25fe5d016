"""namespace_revision against an API server whose webhooks inject, and on which rollouts work."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lab.waiting import until
from tests.harness.mesh import SYSTEM, Mesh
from tests.harness.modules import Call, answer
from tests.harness.proxy import WriteProxy

OLD, NEW = "1-31-0", "1-32-0"
RECORD, MARK = "meshyard.io/former", "meshyard.io/restarted-for"
_numbers = itertools.count()


@pytest.fixture
def shop(mesh: Mesh) -> str:
    """A namespace that follows the tag prod, with one workload of each kind."""
    namespace = mesh.namespace(f"shop-{next(_numbers)}", {"istio.io/rev": "prod", "team": "shop"})
    mesh.workload(namespace, "web")
    mesh.workload(namespace, "db", "StatefulSet", serviceName="db")
    mesh.workload(namespace, "agent", "DaemonSet")
    mesh.settled(namespace, "web")
    mesh.settled(namespace, "db", kind="StatefulSet")
    mesh.settled(namespace, "agent", kind="DaemonSet")
    return namespace


def move(mesh: Mesh, *namespaces: str, check: bool = False, environment: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    return call(mesh, *namespaces, check=check, environment=environment, **options).run()


def call(mesh: Mesh, *namespaces: str, check: bool = False, environment: dict[str, str] | None = None, **options: Any) -> Call:
    wanted = {"revision": NEW} if options.get("state", "present") == "present" else {}
    given = {**mesh.connection, "namespaces": list(namespaces), "wait_timeout": 60, **wanted, **options}
    return Call("namespace_revision", given, check=check, environment=environment)


def marks(mesh: Mesh, namespace: str) -> dict[str, str]:
    found: dict[str, str] = mesh.get("Namespace", namespace)["metadata"]["labels"]
    return found


def everywhere(mesh: Mesh, namespace: str, revision: str | None) -> bool:
    return all(told == {revision} for told in mesh.revisions(namespace).values())


def test_check_mode_tells_the_steps_of_the_real_run_and_writes_nothing(mesh: Mesh, shop: str) -> None:
    before = mesh.snapshot(shop, SYSTEM)
    foretold = move(mesh, shop, check=True)

    assert mesh.snapshot(shop, SYSTEM) == before
    done = move(mesh, shop)
    assert (foretold["changed"], foretold["steps"]) == (True, done["steps"])
    assert foretold.keys() == done.keys()


def test_every_pod_comes_to_the_revision_and_is_proven_one_by_one(mesh: Mesh, shop: str) -> None:
    done = move(mesh, shop)

    (told,) = done["namespaces"]
    assert (told["revision_before"], told["revision"], told["pods"]) == (OLD, NEW, {"total": 5, "on_target": 5})
    assert {one["revision"] for one in done["proof"]} == {NEW}
    assert {one["image"] for one in done["proof"]} == {"registry.invalid/proxyv2:1.32.0"}
    assert everywhere(mesh, shop, NEW)
    assert (marks(mesh, shop)["istio.io/rev"], marks(mesh, shop)["team"]) == (NEW, "shop")


def test_a_second_run_changes_nothing_and_asks_a_dozen_times_at_most(mesh: Mesh, shop: str) -> None:
    move(mesh, shop)
    before = mesh.snapshot(shop, SYSTEM)

    again = move(mesh, shop)

    assert (again["changed"], again["steps"]) == (False, [])
    assert again["requests"] <= 12
    assert mesh.snapshot(shop, SYSTEM) == before


def test_a_workload_that_was_set_back_by_hand_is_the_only_one_that_is_restarted(mesh: Mesh, shop: str) -> None:
    move(mesh, shop)
    mesh.merge("Namespace", shop, None, {"metadata": {"labels": {"istio.io/rev": OLD}}})
    mesh.merge("Deployment", "web", shop, {"spec": {"template": {"metadata": {"annotations": {"by": "hand"}}}}})
    mesh.settled(shop, "web")
    mesh.merge("Namespace", shop, None, {"metadata": {"labels": {"istio.io/rev": NEW}}})

    again = move(mesh, shop)

    assert [(step["kind"], step["name"]) for step in again["steps"]] == [("Deployment", "web")]
    assert everywhere(mesh, shop, NEW)


def test_the_former_labels_come_back_with_the_pods(mesh: Mesh, shop: str) -> None:
    before = marks(mesh, shop)
    move(mesh, shop)
    assert json.loads(mesh.get("Namespace", shop)["metadata"]["annotations"][RECORD]) == {"istio-injection": None, "istio.io/rev": "prod"}

    back = move(mesh, shop, state="former")

    assert back["changed"]
    assert marks(mesh, shop) == before
    assert RECORD not in mesh.get("Namespace", shop)["metadata"].get("annotations", {})
    assert everywhere(mesh, shop, OLD)
    assert not move(mesh, shop, state="former")["changed"]


def test_a_plain_namespace_moves_and_leaves_the_mesh_and_comes_back(mesh: Mesh) -> None:
    plain = mesh.namespace(f"plain-{next(_numbers)}", {"istio-injection": "enabled"})
    mesh.workload(plain, "web")
    mesh.settled(plain, "web")
    assert mesh.revisions(plain) == {"web": {"default"}}

    for options, labels, revision in (
        ({}, {"istio.io/rev": NEW}, NEW),
        ({"state": "absent"}, {}, None),
        ({"state": "former"}, {"istio-injection": "enabled"}, "default"),
    ):
        done = move(mesh, plain, **options)
        assert done["changed"], done
        assert {key: value for key, value in marks(mesh, plain).items() if key.startswith("istio")} == labels
        assert mesh.revisions(plain) == {"web": {revision}}


def test_labels_of_pods_move_in_a_namespace_without_labels_and_the_rest_stays_out(mesh: Mesh) -> None:
    bare = mesh.namespace(f"bare-{next(_numbers)}")
    mesh.workload(bare, "web", marks={"istio.io/rev": OLD})
    mesh.workload(bare, "batch")
    mesh.settled(bare, "web", "batch")

    move(mesh, bare)

    assert mesh.revisions(bare) == {"web": {NEW}, "batch": {None}}
    web = mesh.get("Deployment", "web", bare)
    assert json.loads(web["metadata"]["annotations"][RECORD]) == {"istio.io/rev": OLD}
    assert not move(mesh, bare)["changed"]
    move(mesh, bare, state="former")
    assert mesh.revisions(bare) == {"web": {OLD}, "batch": {None}}


def test_fields_of_others_are_left_alone(mesh: Mesh, shop: str) -> None:
    mesh.merge("Deployment", "web", shop, {"metadata": {"annotations": {"theirs": "1"}}, "spec": {"replicas": 3}})
    mesh.merge("Namespace", shop, None, {"metadata": {"annotations": {"theirs": "1"}}})

    move(mesh, shop)
    move(mesh, shop, state="former")

    web = mesh.get("Deployment", "web", shop)
    assert (web["spec"]["replicas"], web["metadata"]["annotations"]["theirs"]) == (3, "1")
    assert mesh.get("Namespace", shop)["metadata"]["annotations"] == {"theirs": "1"}


def test_what_nobody_can_restart_is_listed_and_the_rest_moves(mesh: Mesh, shop: str) -> None:
    mesh.merge("StatefulSet", "db", shop, {"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}})
    container = {"name": "app", "image": "registry.invalid/app:1"}
    meta = {"name": "bare", "namespace": shop, "labels": {"app": "bare"}}
    mesh.create({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}})

    done = move(mesh, shop)

    assert {(one["kind"], one["name"]) for one in done["not_restartable"]} == {("StatefulSet", "db"), ("Pod", "bare")}
    assert all(one["reason"] for one in done["not_restartable"])
    assert done["namespaces"][0]["pods"] == {"total": 6, "on_target": 3}
    assert mesh.revisions(shop)["web"] == {NEW}


def test_a_rollout_that_does_not_go_on_is_told_with_its_pods_and_what_was_done(mesh: Mesh, shop: str) -> None:
    hold(mesh, shop, "never")

    failed = move(mesh, shop, wait_timeout=3)

    assert failed["failed"]
    (stuck,) = failed["stuck"]
    assert (stuck["name"], "Deployment" in failed["msg"], bool(stuck["pods"][0]["reasons"])) == ("web", True, True)
    assert {f"{shop}/db", f"{shop}/agent"} == set(failed["rolled"])
    assert failed["done"][0]["kind"] == "Namespace"
    hold(mesh, shop, None)
    move(mesh, shop)
    assert everywhere(mesh, shop, NEW)


def test_a_pod_that_comes_up_without_a_proxy_fails_the_proof_and_is_not_restarted_again(mesh: Mesh, shop: str) -> None:
    mesh.injector.silent.add(NEW)
    try:
        failed = move(mesh, shop)
        before = mesh.snapshot(shop)
        again = move(mesh, shop)
    finally:
        mesh.injector.silent.discard(NEW)

    for told in (failed, again):
        assert "no sidecar" in told["msg"]
    assert mesh.snapshot(shop) == before


def test_progress_says_how_many_have_rolled_and_what_is_waited_for(mesh: Mesh, shop: str, tmp_path: Path) -> None:
    hold(mesh, shop, "1s")
    mesh.settled(shop, "web")
    lines = tmp_path / "progress"
    lines.touch()

    move(mesh, shop, environment={"MESHYARD_PROGRESS_FILE": str(lines)})

    assert f"2/3 workloads rolled, waiting for {shop}/web" in lines.read_text()


def test_no_more_workloads_roll_at_a_time_than_allowed(mesh: Mesh) -> None:
    namespace = mesh.namespace(f"many-{next(_numbers)}", {"istio.io/rev": OLD})
    names = [f"w{number}" for number in range(3)]
    for name in names:
        mesh.workload(namespace, name, replicas=1, annotations={"lab.meshyard/ready": "400ms"})
    mesh.settled(namespace, *names)

    def rolled_before(name: str) -> set[str]:
        found = mesh.revisions(namespace)
        return {other for other in names if other != name and found.get(other) == {NEW}}

    with WriteProxy(mesh.server.host) as proxy:
        order: list[int] = []
        for number, name in enumerate(names, 2):
            proxy.watch(number, lambda name=name: order.append(len(rolled_before(name))))
        done = move(mesh, namespace, max_parallel=1, **through(mesh, proxy))

    assert done["changed"], done
    assert order == [0, 1, 2]


def through(mesh: Mesh, proxy: WriteProxy) -> dict[str, Any]:
    """Connection options that lead through the proxy."""
    return {"kubeconfig": None, "host": proxy.url, "api_key": mesh.server.token}


@pytest.mark.parametrize("state", ["present", "former"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_killed_at_any_write_and_run_again_nothing_is_lost_and_nothing_is_done_twice(
    mesh: Mesh, number: int, after: bool, state: str
) -> None:
    shop = mesh.namespace(f"pair-{next(_numbers)}", {"istio.io/rev": "prod"})
    mesh.workload(shop, "web")
    mesh.workload(shop, "cart", replicas=1)
    mesh.settled(shop, "web", "cart")
    if state == "former":
        move(mesh, shop)
    goal, same = {"present": NEW, "former": OLD}[state], {"MESHYARD_RUN_ID": "the same job"}
    with WriteProxy(mesh.server.host) as proxy:
        process = call(mesh, shop, state=state, **through(mesh, proxy), environment=same).start()
        proxy.at(number, process.kill, after=after)
        process.wait(60)
        process.communicate()
        killed = len(proxy.writes)

        again = call(mesh, shop, state=state, **through(mesh, proxy), environment=same).run()

        assert killed == number
        assert "failed" not in again, again
        assert len(proxy.writes) - killed == 3 - (number if after else number - 1)
    assert everywhere(mesh, shop, goal)
    assert not move(mesh, shop, state=state)["changed"]


def holder(mesh: Mesh) -> str | None:
    """Who holds the Lease."""
    if not mesh.exists("Lease", "meshyard", SYSTEM):
        return None
    found: str = mesh.get("Lease", "meshyard", SYSTEM)["spec"]["holderIdentity"]
    return found


def hold(mesh: Mesh, namespace: str, ready: str | None) -> None:
    """New pods of the Deployment web become ready after this time, or V(never)."""
    mesh.merge("Deployment", "web", namespace, {"spec": {"template": {"metadata": {"annotations": {"lab.meshyard/ready": ready}}}}})


def test_a_second_run_at_the_same_time_is_told_who_runs(mesh: Mesh, shop: str) -> None:
    hold(mesh, shop, "never")
    process = call(mesh, shop, environment={"MESHYARD_RUN_ID": "the first"}).start()
    until(lambda: holder(mesh) == "the first", 60, lambda: "The first run takes no Lease.")

    second = move(mesh, shop, state="absent", environment={"MESHYARD_RUN_ID": "the second"})

    hold(mesh, shop, None)
    first = answer(process)
    assert second.get("failed"), (first, second)
    assert "the first" in second["msg"]
    assert first["changed"]
    assert everywhere(mesh, shop, NEW)
    assert holder(mesh) is None


def test_a_run_that_was_killed_frees_the_way_for_another(mesh: Mesh, shop: str) -> None:
    with WriteProxy(mesh.server.host) as proxy:
        process = call(mesh, shop, **through(mesh, proxy), environment={"MESHYARD_RUN_ID": "the first"}).start()
        proxy.at(2, process.kill)
        process.wait(60)
        process.communicate()

    done = move(mesh, shop, environment={"MESHYARD_RUN_ID": "the second"})

    assert done["changed"], done
    assert everywhere(mesh, shop, NEW)


def test_a_run_that_is_told_to_end_stops_before_its_next_write(mesh: Mesh, shop: str) -> None:
    with WriteProxy(mesh.server.host) as proxy:
        process = call(mesh, shop, max_parallel=1, **through(mesh, proxy)).start()
        proxy.watch(2, process.terminate)
        told = answer(process)
        assert told["failed"]
        assert "told to end" in told["msg"]
        assert len(proxy.writes) == 2
    assert holder(mesh) is None
    move(mesh, shop)
    assert everywhere(mesh, shop, NEW)


def broken_record(mesh: Mesh, namespace: str) -> None:
    mesh.merge("Namespace", namespace, None, {"metadata": {"annotations": {RECORD: "prod"}}})


def nothing(_mesh: Mesh, _namespace: str) -> None:
    """Leaves it as it is."""


@pytest.mark.parametrize(
    ("options", "prepare", "sentence"),
    [
        ({"revision": "1-33-0"}, nothing, "which no active webhook serves"),
        ({"revision": NEW, "label": "prod"}, nothing, "not to 1-32-0"),
        ({"namespaces": ["nowhere"]}, nothing, "The namespace nowhere does not exist."),
        ({"namespaces": ["kube-system"]}, nothing, "is never moved"),
        ({"namespaces": [SYSTEM]}, nothing, "is never moved"),
        ({"revision": None}, nothing, "State present needs a revision."),
        ({"state": "absent", "revision": NEW}, nothing, "have no meaning"),
        ({"max_parallel": 0}, nothing, "max_parallel is 0"),
        ({"state": "former"}, broken_record, "is not a map of labels"),
        ({"kubeconfig": "/nowhere"}, nothing, "No connection"),
        ({"expected_cluster_uid": "another"}, nothing, "expected_cluster_uid is another"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_a_sentence_before_the_first_write(
    mesh: Mesh, options: dict[str, Any], prepare: Callable[[Mesh, str], None], sentence: str
) -> None:
    namespace = mesh.namespace(f"bad-{next(_numbers)}", {"istio.io/rev": OLD})
    prepare(mesh, namespace)
    before = mesh.snapshot(namespace, SYSTEM)

    told = move(mesh, namespace, **options)

    assert told["failed"]
    assert sentence in told["msg"]
    assert "Traceback" not in json.dumps(told)
    assert mesh.snapshot(namespace, SYSTEM) == before
