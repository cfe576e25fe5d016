"""Changes of a service are released by steps of real traffic, through a gateway and inside the mesh, judged by Istio's own metrics."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab import waiting
from tests.harness.lab import release_evidence, releasing, written
from tests.harness.lab.mesh import Mesh
from tests.harness.lab.playbooks import Outcome, Running
from tests.harness.lab.release_settings import ERRORS, RECONCILE, SLOW, SLOW_P99_MS, STEPS, answering
from tests.harness.lab.released import IMAGES, NAME, NAMESPACE, STATUS
from tests.harness.lab.releasing import Place, Released
from tests.harness.lab.silence import silent

POINTS = 3.0
CANARY = f"{NAME}-canary"
IMAGE = f"Deployment {NAMESPACE}/{NAME} spec.template.spec.containers[0].image"


@pytest.fixture(scope="module")
def place(mesh: Mesh) -> Iterator[Place]:
    """Version 1 of the service."""
    with releasing.prepared(mesh) as place:
        yield place


@dataclass(frozen=True)
class Bad:
    """A release that must be taken back: what is wrong, and what the run says of it, by whichever reporter knows it first."""

    name: str
    answer: str
    says: str


BAD = (
    Bad("errors", ERRORS, r"success_percent \((destination|source)\) is [0-9.]+, and must be at least 99"),
    Bad("slow", SLOW, rf"p99_ms \((destination|source)\) is [0-9.]+, and must be at most {SLOW_P99_MS}"),
)


ALL_BAD = pytest.mark.parametrize("bad", BAD, ids=[one.name for one in BAD])


@pytest.fixture(scope="module")
def taken_back(place: Place) -> dict[str, Released]:
    """The releases of versions that are bad."""
    return {bad.name: _taken_back(place, bad) for bad in BAD}


@ALL_BAD
def test_a_bad_version_goes_back_at_the_first_gate_with_verdict_value_and_limit(taken_back: dict[str, Released], bad: Bad) -> None:
    found = taken_back[bad.name]
    assert release_evidence.highest(found.load) == STEPS[0]
    assert "was not passed (failed)" in found.outcome.said
    assert re.search(bad.says, found.outcome.said)


@ALL_BAD
def test_the_share_of_requests_that_a_bad_version_fails_stays_below_its_share(taken_back: dict[str, Released], bad: Bad) -> None:
    found = taken_back[bad.name]
    failed = sum(found.failed(*STATUS.values()).values())
    assert 100 * failed / release_evidence.codes(found.load).total() < STEPS[0]
    assert bool(failed) == (bad.answer == ERRORS)
    assert found.problems == []


@ALL_BAD
def test_a_release_that_was_taken_back_leaves_nothing(taken_back: dict[str, Released], bad: Bad) -> None:
    assert taken_back[bad.name].differences == []


@pytest.fixture(scope="module")
def unwatched(place: Place) -> tuple[Released, set[float]]:
    """The release of a good version while Prometheus goes away in the middle of its first step; the weights during that."""
    before = place.dump("before-unwatched")
    with place.customers("load-unwatched") as customers, place.started(patch=answering("status=202")) as run:
        run.reaches(r"Judge \| [^\n]*10 %")
        with place.prometheus.away():
            during = place.weights()
            outcome = run.ended(120)
    differences = written.differences(before, place.dump("after-unwatched"))
    return Released(outcome, customers.directory, customers.problems, differences), during


def test_a_release_without_prometheus_holds_and_then_goes_back(unwatched: tuple[Released, set[float]]) -> None:
    found, during = unwatched
    assert during == {STEPS[0]}
    assert found.outcome.status == 2
    assert "was not passed (unreachable)" in found.outcome.said
    assert found.failed(*STATUS.values()) == {}
    assert found.differences == []


@pytest.fixture(scope="module")
def good(place: Place) -> Released:
    """The release of version 2, by its image."""
    before = place.dump("before-good")
    with place.customers("load-good") as customers:
        outcome = place.run(image=IMAGES["2"])
    differences = written.differences(before, place.dump("after-good"))
    return Released(outcome, customers.directory, customers.problems, differences)


def test_no_request_fails_while_a_good_version_is_released(good: Released) -> None:
    assert good.failed(*STATUS.values()) == {}
    assert good.problems == []


def test_each_step_has_a_thousand_requests_and_the_share_that_its_weight_says(good: Released) -> None:
    steps = release_evidence.shares(good.load, STATUS["2"])
    assert [step.weight for step in steps] == STEPS
    for step in steps:
        assert step.requests >= 1000, steps
        assert step.measured == pytest.approx(step.weight, abs=POINTS), steps


def test_after_a_release_the_cluster_differs_from_before_only_in_the_image(good: Released) -> None:
    assert good.differences == [IMAGE]


def test_the_metrics_made_of_access_logs_are_what_the_proxies_count_themselves(place: Place, good: Released) -> None:
    pod = place.mesh.cluster.reader.pods(NAMESPACE, "client")[0]["metadata"]["name"]
    host = f"{CANARY}.{NAMESPACE}.svc.cluster.local"
    own = f'sum(max_over_time(envoy_cluster_upstream_rq_total{{pod="{pod}",cluster_name=~"outbound.8080..{host}.*"}}[10m]))'
    made = f'istio_requests_total{{reporter="source",source_workload="client",destination_service="{host}"}}'
    begin = release_evidence.spans(good.load)[0].begin  # proxies count anew in each release, with each canary's Service
    (by_proxy,) = place.prometheus.value(own)
    (by_log,) = place.prometheus.value(f"sum({made}) - (sum({made} @ {begin:.0f}) or vector(0))")
    assert by_log > 1000
    assert by_proxy == pytest.approx(by_log, rel=0.02)


@dataclass(frozen=True)
class Resumed:
    """A release of a Deployment whose changes wait, which was killed and left alone again and again.

    :ivar rolled: whether the change had started a rollout by itself. :ivar weights: while the API server was away.
    """

    rolled: bool
    silenced: Outcome
    weights: tuple[set[float], set[float]]
    last: Released
    again: Outcome


SHORT: dict[str, Any] = {"workload_canary_steps": [50, 100], "workload_canary_return_steps": [0], "workload_canary_orphan_seconds": 0}


@pytest.fixture(scope="module")
def resumed(place: Place) -> Resumed:
    """The other version, by C(kubectl set image)."""
    before = place.dump("before-enabled")
    place.module("enabled")
    other = IMAGES["2"] if place.image() == IMAGES["1"] else IMAGES["1"]
    place.mesh.cluster.kubectl("set", "image", "-n", NAMESPACE, f"deployment/{NAME}", f"app={other}")
    with place.customers("load-resumed", inside=False) as customers:
        rolled = waiting.last(lambda: place.replica_sets() > 1, 5)
        weights, silenced = _silenced(place)
        _killed_in(place, _at(50))
        _killed_in(place, _promoting)
        _killed_in(place, _finishing)
        last = place.run(RECONCILE, settings=SHORT)
        again = place.run(RECONCILE, settings=SHORT)
    place.module("disabled")
    differences = written.differences(before, place.dump("after-enabled"))
    return Resumed(rolled, silenced, weights, Released(last, customers.directory, customers.problems, differences), again)


def test_a_change_of_an_enabled_deployment_starts_no_rollout(resumed: Resumed) -> None:
    assert not resumed.rolled


def test_an_api_server_that_is_silent_for_a_minute_leaves_the_weights_and_ends_the_run_with_a_sentence(resumed: Resumed) -> None:
    assert resumed.weights == ({50.0}, {50.0})
    assert resumed.silenced.status == 2
    assert "Traceback" not in resumed.silenced.output
    assert "The release stays as it is. Run again to go on" in resumed.silenced.said


def test_no_request_fails_while_a_release_is_killed_and_gone_on_with(resumed: Resumed) -> None:
    assert resumed.last.failed(*STATUS.values()) == {}
    assert release_evidence.codes(resumed.last.load).total() > 1000


def test_the_next_run_ends_the_release_and_the_one_after_it_finds_nothing_to_do(resumed: Resumed) -> None:
    assert resumed.last.outcome.changes != []
    assert resumed.again.changed_tasks() == []


def test_disabled_leaves_the_deployment_as_it_was_but_for_the_image(resumed: Resumed) -> None:
    assert resumed.last.differences == [IMAGE]


def _taken_back(place: Place, bad: Bad) -> Released:
    before = place.dump(f"before-{bad.name}")
    with place.customers(f"load-{bad.name}") as customers:
        outcome = place.run(patch=answering(bad.answer), gate={"p99_ms": SLOW_P99_MS}, expect=2)
    differences = written.differences(before, place.dump(f"after-{bad.name}"))
    return Released(outcome, customers.directory, customers.problems, differences)


def _silenced(place: Place) -> tuple[tuple[set[float], set[float]], Outcome]:
    """A run whose API server goes away in the middle of a step, and comes back a minute later."""
    with place.started(RECONCILE, settings=SHORT) as run:
        run.reaches(r"Judge \| [^\n]*50 %")
        before, began = place.weights(), time.monotonic()
        with silent(place.mesh.cluster.name):
            outcome = run.ended(120)
            waiting.last(lambda: time.monotonic() > began + 60, 60, every=0.5)
        return (before, place.weights()), outcome


def _killed_in(place: Place, moment: Callable[[Place, Running], None]) -> None:
    """A run that dies at some moment, and the module that it had started with it."""
    with place.started(RECONCILE, settings=SHORT) as run:
        moment(place, run)
        os.kill(run.process.pid, signal.SIGKILL)
        run.process.wait(30)


def _at(weight: int) -> Callable[[Place, Running], None]:
    return lambda _place, run: run.reaches(rf"Judge \| [^\n]*{weight} %")


def _promoting(place: Place, run: Running) -> None:
    run.comes_to(lambda: place.deployment()["spec"].get("paused") is not True, "The promotion does not begin.")


def _finishing(place: Place, run: Running) -> None:
    """Its routes are those of before, and its canary is still there."""

    def gone() -> bool:
        return place.weights() == {0.0} and '"finishing"' in str(place.deployment()["metadata"]["annotations"])

    run.comes_to(gone, "The release does not come to its end.")
