"""Rolling workloads: how many at a time, what is written, what is told, and how a run that fails accounts for itself."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.errors import ApiError
from ansible_collections.meshyard.istio.plugins.module_utils._errors import Abandoned, MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import workload
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.verdict import Target
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane import restarts
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.restarts import Change, WorkloadPlan
from ansible_collections.meshyard.istio.plugins.module_utils._run.dataplane import rollout
from tests.unit.mesh import build
from tests.unit.plan.world import merged
from tests.unit.run.fake import FakeApi

NEW = Target("1-32-0", "1.32.0")
PATCHED = "PATCH /apis/apps/v1/namespaces/shop/deployments/"


class RollingApi(FakeApi):
    """Rolls a workload in so many looks at it after its patch.

    :ivar looks: how many looks a rollout takes. :ivar conflicts: how many patches are refused because somebody was faster.
    """

    def __init__(self) -> None:
        super().__init__()
        self.looks = 2
        self.conflicts = 0
        self.most = 0
        self.bodies: list[Any] = []
        self._left: dict[str, int] = {}

    def send(self, method: str, path: str, *, body: Any = None, verb: str, what: str, **further: Any) -> Any:
        if method == "PATCH":
            self.sent.append(f"{method} {path}")
            return self._patch(path, body, verb, what)
        if path in self._left:
            self._left[path] -= 1
            if self._left[path] <= 0:
                self._left.pop(path)
                self.objects[path]["status"] |= {"updatedReplicas": 1, "observedGeneration": self.objects[path]["metadata"]["generation"]}
        return super().send(method, path, body=body, verb=verb, what=what, **further)

    def _patch(self, path: str, body: Any, verb: str, what: str) -> Any:
        if path not in self.objects:
            raise ApiError("fake", verb, what, 404, "NotFound", "not found")
        self.bodies.append(body)
        if self.conflicts or body["metadata"]["resourceVersion"] != self.objects[path]["metadata"]["resourceVersion"]:
            self.conflicts = max(0, self.conflicts - 1)
            self.objects[path]["metadata"]["resourceVersion"] += "0"
            raise ApiError("fake", verb, what, 409, "Conflict", "the object has been modified")
        found = merged(self.objects[path], body)
        found["metadata"] |= {
            "generation": found["metadata"]["generation"] + 1,
            "resourceVersion": body["metadata"]["resourceVersion"] + "1",
        }
        if "template" not in body["spec"]:
            self.objects[path], self._left[path] = found, self.looks
            return found
        found["status"] = {**found["status"], "updatedReplicas": 0}
        self.objects[path], self._left[path] = found, self.looks
        self.most = max(self.most, len(self._left))
        return found

    @property
    def patched(self) -> list[str]:
        """The workloads that were patched, in their order."""
        return [one.removeprefix(PATCHED) for one in self.sent if one.startswith(PATCHED)]


class Run:
    """A run that remembers what it told."""

    def __init__(self, api: FakeApi) -> None:
        self.cluster = Cluster("fake", api)  # type: ignore[arg-type]  # stands in for it
        self.told: list[str] = []
        self.turns = 0
        self.ends_after = 1000

    def tell(self, line: str) -> None:
        self.told.append(line)

    def alive(self) -> None:
        self.turns += 1
        if self.turns > self.ends_after:
            raise Abandoned("The run was told to end.")


def deployment(name: str, **further: Any) -> dict[str, Any]:
    found = build.workload(name, **further) | {"apiVersion": "apps/v1", "kind": "Deployment"}
    found["metadata"]["resourceVersion"] = "1"
    found["spec"]["selector"] = {"matchLabels": {"app": name}}
    return found


def workload_plan(obj: dict[str, Any]) -> WorkloadPlan:
    old = build.pod(f"{obj['metadata']['name']}-1", revision="1-31-0", version="1.31.0")
    return restarts.decide(obj, [old], Change(NEW, "1-32-0@1.32.0+v1", {}, {}))


def rolling(*names: str) -> tuple[RollingApi, Run, list[WorkloadPlan]]:
    api = RollingApi()
    objects = [deployment(name) for name in names]
    api.add("Deployment", *objects)
    return api, Run(api), [workload_plan(copy.deepcopy(obj)) for obj in objects]


def roll(run: Run, workload_plans: list[WorkloadPlan], *, max_parallel: int = 5, timeout: float = 60, **further: Any) -> None:
    rollout.roll(run, workload_plans, max_parallel=max_parallel, timeout=timeout, pause=lambda _seconds: None, **further)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_workloads_roll_at_a_time_than_allowed_and_all_do_in_their_order(limit: int) -> None:
    api, run, workload_plans = rolling("a", "b", "c", "d")

    roll(run, workload_plans, max_parallel=limit)

    assert (api.most, api.patched) == (limit, ["a", "b", "c", "d"])


def test_progress_names_what_is_waited_for_each_time_that_changes() -> None:
    _api, run, workload_plans = rolling("a", "b")

    roll(run, workload_plans, max_parallel=1)

    assert run.told == ["0/2 workloads rolled, waiting for shop/a", "1/2 workloads rolled, waiting for shop/b"]


def test_a_rollout_that_is_under_way_is_waited_for_and_not_patched() -> None:
    api, run, (begun,) = rolling("a")
    roll(run, [begun], wait=False)
    waiting = WorkloadPlan(workload.parse(api.objects["/apis/apps/v1/namespaces/shop/deployments/a"]), NEW, "already", waits=True)

    roll(run, [waiting])

    assert api.patched == ["a"]
    assert api.objects["/apis/apps/v1/namespaces/shop/deployments/a"]["status"]["updatedReplicas"] == 1


def test_without_waiting_all_are_patched_at_once_and_none_is_looked_at() -> None:
    api, run, workload_plans = rolling("a", "b", "c")

    roll(run, workload_plans, max_parallel=1, wait=False)

    assert api.sent == [f"{PATCHED}{name}" for name in "abc"]


def test_a_conflict_is_read_again_and_patched_again() -> None:
    api, run, workload_plans = rolling("a")
    api.conflicts = 3

    roll(run, workload_plans)

    assert api.patched == ["a"] * 4


def test_a_workload_that_somebody_paused_meanwhile_is_not_patched() -> None:
    api, run, workload_plans = rolling("a")
    api.conflicts = 1
    api.objects["/apis/apps/v1/namespaces/shop/deployments/a"]["spec"]["paused"] = True

    with pytest.raises(MeshyardError, match="is paused"):
        roll(run, workload_plans)
    assert api.patched == ["a"]


def test_a_workload_that_somebody_removed_meanwhile_is_done() -> None:
    api, run, workload_plans = rolling("a", "b")
    api.objects.pop("/apis/apps/v1/namespaces/shop/deployments/a")

    roll(run, workload_plans)

    assert api.objects["/apis/apps/v1/namespaces/shop/deployments/b"]["status"]["updatedReplicas"] == 1


def test_a_rollout_without_progress_fails_with_its_pods_and_what_was_done_and_what_was_not() -> None:
    api, run, workload_plans = rolling("a", "b", "c")
    waiting = {"name": "app", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    pod = build.pod("b-2", marks={"app": "b"}, ready=False)
    pod["status"]["containerStatuses"] = [waiting]
    api.add("Pod", pod)
    event = {"involvedObject": {"kind": "Pod", "name": "b-2"}, "reason": "Failed", "message": "Failed to pull", "type": "Warning"}
    api.add("Event", {"metadata": build.meta("e1", "shop"), **event})
    roll(run, workload_plans[:1])
    api.looks = 10**6

    with pytest.raises(MeshyardError) as told:
        roll(run, workload_plans[1:], max_parallel=1, timeout=-1, done=[{"kind": "Namespace"}])

    facts = told.value.facts
    (report,) = facts["stuck"]
    reasons = ["container app waits (ImagePullBackOff): no such image"]
    assert (report["name"], report["pods"]) == ("b", [{"name": "b-2", "reasons": reasons}])
    assert report["events"] == ["Pod b-2: Failed: Failed to pull"]
    assert "ImagePullBackOff" in told.value.problem
    assert ([one["kind"] for one in facts["done"]], facts["rolling"], facts["not_started"]) == (
        ["Namespace", "Deployment"],
        ["shop/b"],
        ["shop/c"],
    )


def test_a_rollout_that_kubernetes_gave_up_fails_at_once() -> None:
    api, run, workload_plans = rolling("a")
    api.looks = 10**6
    roll(run, workload_plans, wait=False)
    path = "/apis/apps/v1/namespaces/shop/deployments/a"
    given_up = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    api.objects[path]["status"] |= {"conditions": [given_up], "observedGeneration": 2}
    seen = WorkloadPlan(workload.parse(api.objects[path]), NEW, "already", waits=True)

    with pytest.raises(MeshyardError, match="progress deadline is over"):
        roll(run, [seen], timeout=3600)


def test_progress_gives_a_rollout_more_time() -> None:
    api, run, workload_plans = rolling("a")
    path, counts = "/apis/apps/v1/namespaces/shop/deployments/a", iter(range(1, 6))
    api.objects[path]["spec"]["replicas"] = 5
    api.looks = 10**6
    moments = iter([0.0, *(float(value) for value in range(0, 500, 3))])

    def step(_seconds: float) -> None:
        api.objects[path]["metadata"]["generation"] = 1
        api.objects[path]["status"] = dict.fromkeys(("replicas", "availableReplicas"), 5) | {
            "observedGeneration": 1,
            "updatedReplicas": next(counts),
        }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rollout.time, "monotonic", lambda: next(moments))
        rollout.roll(run, workload_plans, max_parallel=1, timeout=15, pause=step)

    assert api.objects[path]["status"]["updatedReplicas"] == 5


def test_an_abandoned_run_starts_no_further_rollout() -> None:
    api, run, workload_plans = rolling("a", "b")
    run.ends_after = 1

    with pytest.raises(Abandoned):
        roll(run, workload_plans, max_parallel=1)
    assert api.patched == ["a"]
