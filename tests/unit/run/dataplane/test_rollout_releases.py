"""Rolling Deployments whose changes wait for releases: they are resumed for a restart and paused again."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels, release
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane import restarts
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.restarts import Change, WorkloadPlan
from ansible_collections.meshyard.istio.plugins.module_utils._run.dataplane import rollout
from tests.unit.plan.world import merged
from tests.unit.run.dataplane.test_rollout import NEW, RollingApi, Run, deployment, roll, workload_plan


def enabled(name: str = "a") -> tuple[RollingApi, Run, list[WorkloadPlan], dict[str, Any]]:
    """A Deployment that is paused until its next release."""
    api = RollingApi()
    obj = deployment(name, annotations={labels.RELEASE_ENABLED: "true"}, spec={"paused": True})
    api.add("Deployment", obj)
    return api, Run(api), [workload_plan(copy.deepcopy(obj))], api.objects[f"/apis/apps/v1/namespaces/shop/deployments/{name}"]


def spec(api: RollingApi) -> dict[str, Any]:
    found: dict[str, Any] = api.objects["/apis/apps/v1/namespaces/shop/deployments/a"]["spec"]
    return found


def test_what_was_resumed_for_its_restart_is_paused_once_it_has_rolled_and_its_controller_is_waited_for() -> None:
    api, run, workload_plans, _obj = enabled()
    api.looks = 5
    paused: list[bool] = []

    rollout.roll(run, workload_plans, max_parallel=1, timeout=60, pause=lambda _seconds: paused.append(spec(api)["paused"]))

    assert (paused, spec(api)["paused"]) == ([False] * 4 + [True] * 5, True)
    assert [body["spec"].get("paused") for body in api.bodies] == [False, True]


def test_a_conflict_at_pausing_is_looked_at_again_and_a_removed_workload_is_done() -> None:
    api, run, workload_plans, _obj = enabled()
    path, met = "/apis/apps/v1/namespaces/shop/deployments/a", []

    def interfere(_seconds: float) -> None:
        if not met:
            met.append(len(api.bodies))
            api.conflicts = 1

    rollout.roll(run, workload_plans, max_parallel=1, timeout=60, pause=interfere)
    assert ([body["spec"].get("paused") for body in api.bodies], spec(api)["paused"]) == ([False, True, True], True)
    api.objects.pop(path)
    roll(run, workload_plans)


@pytest.mark.parametrize("begins", ["before the restart", "before it is paused"])
def test_a_release_that_began_meanwhile_is_not_disturbed(begins: str) -> None:
    api, run, workload_plans, obj = enabled()
    record = release.Record(phase="promoting", run="nightly", template="0" * 16, service="a").dump()
    if begins == "before the restart":
        api.conflicts = 1
        obj["metadata"]["annotations"][release.RECORD] = record
        with pytest.raises(MeshyardError) as told:
            roll(run, workload_plans)
        assert (told.value.code, len(api.bodies), spec(api)["paused"]) == ("release_open", 1, True)
        return

    def begin(_seconds: float) -> None:
        api.objects["/apis/apps/v1/namespaces/shop/deployments/a"]["metadata"]["annotations"][release.RECORD] = record

    rollout.roll(run, workload_plans, max_parallel=1, timeout=60, pause=begin)
    assert ([body["spec"].get("paused") for body in api.bodies], spec(api)["paused"]) == ([False], False)


def test_a_rollout_that_began_again_is_not_paused_half_way() -> None:
    api, run, _plans, obj = enabled()
    obj["spec"]["paused"] = False
    mark = {"metadata": {"annotations": {labels.RESTARTED_FOR: "1-32-0@1.32.0+v1"}}}
    done = restarts.decide(merged(obj, {"spec": {"template": mark}}), [], Change(NEW, "1-32-0@1.32.0+v1", {}, {}))
    assert done.step is not None
    obj["status"]["updatedReplicas"] = 0
    api.conflicts = 1

    with pytest.raises(MeshyardError, match="is to be paused, and 0 of 1 pods have the new template"):
        roll(run, [done])
    assert spec(api)["paused"] is False
