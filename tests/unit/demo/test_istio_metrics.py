"""Istio's metrics as the lab makes them of access logs: one request for one line, by both reporters."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from lab.client import ApiError
from tests.harness.lab import access_log, istio_metrics
from tests.harness.lab.access_log import Logs, Place
from tests.harness.lab.istio_metrics import Pods, RequestMetrics

CLUSTER = "central"
OUTBOUND, INBOUND = "outbound|8080||web-canary.shop.svc.cluster.local", "inbound|8080||"
FORMER = {
    "authority": "web",
    "content_type": None,
    "protocol": "HTTP/1.1",
    "grpc": None,
    "peer": None,
    "own": "spiffe://td/ns/shop/sa/default",
}


class Server:
    """An API server with a client and a canary."""

    def __init__(self) -> None:
        self.away = False

    def get(self, path: str) -> dict[str, Any]:
        if self.away:
            raise ApiError("GET", path, 503, "away")
        if path.endswith("services"):
            return {"items": [_service("web", {"app": "web"}), _service("web-canary", {"app": "web-canary"})]}
        return {"items": [_pod("client", "10.0.0.1"), _pod("web-canary", "10.0.0.2")]}


def _service(name: str, selector: dict[str, str]) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": 8080}]}}


def _pod(app: str, address: str) -> dict[str, Any]:
    meta = {
        "name": f"{app}-abc-xyz",
        "namespace": "shop",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"app": app, "pod-template-hash": "abc"},
        "annotations": {"sidecar.istio.io/status": "{}"},
        "ownerReferences": [{"name": f"{app}-abc"}],
    }
    return {"metadata": meta, "status": {"podIP": address}}


def line(cluster: str | None, code: int = 200, flags: str = "-", milliseconds: int = 7, upstream: str | None = "10.0.0.2:8080") -> str:
    found = {**FORMER, "cluster": cluster, "upstream": upstream, "downstream": "10.0.0.1", "code": code, "flags": flags}
    return f"2026-01-01T00:00:00Z stdout F {json.dumps({**found, 'milliseconds': milliseconds})}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the runtime keeps the logs of pods."""
    plan = type("Plan", (), {"directory": tmp_path})
    monkeypatch.setattr(access_log, "chosen", lambda _name: [plan])
    return tmp_path / "pod-logs"


@pytest.fixture
def logs(folder: Path) -> Iterator[Logs]:
    with closing(Logs(CLUSTER)) as found:
        yield found


def write(folder: Path, pod: str, text: str) -> Path:
    path = folder / f"shop_{pod}-abc-xyz_uid" / "istio-proxy" / "0.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(text)
    return path


def test_each_line_is_read_once_and_half_a_line_is_left_for_later(folder: Path, logs: Logs) -> None:
    text = line(OUTBOUND)
    write(folder, "client", text + "2026 stdout F not a request\n" + text[:50])
    assert [place for place, _found in logs.lines()] == [Place("shop", "client-abc-xyz")]
    write(folder, "client", text[50:])
    assert len(list(logs.lines())) == 1
    assert list(logs.lines()) == []


def test_no_line_is_lost_when_a_log_is_exchanged_or_removed(folder: Path, logs: Logs) -> None:
    path = write(folder, "client", line(OUTBOUND))
    assert len(list(logs.lines())) == 1
    write(folder, "client", line(OUTBOUND))
    path.rename(path.with_name("0.log.former"))
    write(folder, "client", line(OUTBOUND))
    assert len(list(logs.lines())) == 2
    write(folder, "client", line(OUTBOUND))
    path.unlink()
    assert len(list(logs.lines())) == 1


def series(folder: Path, tmp_path: Path) -> list[str]:
    server: Any = Server()
    with RequestMetrics(CLUSTER, server, tmp_path / "sidecars.json") as metrics:
        for pod, several in LINES.items():
            write(folder, pod, "".join(several))
        return metrics.scraped().splitlines()


LINES = {
    "client": [line(OUTBOUND), line(OUTBOUND, 500), line(OUTBOUND, 503, "UF"), line(None, 404, "NR", upstream=None)],
    "web-canary": [line(INBOUND), line(INBOUND, 500, milliseconds=600)],
}


def counted(lines: list[str], *wanted: str) -> int:
    found = [one for one in lines if one.startswith("istio_requests_total{") and all(label in one for label in wanted)]
    return sum(int(one.rpartition(" ")[2]) for one in found)


def test_the_server_reports_requests_that_reached_it_by_its_workload(folder: Path, tmp_path: Path) -> None:
    found = series(folder, tmp_path)
    mine = ('reporter="destination"', 'destination_workload="web-canary"', 'destination_service="web-canary.shop.svc.cluster.local"')
    assert counted(found, *mine) == 2
    assert counted(found, *mine, 'response_code="500"', 'source_workload="client"') == 1


def test_the_client_reports_all_requests_and_knows_no_workload_of_those_that_came_to_no_pod(folder: Path, tmp_path: Path) -> None:
    found = series(folder, tmp_path)
    mine = ('reporter="source"', 'destination_service="web-canary.shop.svc.cluster.local"')
    assert counted(found, *mine) == 3
    assert counted(found, *mine, 'destination_workload="web-canary"') == 2
    assert counted(found, *mine, 'destination_workload="unknown"', 'response_flags="UF"') == 1
    assert counted(found, 'response_flags="NR"', 'destination_service="web"') == 1


def test_the_histogram_holds_each_request_in_its_bucket_and_those_above(folder: Path, tmp_path: Path) -> None:
    name = "istio_request_duration_milliseconds_bucket"
    slow = [one for one in series(folder, tmp_path) if name in one and 'reporter="destination"' in one and 'response_code="500"' in one]
    counts = {one.partition('le="')[2].partition('"')[0]: int(one.rpartition(" ")[2]) for one in slow}
    assert (counts["500"], counts["1000"], counts["+Inf"], len(counts)) == (0, 1, 1, len(istio_metrics.BOUNDS) + 1)


def test_pods_stay_known_while_the_api_server_is_away(tmp_path: Path) -> None:
    server = Server()
    given: Any = server
    pods = Pods(given, tmp_path / "sidecars.json")
    assert pods.at("10.0.0.2").workload == "web-canary"
    server.away = True
    assert pods.at("10.0.0.9").workload == "unknown"
    assert pods.at("10.0.0.2").workload == "web-canary"
    (first, _second) = json.loads((tmp_path / "sidecars.json").read_text())
    assert first == {"targets": ["10.0.0.1:15090"], "labels": {"pod": "client-abc-xyz", "namespace": "shop"}}
