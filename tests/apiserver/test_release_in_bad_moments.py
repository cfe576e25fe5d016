"""Playbooks of releases when Prometheus is away, traffic is bad on the way back, or a release is being taken back already."""

from __future__ import annotations

import json

import pytest

from lab.paths import program
from lab.waiting import until
from tests.harness import playbook
from tests.harness.metrics import Flow
from tests.harness.released import AWAY, GATE, Released
from tests.harness.releases import NEW, OLD, RECORD

pytestmark = pytest.mark.timeout(300)


def test_without_prometheus_or_with_a_query_that_it_refuses_nothing_is_changed(released: Released) -> None:
    before = released.shop.written()
    away = released.play("release", workload_canary_prometheus_url=AWAY)
    broken = {"name": "broken", "query": "sum(", "max": 1}
    refused = released.play("release", workload_canary_gate={**GATE, "metrics": [broken]})

    assert (away.status, refused.status) == (2, 2)
    assert "does not answer" in away.said
    assert "broken" in refused.said
    assert released.shop.written() == before


def test_what_stands_against_the_last_workload_is_found_before_the_first_one_is_changed(released: Released) -> None:
    before = released.shop.written()
    web = released.variables(image=NEW)["workload_canary_workloads"][0]
    ended = released.play("release", workload_canary_workloads=[web, {**web, "name": "nowhere"}])
    assert ended.status == 2
    assert f"{web['namespace']}/nowhere" in ended.said
    assert released.shop.written() == before


def test_a_stable_that_fails_on_the_way_back_leaves_all_traffic_on_the_canary_and_the_next_run_goes_on(released: Released) -> None:
    released.shop.begun(100)
    released.shop.run("promoted")
    spoilt = Flow("web", 30, code="503")
    released.flows.flows.append(spoilt)
    ended = released.play("release")

    assert ended.status == 2
    assert "All traffic goes to the canary" in ended.said
    assert released.shop.weights() == {"web": 0, "web-canary": 100}
    kept = (released.shop.record or {})["verdicts"]
    assert {(one["name"], one["verdict"]) for one in kept} >= {("success_percent", "failed")}
    spoilt.each = 0
    until(
        lambda: released.prometheus.value('sum(increase(istio_requests_total{response_code="503"}[4s])) < 1'), 60, lambda: "Still errors."
    )
    assert released.play("release").status == 0
    assert released.shop.images == {NEW}


def test_what_is_being_taken_back_comes_to_its_end_without_prometheus(released: Released) -> None:
    before = released.shop.written()
    released.shop.begun(20)
    aborting = {**(released.shop.record or {}), "phase": "aborting"}
    marks = {"metadata": {"annotations": {RECORD: json.dumps(aborting)}}}
    released.shop.mesh.merge("Deployment", "web", released.shop.namespace, marks)
    ended = released.play("release", workload_canary_prometheus_url=AWAY)
    assert ended.status == 0, ended.said
    assert (released.shop.record, released.shop.image, released.shop.images) == (None, OLD, {OLD})
    assert released.shop.written().keys() == before.keys()


def test_a_release_that_is_gone_on_with_without_prometheus_is_held_by_its_gate_and_goes_back(released: Released) -> None:
    released.shop.begun(20)
    ended = released.play("release", workload_canary_prometheus_url=AWAY)
    assert ended.status == 2
    assert "was not passed (unreachable)" in ended.said
    assert "All traffic goes back" in ended.said
    assert (released.shop.record, released.shop.image) == (None, OLD)


def test_when_a_release_cannot_be_taken_back_the_reason_of_the_stop_is_told_as_well(released: Released) -> None:
    shop = released.shop
    slow = {**released.variables(image=NEW), "workload_canary_settle_seconds": 60}
    process = playbook.start("release", released.hosts(), released.folder, **slow)
    try:
        until(lambda: shop.weights().get("web-canary") == 20, 120, lambda: "It does not come to 20 %.")
        changed = {"spec": {"template": {"metadata": {"annotations": {"by": "hand"}}}}}
        shop.mesh.merge("Deployment", "web", shop.namespace, changed)
        released.flows.flows.append(Flow("web-canary", 30, code="503"))
        said, _errors = process.communicate(timeout=120)
    finally:
        playbook.kill(process)
    told = " ".join(said.split())
    assert process.returncode == 2
    assert "success_percent" in told
    assert "But that failed on localhost" in told


def test_a_flight_is_judged_by_its_own_requests_alone(released: Released) -> None:
    spoilt = Flow("web-canary", 30, code="503")
    released.flows.flows.append(spoilt)
    errors = 'sum(increase(istio_requests_total{response_code="503"}[%ds]))'
    until(lambda: released.prometheus.value(errors % 30 + " > 50"), 60, lambda: "No errors.")
    spoilt.each = 0
    until(lambda: released.prometheus.value(errors % 3 + " < 1"), 60, lambda: "Still errors.")
    flight = {"url": f"http://{released.flows.address}/", "qps": 2, "seconds": 6, "binary_path": str(program("fortio"))}
    workload = {**released.variables(image=NEW)["workload_canary_workloads"][0], "flight": flight}
    done = released.play("release", workload_canary_gate={**GATE, "window": 600}, workload_canary_workloads=[workload])
    assert done.status == 0, done.said
    assert released.shop.images == {NEW}
