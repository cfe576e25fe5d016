"""namespace_revision against an API server whose webhooks inject, and on which rollouts work."""

from __future__ import annotations

import json

from tests.harness.mesh import SYSTEM, Mesh
from tests.harness.moves import NEW, OLD, RECORD, everywhere, hold, marks, move


def test_check_mode_tells_the_steps_of_the_real_run_and_writes_nothing(mesh: Mesh, shop: str) -> None:
    before = mesh.snapshot(shop, SYSTEM)
    predicted = move(mesh, shop, check=True)

    assert mesh.snapshot(shop, SYSTEM) == before
    done = move(mesh, shop)
    assert (predicted["changed"], predicted["steps"]) == (True, done["steps"])
    assert predicted.keys() == done.keys()


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
    plain = mesh.namespace(mesh.unused("plain"), {"istio-injection": "enabled"})
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
    bare = mesh.namespace(mesh.unused("bare"))
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
