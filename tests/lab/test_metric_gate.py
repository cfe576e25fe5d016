"""The gate judges a live mesh by what a real Prometheus says of its requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from lab.waiting import until
from tests.harness.lab.mesh import Mesh
from tests.harness.lab.settings import OLD, OLD_VERSION
from tests.harness.metrics import Exporter, Prometheus
from tests.harness.modules import Call

SPACE, WORKLOAD = "shop-web", "web"
SERVICE = f'reporter="destination",destination_workload="{WORKLOAD}",destination_workload_namespace="{SPACE}"'
ERRORS = f'sum(rate(istio_requests_total{{{SERVICE},response_code=~"5.."}}[5s])) / sum(rate(istio_requests_total{{{SERVICE}}}[5s]))'
LATENCY = f"histogram_quantile(0.99, sum by (le) (rate(istio_request_duration_milliseconds_bucket{{{SERVICE}}}[5s])))"
LIMITS = [{"name": "share of errors", "query": ERRORS, "max": 0.05}, {"name": "latency", "query": LATENCY, "max": 500}]


@dataclass(frozen=True)
class Watched:
    """A mesh, the exporter that speaks for it, and the Prometheus that asks it."""

    mesh: Mesh
    exporter: Exporter
    prometheus: Prometheus

    def judge(self, *metrics: dict[str, Any], url: str = "", seconds: int = 20) -> dict[str, Any]:
        """What the gate answers of the web shop's pods and these metrics."""
        options = {
            "kubeconfig": self.mesh.cluster.target.kubeconfig,
            "context": self.mesh.cluster.target.context,
            "namespaces": [SPACE],
            "revision": OLD,
            "version": OLD_VERSION,
            "metrics": list(metrics),
            "prometheus_url": url or self.prometheus.url,
            "wait_timeout": seconds,
            "hold_timeout": 2,
        }
        return Call("upgrade_gate", options).run()


@pytest.fixture(scope="module")
def watched(mesh: Mesh) -> Iterator[Watched]:
    """Everything is well at first."""
    with Exporter(WORKLOAD, SPACE) as exporter, Prometheus(mesh.cluster.work / "prometheus", exporter).running() as prometheus:
        yield Watched(mesh, exporter, prometheus)


def test_metrics_within_their_limits_pass_with_the_values_as_evidence(watched: Watched) -> None:
    answer = watched.judge(*LIMITS)
    assert answer["verdict"] == "passed", answer["evidence"]
    values = {item["name"]: item["samples"] for item in answer["evidence"] if item["check"] == "metric"}
    assert values["share of errors"] == [0]
    assert 0 < values["latency"][0] <= 500


def test_errors_above_the_limit_fail_and_name_the_metric_and_its_value(watched: Watched) -> None:
    watched.exporter.failing = 5
    until(lambda: watched.prometheus.value(f"{ERRORS} > 0.3"), 30, lambda: "Prometheus sees no errors.")
    answer = watched.judge(*LIMITS, seconds=3)
    watched.exporter.failing = 0
    assert answer["verdict"] == "failed"
    (bad,) = [item for item in answer["evidence"] if item["verdict"] == "failed"]
    assert bad["name"] == "share of errors"
    assert bad["samples"][0] > 0.3


def test_slow_answers_fail(watched: Watched) -> None:
    watched.exporter.slow = 5
    until(lambda: watched.prometheus.value(f"{LATENCY} > 600"), 30, lambda: "Prometheus sees no slow answers.")
    answer = watched.judge(LIMITS[1], seconds=3)
    watched.exporter.slow = 0
    assert answer["verdict"] == "failed"


def test_a_breach_that_ends_in_time_passes(watched: Watched) -> None:
    watched.exporter.failing = 5
    until(lambda: watched.prometheus.value(f"{ERRORS} > 0.3"), 30, lambda: "Prometheus sees no errors.")
    watched.exporter.failing = 0
    assert watched.judge(LIMITS[0], seconds=60)["verdict"] == "passed"


def test_a_metric_without_data_is_inconclusive(watched: Watched) -> None:
    answer = watched.judge({"name": "unknown", "query": "no_such_series", "max": 1}, seconds=3)
    assert answer["verdict"] == "inconclusive"


def test_an_expression_that_prometheus_refuses_is_inconclusive_and_named(watched: Watched) -> None:
    answer = watched.judge({"name": "broken", "query": "sum(", "max": 1}, seconds=3)
    assert answer["verdict"] == "inconclusive"
    assert "broken" in str(answer["evidence"])


def test_an_unreachable_prometheus_is_inconclusive(watched: Watched) -> None:
    assert watched.judge(LIMITS[0], url="http://127.0.0.1:9", seconds=3)["verdict"] == "inconclusive"
