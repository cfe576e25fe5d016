"""Playbooks of releases against an API server on which rollouts work and a real Prometheus: steps, gates, the ways back, going on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.waiting import until
from tests.harness import playbook, releases
from tests.harness.mesh import Mesh
from tests.harness.metrics import Flow, Flows, Prometheus
from tests.harness.playbook import Outcome
from tests.harness.releases import NEW, OLD, Shop

QUICK = {
    "workload_canary_steps": [20, 100],
    "workload_canary_return_steps": [0],
    "workload_canary_settle_seconds": 2,
    "workload_canary_no_data_seconds": 3,
    "workload_canary_hold_seconds": 2,
    "workload_canary_drain_seconds": 0,
    "workload_canary_wait_timeout": 60,
}
GATE = {"success_percent": 99, "p99_ms": 200, "min_requests": 5, "window": 4}
WEB = ("web", "web-canary")
REPORTERS = ("destination", "source")


class Traffic(Flows):
    """Requests that follow the routes of a shop: the Deployment gets none while its canary has all of them."""

    def __init__(self, shop: Shop, *flows: Flow) -> None:
        super().__init__(shop.namespace, *flows)
        self._shop = shop

    def idle(self) -> set[str]:
        return {"web"} if self._shop.weights().get("web") == 0 else set()


@dataclass
class Released:
    """A shop, and what Prometheus knows of its requests.

    :ivar folder: for the inventory.
    """

    shop: Shop
    flows: Flows
    prometheus: Prometheus
    folder: Path

    def hosts(self) -> dict[str, Any]:
        return {"all": {"localhost": {"meshyard_kubeconfig": str(self.shop.mesh.server.kubeconfig)}}}

    def variables(self, **workload: Any) -> dict[str, Any]:
        one = {"namespace": self.shop.namespace, "name": "web", **workload}
        judged = {"workload_canary_gate": GATE, "workload_canary_prometheus_url": self.prometheus.url}
        return {**QUICK, **judged, "workload_canary_workloads": [one]}

    def play(self, name: str, *arguments: str, image: str = NEW, **variables: Any) -> Outcome:
        given = self.variables(**({"image": image} if image else {}))
        return playbook.play(name, self.hosts(), self.folder, *arguments, **{**given, **variables})


@pytest.fixture(scope="module")
def served(mesh: Mesh) -> Iterator[Mesh]:
    yield from releases.served(mesh)


@pytest.fixture
def released(served: Mesh, tmp_path: Path) -> Iterator[Released]:
    shop = Shop(served, replicas=1)
    good = [Flow(name, reporter=reporter) for name in WEB for reporter in REPORTERS]
    with Traffic(shop, *good) as flows, Prometheus(tmp_path / "prometheus", flows).running() as prometheus:
        yield Released(shop, flows, prometheus, tmp_path)


@pytest.mark.timeout(300)
def test_a_good_version_goes_to_the_end_and_a_second_run_changes_nothing(released: Released) -> None:
    foretold = released.play("release", "--check")
    assert foretold.status == 0, foretold.said
    assert all(step in foretold.said for step in ("20 % to the canary", "100 % to the canary", "0 % to the canary, 100 % back"))
    assert released.shop.image == OLD

    done = released.play("release")

    assert done.status == 0, done.said
    assert (released.shop.images, released.shop.record) == ({NEW}, None)
    again = released.play("release")
    assert (again.status, again.changed) == (0, 0), again.said
    assert "There is nothing to release." in again.said


@pytest.mark.timeout(300)
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


@pytest.mark.timeout(300)
def test_without_prometheus_or_with_a_query_that_it_refuses_nothing_is_changed(released: Released) -> None:
    before = released.shop.written()
    away = released.play("release", workload_canary_prometheus_url="http://127.0.0.1:1")
    broken = {"name": "broken", "query": "sum(", "max": 1}
    refused = released.play("release", workload_canary_gate={**GATE, "metrics": [broken]})

    assert (away.status, refused.status) == (2, 2)
    assert "does not answer" in away.said
    assert "broken" in refused.said
    assert released.shop.written() == before


@pytest.mark.timeout(300)
def test_a_workload_without_requests_is_not_promoted(released: Released) -> None:
    before = released.shop.written()
    released.flows.flows[:] = [flow for flow in released.flows.flows if flow.workload == "web"]
    ended = released.play("release")
    assert ended.status == 2
    assert "inconclusive" in ended.said
    assert released.shop.written() == before


@pytest.mark.timeout(300)
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


@pytest.mark.timeout(300)
def test_a_release_that_is_killed_goes_on_by_one_step_a_run_and_can_be_taken_back(released: Released) -> None:
    process = playbook.start("release", released.hosts(), released.folder, **released.variables(image=NEW))
    until(lambda: (released.shop.record or {}).get("weight") == 20, 120, lambda: "It does not come to 20 %.")
    playbook.kill(process)
    process.communicate()
    assert released.shop.weights()["web-canary"] == 20 or released.shop.weights()["web-canary"] == 0

    step = released.play("release_tick")

    assert step.status == 0, step.said
    record = released.shop.record
    assert record is not None
    assert (record["weight"], [one["verdict"] for one in record["verdicts"]]) == (20, ["passed"] * len(record["verdicts"]))
    assert released.play("release_tick").status == 0
    assert (released.shop.record or {})["weight"] == 100
    assert released.play("release_abort").status == 0
    assert (released.shop.record, released.shop.image) == (None, OLD)


@pytest.mark.timeout(300)
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
