"""What is told of a workload that does not roll."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import workload
from ansible_collections.meshyard.istio.plugins.module_utils._run.dataplane import diagnosis
from tests.unit.mesh import build
from tests.unit.run.fake import FakeApi

CRASHING = {"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 3}}}


def told(*pods: dict[str, Any], events: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    api = FakeApi()
    api.add("Pod", *pods)
    api.add("Event", *(events or []))
    web = build.workload("web", spec={"selector": {"matchLabels": {"app": "web"}}}) | {"kind": "Deployment"}
    return diagnosis.report(Cluster("fake", api), workload.parse(web), "0 of 2 pods are available")  # type: ignore[arg-type]  # stands in for it


def pod(**status: Any) -> dict[str, Any]:
    found = build.pod("web-1", marks={"app": "web"}, ready=False)
    found["status"] |= status
    return found


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (
            {"containerStatuses": [CRASHING]},
            "container app waits (CrashLoopBackOff); container app ended with status 3",
        ),
        (
            {"initContainerStatuses": [{"name": "istio-init", "state": {"waiting": {"reason": "ErrImagePull", "message": "denied."}}}]},
            "container istio-init waits (ErrImagePull): denied",
        ),
        (
            {"conditions": [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]},
            "not scheduled: 0/3 nodes are available",
        ),
        ({"conditions": [{"type": "Ready", "status": "False", "message": "containers: [app]"}]}, "not ready: containers: [app]"),
        ({"conditions": []}, "not ready"),
    ],
)
def test_a_pod_says_what_it_waits_for(status: dict[str, Any], reason: str) -> None:
    report = told(pod(**status))
    assert "; ".join(report["pods"][0]["reasons"]).startswith(reason)
    assert "Pod web-1" in diagnosis.sentence(report)


def test_pods_that_are_ready_or_end_are_not_named() -> None:
    ending = build.pod("web-2", marks={"app": "web"}, ready=False, deletionTimestamp="2026-11-21T10:00:00Z")
    assert told(build.pod("web-3", marks={"app": "web"}), ending)["pods"] == []


def test_without_pods_the_last_event_tells_why() -> None:
    def event(name: str, about: str, message: str, when: str) -> dict[str, Any]:
        content = {"reason": "FailedCreate", "message": message, "lastTimestamp": when}
        return {"metadata": build.meta(name, "shop"), "involvedObject": {"kind": "ReplicaSet", "name": about}, **content}

    report = told(
        events=[
            event("e2", "web-5d4c", "exceeded quota", "2026-11-21T10:00:02Z"),
            event("e1", "web-5d4c", "refused by a webhook", "2026-11-21T10:00:01Z"),
            event("e3", "webshop", "of another workload", "2026-11-21T10:00:03Z"),
        ]
    )

    assert report["events"] == [f"ReplicaSet web-5d4c: FailedCreate: {message}" for message in ("refused by a webhook", "exceeded quota")]
    assert "exceeded quota" in diagnosis.sentence(report)
