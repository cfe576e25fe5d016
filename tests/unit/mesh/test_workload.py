"""Workloads: how far a rollout is, who can be restarted, and who owns a pod."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import restart, workload
from tests.unit.mesh import build

DONE = {"observedGeneration": 3, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}
DEADLINE = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]


def rolling(kind: str, status: dict[str, Any], spec: dict[str, Any] | None = None) -> workload.Progress:
    raw = build.workload("cart", spec={"replicas": 3, **(spec or {})}, status={**DONE, **status}, generation=3)
    return workload.rolled_out(workload.parse(raw, kind))


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_a_complete_rollout_is_done(kind: str) -> None:
    assert rolling(kind, {}) == workload.Progress(True, False, "")


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"observedGeneration": 2}, "its controller has not seen generation 3 yet"),
        ({"updatedReplicas": 1}, "1 of 3 pods have the new template"),
        ({"replicas": 4}, "old pods still there: 1"),
        ({"availableReplicas": 2}, "2 of 3 pods are available"),
        ({"updatedReplicas": None, "availableReplicas": None}, "0 of 3 pods have the new template"),
    ],
)
def test_a_deployment_is_not_done_before_every_old_pod_is_gone_and_every_new_one_available(status: dict[str, Any], why: str) -> None:
    assert rolling("Deployment", status) == workload.Progress(False, False, why)


def test_a_rollout_past_its_deadline_is_stuck() -> None:
    found = rolling("Deployment", {"updatedReplicas": 1, "conditions": DEADLINE})
    assert (found.done, found.stuck) == (False, True)
    assert "deadline" in found.why


def test_the_deadline_of_a_former_generation_does_not_count() -> None:
    assert not rolling("Deployment", {"observedGeneration": 2, "conditions": DEADLINE}).stuck
    assert rolling("Deployment", {"conditions": DEADLINE}).done


def test_a_paused_deployment_is_not_done() -> None:
    assert rolling("Deployment", {}, {"paused": True}).why == "it is paused"


def enabled(status: dict[str, Any], **spec: Any) -> workload.Workload:
    """A Deployment whose changes wait for a release."""
    annotations = {"meshyard.io/release-enabled": '{"paused":false}'}
    raw = build.workload("cart", spec={"paused": True, "replicas": 3, **spec}, status={**DONE, **status}, generation=3)
    raw["metadata"]["annotations"] = annotations
    return workload.parse(raw, "Deployment")


def test_a_deployment_that_waits_for_its_next_release_is_done_and_can_be_restarted_unless_a_change_waits() -> None:
    at_rest, waiting = enabled({}), enabled({"updatedReplicas": None})
    assert (workload.rolled_out(at_rest).done, restart.restartable(at_rest)) == (True, None)
    assert (workload.rolled_out(waiting).why, "waits for a release" in (restart.restartable(waiting) or "")) == ("it is paused", True)
    assert restart.restartable(enabled({"updatedReplicas": 1}, paused=False)) is None


def test_a_statefulset_is_done_only_when_its_revisions_agree() -> None:
    assert not rolling("StatefulSet", {"currentRevision": "a", "updateRevision": "b"}).done
    assert rolling("StatefulSet", {"currentRevision": "b", "updateRevision": "b"}).done


def test_a_statefulset_with_a_partition_is_done_above_it() -> None:
    partition = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}}
    assert rolling("StatefulSet", {"updatedReplicas": 1, "currentRevision": "a", "updateRevision": "b"}, partition).done
    assert not rolling("StatefulSet", {"updatedReplicas": 0}, partition).done


def test_a_daemonset_counts_by_scheduled_pods() -> None:
    status = {
        "observedGeneration": 1,
        "desiredNumberScheduled": 2,
        "updatedNumberScheduled": 2,
        "numberAvailable": 1,
        "currentNumberScheduled": 2,
    }
    parsed = workload.parse(build.workload("agent", status=status), "DaemonSet")
    assert workload.rolled_out(parsed).why == "1 of 2 pods are available"


def test_missing_replicas_count_as_one_and_zero_replicas_are_done() -> None:
    raw = build.workload("cart")
    del raw["spec"]["replicas"]
    assert workload.parse(raw, "Deployment").replicas == 1
    empty = build.workload("cart", spec={"replicas": 0}, status={key: None for key in DONE if key != "observedGeneration"})
    assert workload.rolled_out(workload.parse(empty, "Deployment")).done


@given(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))
def test_a_deployment_is_done_exactly_when_nothing_old_is_left_and_all_is_available(
    wanted: int, total: int, updated: int, available: int
) -> None:
    status = {"replicas": total, "updatedReplicas": updated, "availableReplicas": available}
    done = updated >= wanted and total <= updated and available >= wanted
    assert rolling("Deployment", status, {"replicas": wanted}).done == done


def test_the_template_is_found_in_every_kind() -> None:
    template = {"metadata": {"labels": {"app": "x"}}, "spec": {"hostNetwork": True, "containers": []}}
    cron = workload.parse({"metadata": {"name": "x"}, "spec": {"jobTemplate": {"spec": {"template": template}}}}, "CronJob")
    plain = workload.parse({"metadata": {"name": "x"}, "spec": {"template": template}}, "DaemonSet")
    bare = workload.parse({"kind": "Pod", "metadata": {"name": "x", "labels": {"app": "x"}}, "spec": {"hostNetwork": True}})
    assert [one.template_labels for one in (cron, plain, bare)] == [{"app": "x"}] * 3
    assert all(one.host_network for one in (cron, plain, bare))


def reason(kind: str, raw: dict[str, Any]) -> str:
    found = restart.restartable(workload.parse(raw, kind))
    assert found is not None
    return found


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_kinds_that_roll_can_be_restarted(kind: str) -> None:
    assert restart.restartable(workload.parse(build.workload("cart"), kind)) is None


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("Pod", "is a bare pod"),
        ("Job", "is a Job"),
        ("CronJob", "the next run takes the new revision"),
        ("Rollout", "Argo Rollout"),
        ("ReplicaSet", "does not replace its pods"),
        ("SomethingElse", "does not replace its pods"),
    ],
)
def test_kinds_that_do_not_roll_are_told_with_what_to_do(kind: str, part: str) -> None:
    found = reason(kind, build.workload("cart"))
    assert found.startswith(f"{kind} shop/cart ")
    assert part in found
    assert found.endswith(".")


@pytest.mark.parametrize(
    ("kind", "spec", "part"),
    [
        ("Deployment", {"paused": True}, "is paused"),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, "OnDelete"),
        ("DaemonSet", {"updateStrategy": {"type": "OnDelete"}}, "OnDelete"),
        ("StatefulSet", {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}}, "partition 1"),
    ],
)
def test_a_strategy_that_keeps_old_pods_is_told(kind: str, spec: dict[str, Any], part: str) -> None:
    assert part in reason(kind, build.workload("cart", spec=spec))


def test_a_workload_of_an_operator_names_its_owner() -> None:
    owners = [{"apiVersion": "acid.zalan.do/v1", "kind": "postgresql", "name": "db"}]
    found = reason("StatefulSet", build.workload("db", ownerReferences=owners))
    assert found == "StatefulSet shop/db belongs to postgresql db, which may take a change of it back: restart it by means of its owner."


def test_what_kubernetes_itself_owns_is_restarted_by_its_owner() -> None:
    owners = [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart"}]
    for kind in ("Pod", "ReplicaSet", "Job"):
        assert reason(kind, build.workload("x", ownerReferences=owners)) == f"{kind} shop/x belongs to Deployment cart: restart that."
    assert "is an Argo Rollout" in reason("Rollout", build.workload("x", ownerReferences=owners))


def test_of_several_owners_the_controller_counts() -> None:
    owners = [{"kind": "Other", "name": "a"}, {"kind": "Chief", "name": "b", "controller": True}]
    assert str(workload.owner({"metadata": {"ownerReferences": owners}})) == "Chief b"
    assert str(workload.owner({"metadata": {"ownerReferences": owners[::-1]}})) == "Chief b"


def test_a_gateway_of_the_gateway_api_is_left_to_istiod() -> None:
    owners = [{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "name": "web"}]
    assert "istiod rolls it" in reason("Deployment", build.workload("web-istio", ownerReferences=owners))


def test_the_restart_mark_is_read_back_from_the_pod_template() -> None:
    mark = restart.mark("1-32-0", "1.32.0", "abc123")
    assert mark == "1-32-0@1.32.0+abc123"
    annotations = {"meshyard.io/restarted-for": mark}
    assert workload.parse(build.workload("cart", template_annotations=annotations), "Deployment").restarted_for == mark


@pytest.mark.parametrize(
    ("owner", "marks", "found"),
    [
        (None, {}, ("Pod", "cart-1")),
        (("ReplicaSet", "cart-7f9c"), {"pod-template-hash": "7f9c"}, ("Deployment", "cart")),
        (("ReplicaSet", "cart-7f9c"), {"rollouts-pod-template-hash": "7f9c"}, ("Rollout", "cart")),
        (("ReplicaSet", "cart"), {}, ("ReplicaSet", "cart")),
        (("ReplicaSet", "cart-7f9c"), {"pod-template-hash": "0000"}, ("ReplicaSet", "cart-7f9c")),
        (("StatefulSet", "db"), {}, ("StatefulSet", "db")),
        (("Job", "nightly-28"), {}, ("Job", "nightly-28")),
    ],
)
def test_the_owner_of_a_pod_is_the_workload_that_is_restarted(
    owner: tuple[str, str] | None, marks: dict[str, str], found: tuple[str, str]
) -> None:
    result = restart.owner_of_pod(build.pod("cart-1", owner=owner, marks=marks))
    assert (result.kind, result.name) == found


def test_read_owners_outweigh_what_names_suggest() -> None:
    owners = {("shop", "Job", "nightly-28"): workload.Owner("CronJob", "nightly", "batch")}
    result = restart.owner_of_pod(build.pod("x", owner=("Job", "nightly-28")), owners)
    assert str(result) == "CronJob nightly"
