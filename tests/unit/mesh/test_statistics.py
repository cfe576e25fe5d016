"""The statistics of a migration count every pod once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import statistics, verdict, workload
from tests.unit.mesh import build
from tests.unit.mesh.test_proxies import connected, entry


def test_statistics_count_pods_and_workloads_and_list_what_is_wrong() -> None:
    names = ["cart-1", "cart-2", "db-0"]
    pods = [
        build.pod("cart-1", revision="r1", owner=("StatefulSet", "cart")),
        build.pod("cart-2", revision="r0", version="1.31.0", owner=("StatefulSet", "cart")),
        build.pod("db-0", owner=("StatefulSet", "db")),
    ]
    targets = {("shop", name): verdict.Target("r1", "1.32.0") for name in names}
    found = statistics.migration(verdict.verdicts(pods, targets, connected(entry())))
    assert found["pods"] == {
        "total": 3,
        "desired": {"r1": 3},
        "injected": {"none": 1, "r0": 1, "r1": 1},
        "connected": {"none": 2, "r1": 1},
        "versions": {"1.31.0": 1, "1.32.0": 1, "none": 1},
    }
    assert found["workloads"] == {
        "total": 2,
        "desired": {"r1": 2},
        "injected": {"mixed": 1, "none": 1},
        "connected": {"mixed": 1, "none": 1},
    }
    assert [one["pod"] for one in found["mismatches"]] == ["cart-2", "db-0"]
    assert found["mismatches"][0] == {
        "cluster": "",
        "namespace": "shop",
        "pod": "cart-2",
        "workload": "StatefulSet cart",
        "desired": "r1",
        "injected": "r0",
        "connected": "none",
        "version": "1.31.0",
        "status": "failed",
        "reason": "its proxy is of revision r0 in version 1.31.0, and should be of r1",
    }
    assert found["mismatches"][1]["injected"] == "none"


def test_a_pod_that_is_being_deleted_does_not_count() -> None:
    pods = [build.pod("cart-1", revision="r1"), build.pod("cart-0")]
    pods[1]["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    targets = {("shop", name): verdict.Target("r1") for name in ("cart-1", "cart-0")}
    found = statistics.migration(verdict.verdicts(pods, targets, None))
    assert (found["pods"]["total"], found["pods"]["injected"]) == (1, {"r1": 1})


@given(st.lists(st.sampled_from([None, "r0", "r1"]), max_size=8))
def test_statistics_add_up_to_the_number_of_pods(revisions: list[str | None]) -> None:
    pods = [build.pod(f"p-{index}", revision=revision) for index, revision in enumerate(revisions)]
    targets = {("shop", f"p-{index}"): verdict.Target("r1") for index in range(len(pods))}
    found = statistics.migration(verdict.verdicts(pods, targets, None))["pods"]
    for counts in (found["desired"], found["injected"], found["connected"], found["versions"]):
        assert sum(counts.values()) == len(pods)


def test_images_are_listed_per_workload_in_order() -> None:
    parsed = [workload.parse(build.workload(name), "Deployment") for name in ("b", "a")]
    assert statistics.images(parsed) == [
        {"namespace": "shop", "kind": "Deployment", "name": "a", "images": ["hub/a:1"]},
        {"namespace": "shop", "kind": "Deployment", "name": "b", "images": ["hub/b:1"]},
    ]
