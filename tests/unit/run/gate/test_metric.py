"""Looking at a workload's traffic again and again: when it is over, and with which verdict."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.wait import Pending, Ready
from ansible_collections.meshyard.istio.plugins.module_utils._errors import Abandoned
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import queries
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.metrics import Limits, Sample
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.workload_request import OwnMetric, Subject, WorkloadRequest
from ansible_collections.meshyard.istio.plugins.module_utils._run.gate import metric
from ansible_collections.meshyard.istio.plugins.module_utils._run.gate.metric import Patience, QueryRefused, WorkloadGate

OWN = OwnMetric(Limits("errors", "of $workload", high=0.1))
REQUEST = WorkloadRequest(Subject("web-canary", "shop"), Subject("web", "shop"), (), own=(OWN,))
GOOD, BAD, NONE = Sample((0.0,)), Sample((0.5,)), Sample()
SILENT = Sample(problem="it does not answer", code="unreachable")
PATIENCE = Patience(settle=0, wait=0, no_data=30, hold=60)


class Watched:
    """A gate whose clock and Prometheus a test sets."""

    def __init__(self, patience: Patience = PATIENCE, validating: bool = False) -> None:
        self.now = 0.0
        self.sample = GOOD
        self.asked: list[str] = []
        self.gate = WorkloadGate(REQUEST, self.ask, patience, lambda: self.now, validating)

    def ask(self, query: str) -> Sample:
        self.asked.append(query)
        return self.sample

    def at(self, now: float, sample: Sample) -> str:
        """The verdict of a look, or nothing while it goes on."""
        self.now, self.sample = now, sample
        return self.gate.judgement.verdict if self.gate.look() == Ready(None) else ""


def test_what_is_well_passes_at_once() -> None:
    assert Watched().at(0, GOOD) == "passed"


def test_nothing_passes_before_it_has_settled_and_a_breach_is_a_verdict_meanwhile() -> None:
    watched = Watched(Patience(settle=75))
    assert [watched.at(0, GOOD), watched.at(74, GOOD), watched.at(75, GOOD)] == ["", "", "passed"]
    assert Watched(Patience(settle=75)).at(10, BAD) == "failed"


def test_a_breach_that_may_last_is_a_verdict_when_it_lasts_longer_without_a_break() -> None:
    watched = Watched(Patience(settle=100, wait=20))
    looks = [(0, BAD), (19, GOOD), (20, BAD), (39, BAD), (40, BAD)]
    assert [watched.at(now, sample) for now, sample in looks] == ["", "", "", "", "failed"]


@pytest.mark.parametrize(("sample", "seconds", "verdict"), [(NONE, 30, "inconclusive"), (SILENT, 60, "unreachable")])
def test_without_data_and_without_an_answer_it_holds_for_a_time_of_its_own(sample: Sample, seconds: float, verdict: str) -> None:
    watched = Watched()
    assert [watched.at(0, sample), watched.at(seconds - 1, sample), watched.at(seconds, sample)] == ["", "", verdict]


@pytest.mark.parametrize("sample", [NONE, SILENT])
def test_data_that_comes_in_time_decides(sample: Sample) -> None:
    watched = Watched()
    assert [watched.at(0, sample), watched.at(29, GOOD)] == ["", "passed"]
    watched = Watched()
    assert [watched.at(0, sample), watched.at(29, BAD)] == ["", "failed"]


@pytest.mark.parametrize("validating", [False, True])
@pytest.mark.parametrize("code", ["query_refused", "unauthorized"])
def test_a_query_that_is_refused_is_an_error_with_its_own_code_at_once(code: str, validating: bool) -> None:
    with pytest.raises(QueryRefused, match="metric errors cannot be judged: parse error") as raised:
        Watched(validating=validating).at(0, Sample(problem="parse error", code=code))  # type: ignore[arg-type]
    assert raised.value.code == code


def test_validation_asks_the_stable_and_takes_no_data_for_an_answer() -> None:
    watched = Watched(validating=True)
    assert watched.at(0, NONE) == "passed"
    assert watched.asked == ["of web"]
    assert [Watched(validating=True).at(0, BAD), Watched(validating=True).at(0, SILENT)] == ["passed", ""]


def test_a_prometheus_that_does_not_answer_one_query_is_not_asked_the_others() -> None:
    request = WorkloadRequest(Subject("web", "shop", "web.shop"), success_percent=99, p99_ms=100)
    asked: list[str] = []

    def ask(query: str) -> Sample:
        asked.append(query)
        return SILENT

    found = metric.judge(request, ask, Patience(no_data=0, hold=0), _tell([]), lambda: None)
    assert (found.verdict, asked) == ("unreachable", [queries.requests(request.subject, "destination", 60)])


def test_the_engine_needs_no_module_and_tells_what_it_waits_for() -> None:
    samples, told = [NONE, GOOD], list[str]()
    found = metric.judge(REQUEST, lambda _query: samples.pop(0), PATIENCE, _tell(told), lambda: None)
    assert (found.verdict, told) == ("passed", ["waiting for errors: the query gives no data"])


def test_a_run_that_is_gone_judges_nothing() -> None:
    def gone() -> None:
        raise Abandoned("The run is gone.")

    with pytest.raises(Abandoned):
        metric.judge(REQUEST, lambda _query: GOOD, PATIENCE, _tell([]), gone)


def test_what_is_pending_is_named() -> None:
    watched = Watched()
    watched.sample = NONE
    assert watched.gate.look() == Pending("errors: the query gives no data")


def _tell(told: list[str]) -> Callable[[str], None]:
    return told.append
