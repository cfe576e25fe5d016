"""Playbooks of releases against an API server on which rollouts work and a real Prometheus: steps, gates, the ways back, going on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.waiting import until
from tests.harness import playbook
from tests.harness.metrics import Flow
from tests.harness.released import Released
from tests.harness.releases import NEW, OLD, RECORD

pytestmark = pytest.mark.timeout(300)


def test_a_good_version_goes_to_the_end_with_a_record_and_a_second_run_changes_nothing(released: Released, tmp_path: Path) -> None:
    foretold = released.play("release", "--check")
    assert foretold.status == 0, foretold.said
    assert all(step in foretold.said for step in ("20 % to the canary", "100 % to the canary", "0 % to the canary, 100 % back"))
    assert released.shop.image == OLD

    folder = tmp_path / "record"
    done = released.play("release", meshyard_report_directory=str(folder))

    assert done.status == 0, done.said
    assert (released.shop.images, released.shop.record) == ({NEW}, None)
    record = json.loads((folder / "change.json").read_text())
    assert (record["operation"], record["result"]) == ("release", "passed")
    assert {one["verdict"] for one in record["steps"]} == {"", "passed"}
    assert f"image {NEW}" in next(one["details"] for one in record["steps"] if one["task"].endswith("make the canary"))
    again = released.play("release")
    assert (again.status, again.changed) == (0, 0), again.said
    assert "There is nothing to release." in again.said


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (Flow("web-canary", 3, code="503"), "success_percent (destination) is 76.9"),
        (Flow("web-canary", 3, milliseconds=900), "p99_ms (destination)"),
    ],
)
def test_a_version_that_fails_or_is_slow_is_taken_back_at_the_first_step_with_value_and_limit(
    released: Released, spoilt: Flow, said: str
) -> None:
    before = released.shop.written()
    released.flows.flows.append(spoilt)

    ended = released.play("release")

    assert ended.status == 2
    assert said in ended.said
    assert "All traffic goes back" in ended.said
    assert "100 % to the canary]" not in ended.said
    assert released.shop.written() == before


def test_a_workload_without_requests_is_not_promoted(released: Released) -> None:
    before = released.shop.written()
    released.flows.flows[:] = [flow for flow in released.flows.flows if flow.workload == "web"]
    ended = released.play("release")
    assert ended.status == 2
    assert "inconclusive" in ended.said
    assert released.shop.written() == before


def test_a_release_that_is_killed_goes_on_by_one_step_a_run_and_can_be_taken_back(released: Released) -> None:
    released.shop.run("enabled")
    process = playbook.start("release", released.hosts(), released.folder, **released.variables(image=NEW))
    until(lambda: (released.shop.record or {}).get("weight") == 20, 120, lambda: "It does not come to 20 %.")
    playbook.kill(process)
    process.communicate()
    assert released.shop.weights()["web-canary"] == 20 or released.shop.weights()["web-canary"] == 0

    released.shop.mesh.workload(released.shop.namespace, "db", replicas=1)
    released.shop.service("db")
    released.shop.mesh.settled(released.shop.namespace, "db")
    web = released.variables(image=NEW)["workload_canary_workloads"][0]
    both = [web, {**web, "name": "db"}]

    step = released.play("release_tick", workload_canary_workloads=both)

    assert step.status == 0, step.said
    assert RECORD not in released.shop.get("Deployment", "db")["metadata"].get("annotations", {})
    record = released.shop.record
    assert record is not None
    assert (record["weight"], [one["verdict"] for one in record["verdicts"]]) == (20, ["passed"] * len(record["verdicts"]))
    assert released.play("release_tick").status == 0
    assert (released.shop.record or {})["weight"] == 100
    assert released.play("release_abort").status == 0
    assert (released.shop.record, released.shop.image) == (None, OLD)
    refused = released.play("release_tick")
    assert (refused.status, refused.changed) == (0, 0), refused.said
    assert "released and taken back before" in refused.said


def test_reconcile_releases_what_waits_goes_on_with_what_was_left_and_leaves_what_was_refused(released: Released) -> None:
    shop = released.shop
    shop.run("enabled")
    containers = shop.get("Deployment")["spec"]["template"]["spec"]["containers"]
    template = {"spec": {"template": {"spec": {"containers": [{**containers[0], "image": NEW}]}}}}
    shop.mesh.merge("Deployment", "web", shop.namespace, template)
    shop.run("prepared")
    shop.run("aborted")
    refused = released.play("release_reconcile", image="")
    assert (refused.status, refused.changed) == (0, 0), refused.said
    assert "released and refused" in refused.said

    shop.mesh.merge("Deployment", "web", shop.namespace, {"spec": {"template": {"metadata": {"annotations": {"by": "hand"}}}}})
    shop.run("prepared")
    young = released.play("release_reconcile", image="")
    assert (young.status, young.changed) == (0, 0), young.said
    done = released.play("release_reconcile", image="", workload_canary_orphan_seconds=0)

    assert done.status == 0, done.said
    assert (shop.images, shop.record) == ({NEW}, None)
    assert shop.get("Deployment")["spec"]["paused"]
