"""The verdict on pods."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.verdict import Target
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.labels import NamespaceState
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import checks as gate_checks
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import model
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.model import Check
from tests.unit.mesh import build
from tests.unit.plan.world import GATEWAY, NEW, OLD, World, mesh

TARGET = Target(NEW, "1.32.0")
ON_NEW = {labels.REV: NEW}


def moved(**further: Any) -> World:
    """A namespace that was moved, with two workloads of two pods each."""
    world = World(mesh(), ON_NEW)
    world.add("web", **further)
    world.add("cart")
    return world


def left_behind(world: World, name: str, revision: str = OLD, version: str = "1.31.0") -> None:
    """Gives a workload pods as they were before the move."""
    world.pods["Deployment", name] = [
        build.pod(f"{name}-{number}", world.name, revision=revision, version=version, owner=("Deployment", name), marks={"app": name})
        for number in range(2)
    ]


def judged(world: World, target: Target = TARGET) -> Check:
    namespace_states = [world.namespace_state()]
    return gate_checks.pods(gate_checks.sort_pods(namespace_states, world.mesh, target), namespace_states, target)


def test_pods_that_are_all_on_the_revision_and_ready_pass() -> None:
    check = judged(moved())
    assert (check.verdict, check.facts["on_target"], check.facts["versions"]) == ("passed", 4, {"1.32.0": 4})


def test_a_pod_of_the_old_revision_fails_and_is_named() -> None:
    world = moved()
    left_behind(world, "cart")
    check = judged(world)
    assert check.verdict == "failed"
    assert [one["pod"] for one in check.facts["wrong"]] == ["cart-0", "cart-1"]
    assert "2 of 4 pods are on 1-32-0 1.32.0" in check.detail
    assert "its proxy is of revision 1-31-0 in version 1.31.0" in check.detail


def test_the_right_revision_with_another_version_of_the_proxy_fails() -> None:
    world = moved()
    left_behind(world, "cart", NEW, "1.31.0")
    assert judged(world).verdict == "failed"
    assert judged(world, Target(NEW)).verdict == "passed"


def test_a_workload_that_chooses_its_own_proxy_image_is_not_held_against_the_version() -> None:
    world = moved()
    left_behind(world, "cart", NEW, "1.29.9-ours")
    for pod in world.pods["Deployment", "cart"]:
        written = {"containers": [{"name": "istio-proxy", "image": "hub/proxyv2:1.29.9-ours"}]}
        pod["metadata"]["annotations"]["proxy.istio.io/overrides"] = json.dumps(written)
    assert judged(world).verdict == "passed"


def test_a_pod_that_came_up_without_a_sidecar_fails() -> None:
    world = moved()
    world.pods["Deployment", "web"] = [build.pod("web-0", world.name, owner=("Deployment", "web"), marks={"app": "web"})]
    assert "web-0: it has no sidecar" in judged(world).detail


def test_a_pod_that_is_not_ready_fails() -> None:
    world = moved()
    world.pods["Deployment", "web"][0]["status"]["conditions"][0]["status"] = "False"
    assert "web-0: it is not ready" in judged(world).detail


def test_a_namespace_that_still_leads_elsewhere_fails() -> None:
    world = World(mesh(), {labels.REV: OLD})
    world.add("web")
    check = judged(world)
    assert check.verdict == "failed"
    assert check.facts["total"] == 2


@pytest.mark.parametrize("kind", ["terminating", "finished"])
def test_pods_on_their_way_out_do_not_count(kind: str) -> None:
    world = moved()
    left_behind(world, "cart")
    for pod in world.pods["Deployment", "cart"]:
        if kind == "terminating":
            pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        else:
            pod["status"]["phase"] = "Succeeded"
    assert (judged(world).verdict, judged(world).facts["total"]) == ("passed", 2)


@pytest.mark.parametrize("owner", ["probe", "test-flight"])
def test_pods_that_want_no_sidecar_and_those_that_only_send_do_not_count(owner: str) -> None:
    world = moved()
    world.add("batch", {labels.INJECT: "false"})
    world.pods["Pod", "probe"] = [build.pod("probe", world.name, marks={labels.OWNER: owner})]
    check = judged(world)
    assert (check.verdict, check.facts["total"], check.facts["outside"]) == ("passed", 4, 3)


@pytest.mark.parametrize(
    ("kind", "further"),
    [
        ("StatefulSet", {"spec": {"updateStrategy": {"type": "OnDelete"}}}),
        ("Deployment", {"spec": {"paused": True}}),
        (
            "Deployment",
            {"spec": {"paused": True}, "status": {"updatedReplicas": 0}, "annotations": {labels.RELEASE_ENABLED: "true"}},
        ),
    ],
)
def test_pods_that_no_restart_moves_are_listed_and_do_not_fail_the_gate(kind: str, further: dict[str, Any]) -> None:
    world = moved()
    world.add("db", kind=kind, **further)
    world.workloads[kind, "db"]["spec"]["template"] = world.workloads["Deployment", "web"]["spec"]["template"]
    pod = build.pod("db-0", world.name, revision=OLD, version="1.31.0", owner=(kind, "db"))
    world.pods[kind, "db"] = [pod]
    check = judged(world)
    assert (check.verdict, [one["pod"] for one in check.facts["left"]]) == ("passed", ["db-0"])
    assert "1 cannot be restarted" in check.detail


def test_a_bare_pod_is_listed_and_does_not_fail_the_gate() -> None:
    world = moved()
    world.pods["Pod", "lonely"] = [build.pod("lonely", world.name, revision=OLD, version="1.31.0")]
    assert "bare pod" in judged(world).facts["left"][0]["reason"]


def test_a_gateway_that_another_revision_is_meant_for_is_listed_and_does_not_fail_the_gate() -> None:
    world = World(mesh())
    world.add("web", {labels.REV: NEW})
    world.add("ingress", {labels.REV: OLD}, annotations=GATEWAY)
    check = judged(world)
    assert (check.verdict, check.facts["total"], len(check.facts["elsewhere"])) == ("passed", 2, 2)


def test_a_workload_that_asks_for_another_revision_by_itself_fails() -> None:
    world = World(mesh())
    world.add("web", {labels.REV: NEW})
    world.add("cart", {labels.REV: OLD})
    assert judged(world).verdict == "failed"


def test_a_namespace_that_does_not_exist_fails_and_is_named() -> None:
    world = moved()
    namespace_states = [world.namespace_state(), NamespaceState("gone", None)]
    check = gate_checks.pods(gate_checks.sort_pods(namespace_states, world.mesh, TARGET), namespace_states, TARGET)
    assert (check.verdict, check.facts["namespaces_gone"]) == ("failed", ["gone"])
    assert "the namespace gone does not exist" in check.detail


@given(st.lists(st.sampled_from(model.ORDER), min_size=1))
def test_the_worst_check_decides(words: list[model.Word]) -> None:
    checks = [Check("pods", word, "") for word in words]
    assert model.overall(checks) == min(words, key=model.ORDER.index)


def test_in_check_mode_what_is_not_so_yet_is_predicted_and_what_is_unknown_stays_unknown() -> None:
    words = {word: model.predicted(Check("pods", word, "")).verdict for word in model.ORDER}
    assert words == {**{word: word for word in model.ORDER}, "failed": "predicted"}


def test_every_pod_is_in_exactly_one_group() -> None:
    for states in itertools.product(("right", "old", "none", "unready"), repeat=2):
        world = moved()
        for number, state in enumerate(states):
            pod = world.pods["Deployment", "web"][number]
            if state == "old":
                pod["metadata"]["annotations"][labels.REV] = OLD
            elif state == "none":
                pod["spec"]["containers"].pop()
                pod["metadata"]["annotations"].pop(labels.REV)
            elif state == "unready":
                pod["status"]["conditions"] = []
        found = gate_checks.sort_pods([world.namespace_state()], world.mesh, TARGET)
        assert len(found.right) + len(found.wrong) == 4
        assert len(found.wrong) == len([state for state in states if state != "right"])
