"""metric_gate asks a real Prometheus of series like those that Istio's proxies give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab.waiting import until
from tests.harness.metrics import Flow, Flows, Prometheus
from tests.harness.modules import Call

NAMESPACE = "shop"
GOOD = ("good", "web")
FLOWS = (
    *(Flow(name, reporter=reporter) for name in GOOD for reporter in ("destination", "source")),
    Flow("bad", 8),
    Flow("bad", 2, code="503"),
    Flow("slow", 8),
    Flow("slow", 2, code="201", milliseconds=500),
    Flow("grpc", 8, grpc="0"),
    Flow("grpc", 2, grpc="14"),
    Flow("asked", 8, grpc="0"),
    Flow("asked", 2, grpc="5"),
    Flow("left", 8),
    Flow("left", 2, code="0"),
    Flow("lost"),
    Flow("lost", 8, reporter="source"),
    Flow("lost", 2, reporter="source", code="503"),
    Flow("idle", 0),
    Flow("burst"),
)


@dataclass(frozen=True)
class Watched:
    """A Prometheus, and the flows that it knows of."""

    flows: Flows
    prometheus: Prometheus

    def judge(self, workload: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """What the gate says of a workload."""
        given = {
            "workload": workload,
            "namespace": NAMESPACE,
            "service": workload,
            "reporters": ["destination"],
            "window": 5,
            "success_percent": 99,
            "p99_ms": 100,
            "no_data_timeout": 0,
            "hold_timeout": 0,
            "prometheus_url": self.prometheus.url,
            **options,
        }
        return Call("metric_gate", given, check=check).run()


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with Flows(NAMESPACE, *FLOWS) as flows, Prometheus(tmp_path_factory.mktemp("prometheus"), flows).running() as prometheus:
        enough = 'min(sum by (destination_workload) (increase(istio_requests_total{destination_workload!="idle"}[5s]))) > 40'
        seen = f"{enough} and count(istio_requests_total offset 6s) > 0"  # in its first window a series counts from its beginning
        until(lambda: prometheus.value(seen), 30, lambda: "Prometheus has not seen enough requests.")
        yield Watched(flows, prometheus)


def verdicts(told: dict[str, Any]) -> dict[str, str]:
    """By name and, where there are several, the worst."""
    return {f"{one['name']} {one['reporter']}": one["verdict"] for one in told["evidence"]}


@pytest.mark.smoke
def test_good_traffic_passes_by_the_word_of_both_reporters(watched: Watched) -> None:
    told = watched.judge("good", reporters=["source", "destination"])
    assert told["verdict"] == "passed", told
    assert not told["changed"]
    assert len(verdicts(told)) == 6
    by_name = {one["name"]: one for one in told["evidence"]}
    assert by_name["success_percent"]["value"] == 100
    assert 10 < by_name["p99_ms"]["value"] <= 100
    assert (by_name["p99_ms"]["share_within"], by_name["p99_ms"]["interpolated"]) == (100, False)
    assert by_name["requests"]["samples"] >= 20


@pytest.mark.parametrize(
    ("workload", "name"), [("bad", "success_percent"), ("grpc", "success_percent"), ("left", "success_percent"), ("slow", "p99_ms")]
)
def test_a_breach_fails_with_value_limit_and_samples(watched: Watched, workload: str, name: str) -> None:
    told = watched.judge(workload)
    assert told["verdict"] == "failed", told
    (bad,) = [one for one in told["evidence"] if one["verdict"] == "failed"]
    assert (bad["name"], bad["code"]) == (name, "metric_out_of_range")
    assert bad["samples"] >= 20
    if name == "success_percent":
        assert (bad["limit"], bad["value"]) == (99, pytest.approx(80, abs=2))
    else:
        assert (bad["limit"], bad["share_within"]) == (100, pytest.approx(80, abs=2))


def test_what_a_grpc_client_asked_for_in_vain_is_no_failure_of_the_server(watched: Watched) -> None:
    assert watched.judge("asked")["verdict"] == "passed"


def test_what_never_reached_the_workload_is_known_to_those_who_called(watched: Watched) -> None:
    assert watched.judge("lost")["verdict"] == "passed"
    told = watched.judge("lost", reporters=["destination", "source"])
    assert [f"{one['name']} {one['reporter']}" for one in told["evidence"] if one["verdict"] == "failed"] == ["success_percent source"]


def test_the_first_failures_of_a_kind_count_though_no_counter_was_seen_to_grow(watched: Watched) -> None:
    assert watched.judge("burst")["verdict"] == "passed"
    watched.flows.flows.append(Flow("burst", 0, code="500", total=10))
    failures = 'istio_requests_total{destination_workload="burst",response_code="500"}'
    until(lambda: watched.prometheus.value(failures), 10, lambda: "Prometheus sees no failures.")
    assert watched.prometheus.value(f"sum(increase({failures}[5s])) > 0") == []
    told = watched.judge("burst")
    assert told["verdict"] == "failed", told


@pytest.mark.parametrize("workload", ["idle", "nobody"])
def test_without_requests_nothing_passes(watched: Watched, workload: str) -> None:
    told = watched.judge(workload)
    assert told["verdict"] == "inconclusive"
    assert {(one["verdict"], one["code"], one["samples"]) for one in told["evidence"]} == {("inconclusive", "requests_few", 0)}


def test_fewer_requests_than_are_needed_are_no_verdict(watched: Watched) -> None:
    told = watched.judge("bad", min_requests=10_000, no_data_timeout=1)
    assert told["verdict"] == "inconclusive"
    assert told["seconds"] >= 1


def test_a_query_that_prometheus_refuses_is_an_error_in_both_states(watched: Watched) -> None:
    broken = [{"name": "broken", "query": "sum(", "max": 1}]
    for state in ("judged", "validated"):
        told = watched.judge("good", state=state, metrics=broken)
        assert (told["failed"], told["code"], told["verdict"]) == (True, "query_refused", "error")
        assert "metric broken cannot be judged" in told["msg"]


def test_all_queries_are_accepted_by_prometheus_whether_the_stable_has_requests_or_not(watched: Watched) -> None:
    query = 'sum(rate(istio_requests_total{destination_workload="$workload"}[$window]))'
    own = [{"name": "share", "query": query, "max": 2, "relative": True}]
    for stable in ("web", "nobody"):
        options = {"reporters": ["source", "destination"], "metrics": own, "stable_workload": stable, "stable_service": stable}
        told = watched.judge("not-there-yet", state="validated", **options)
        assert told["verdict"] == "passed", told
        assert "not-there-yet" not in str([one["query"] for one in told["evidence"] if one["name"] != "share"])


def test_a_metric_of_the_users_own_is_compared_with_the_stable(watched: Watched) -> None:
    query = 'sum(rate(istio_requests_total{destination_workload="$workload",response_code="200"}[$window]))'
    own = [{"name": "answered", "query": query, "min": 0.9, "relative": True}]
    told = {
        name: watched.judge(name, success_percent=None, p99_ms=None, metrics=own, stable_workload="web", stable_service="web")
        for name in ("good", "bad", "nobody")
    }
    assert {name: one["verdict"] for name, one in told.items()} == {"good": "passed", "bad": "failed", "nobody": "inconclusive"}
    worst = told["bad"]["evidence"][-1]
    assert (worst["value"], worst["limit"]) == (pytest.approx(0.8, abs=0.1), 0.9)


def test_a_prometheus_that_does_not_answer_is_unreachable_and_no_secret_of_its_url_is_told(watched: Watched) -> None:
    told = watched.judge("good", prometheus_url="http://ada:hidden-word@127.0.0.1:9", hold_timeout=1)
    assert (told["verdict"], told["seconds"] >= 1) == ("unreachable", True)
    assert "hidden-word" not in str(told)


def test_a_limit_between_two_bounds_is_warned_of(watched: Watched) -> None:
    told = watched.judge("slow", p99_ms=900)
    assert "900 is no bound" in str(told["warnings"])


def test_check_mode_waits_for_nothing(watched: Watched) -> None:
    told = watched.judge("idle", check=True, no_data_timeout=600, settle=600)
    assert (told["verdict"], told["seconds"] < 5) == ("inconclusive", True)


def test_the_connection_of_the_group_is_taken_and_not_used(watched: Watched) -> None:
    told = watched.judge("good", kubeconfig="/nowhere", context="none", expected_cluster_uid="another")
    assert told["verdict"] == "passed", told
