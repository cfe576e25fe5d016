"""What an upgrade tells, one line each."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils import upgrade_report as report

BASE: dict[str, Any] = {
    "cluster": {"context": "eu", "host": "https://10.0.0.1:6443"},
    "from_revision": "1-31-0",
    "from_version": "1.31.0",
    "to_revision": "1-32-0",
    "to_version": "1.32.0",
    "from_plane": {"revision": "1-31-0"},
    "gateways": [],
    "gateway_waves": [],
    "waves": [],
    "tags": [],
    "remaining": [],
    "pending": {"namespaces": [], "gateways": []},
    "done": False,
}


def plan(**changes: Any) -> dict[str, Any]:
    return {**BASE, **changes}


def test_an_outline_tells_the_way_and_everything_that_moves() -> None:
    moving = plan(
        gateways=[{"name": "edge"}],
        waves=[{"namespaces": ["cart"]}, {"namespaces": ["pay", "shop"]}],
        tags=[{"name": "prod", "moves": True}, {"name": "test", "moves": False}],
        remaining=["old-shop"],
    )
    assert report.says(moving, "outline") == (
        "Cluster eu: 1.31.0 (revision 1-31-0) to 1.32.0 (revision 1-32-0); gateways: edge; namespaces in 2 waves: cart / pay, shop; "
        "tags: prod; left out: old-shop"
    )


def test_an_outline_with_nothing_to_do_says_so() -> None:
    assert report.says(plan(), "outline").endswith("(revision 1-32-0); no namespaces to move")
    assert "nothing to be left" in report.says(plan(from_revision=None, from_version=None), "outline")


def test_a_way_back_tells_what_stays() -> None:
    line = report.says(plan(waves=[{"namespaces": ["shop"]}], remaining=["new-shop"]), "way_back")
    assert line == "Cluster eu: back from revision 1-32-0 to 1-31-0; namespaces in 1 wave: shop; stays on the new one: new-shop"


def test_a_retirement_names_both_revisions() -> None:
    assert report.says(plan(), "retirement") == "Cluster eu: revision 1-31-0 gives way to 1-32-0"
    assert report.says(plan(from_revision=None), "retirement") == "Cluster eu: nothing to retire"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"pending": {"namespaces": ["shop"], "gateways": ["edge/gw"]}}, "Left to move on cluster eu: shop, edge/gw. Run again"),
        ({}, "the phase verify is still to be run."),
        ({"done": True}, "Done: the mesh on cluster eu is on revision 1-32-0 (1.32.0). The old control plane 1-31-0 is kept"),
        ({"done": True, "from_plane": None}, "there is nothing left to be done."),
        ({"done": True, "remaining": ["late"]}, "Left out: late."),
    ],
)
def test_where_an_upgrade_is(changes: dict[str, Any], told: str) -> None:
    assert told in report.says(plan(**changes), "reached")


def test_without_a_context_a_cluster_is_called_by_its_address() -> None:
    assert "cluster https://10.0.0.1:6443" in report.says(plan(cluster={"context": None, "host": "https://10.0.0.1:6443"}), "reached")


@pytest.mark.parametrize("what", ["outline", "way_back", "retirement", "reached"])
def test_a_plan_that_failed_or_was_skipped_is_no_reason_for_another_error(what: str) -> None:
    assert report.says({"failed": True, "msg": "No."}, what) == report.says({"skipped": True}, what) == "failed"


def test_a_move_is_told_in_figures() -> None:
    workloads = [{"status": status} for status in ("restarted", "restarted", "already", "not_restartable")]
    namespaces = [{"workloads": workloads, "pods": {"total": 4, "on_target": 3}}, {"workloads": [], "pods": {"total": 1, "on_target": 1}}]
    assert (
        report.moved({"namespaces": namespaces}) == "2 workloads restarted, 4 of 5 pods as they should be, 1 workload cannot be restarted"
    )
    assert report.moved({"namespaces": namespaces}, predicted=True) == "2 workloads to restart"
    assert report.moved({"failed": True}) == "failed"


def test_a_gate_is_told_with_its_figures() -> None:
    evidence = [{"detail": "3 of 3 pods"}, {"detail": "3 of 3 proxies"}]
    assert report.judged({"verdict": "passed", "evidence": evidence}) == "passed: 3 of 3 pods; 3 of 3 proxies"
    assert report.judged({"failed": True, "msg": "No."}) == "failed"


def test_images_are_counted_by_workload() -> None:
    pod = {"namespace": "shop", "workload": "Deployment web", "image": "proxyv2:1.32.0"}
    lines = report.images([pod, pod, {**pod, "workload": "Job once", "image": None}], "eu")
    assert lines == ["Cluster eu, shop Deployment web: proxyv2:1.32.0 in 2 pods"]


def test_of_many_users_of_a_revision_the_first_are_named_and_the_others_counted() -> None:
    one = {"kind": "Pod", "namespace": "shop", "name": "web-1", "cluster": "us", "reason": "its proxy was injected by it"}
    assert report.in_use([one]) == "Pod shop/web-1 (its proxy was injected by it) on cluster us"
    assert report.in_use([one] * 12).endswith("; and 2 more")
