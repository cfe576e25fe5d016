"""test_flight with a real fortio: from the controller, and as a Job whose pod is simulated and whose command is run all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from lab.apiserver import ApiServer
from lab.client import ApiError
from lab.paths import program
from lab.waiting import until
from tests.harness.containers import Containers
from tests.harness.injector import Injector
from tests.harness.loopback import Server
from tests.harness.mesh import Mesh
from tests.harness.modules import Call, answer

NAMESPACE = "flights"
JOB = {"runner": "job", "namespace": NAMESPACE, "image": "registry.invalid/fortio:1", "wait_timeout": 30}


class _Web(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/failing" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
        """Silent."""


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with Server(_Web) as server:
        yield server.url


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    folder = tmp_path_factory.mktemp("flight")
    with ApiServer(folder / "server", "flight", controllers=True) as server, Injector(folder, {}) as injector:
        found = Mesh(server, injector)
        found.namespace(NAMESPACE)
        yield found


@pytest.fixture(scope="module")
def containers(mesh: Mesh, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Containers]:
    with Containers(mesh.server, tmp_path_factory.mktemp("containers")) as running:
        yield running


@pytest.fixture
def no_pods(mesh: Mesh) -> Iterator[None]:
    """A limit that no pod keeps is in force in the namespace."""
    limit = {"type": "Pod", "max": {"cpu": "1m"}}
    meta = {"name": "none", "namespace": NAMESPACE}
    mesh.create({"apiVersion": "v1", "kind": "LimitRange", "metadata": meta, "spec": {"limits": [limit]}})
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "any"}, "spec": {"containers": [{"name": "any", "image": "any"}]}}

    def denied() -> bool:
        try:
            mesh.client.request("POST", f"/api/v1/namespaces/{NAMESPACE}/pods?dryRun=All", pod)
        except ApiError:
            return True
        return False

    until(denied, 20, lambda: "The limit is not in force.")
    yield
    mesh.delete("LimitRange", "none", NAMESPACE)
    until(lambda: not denied(), 20, lambda: "The limit is still in force.")


def fly(mesh: Mesh, url: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
    return flight(mesh, url, check=check, **options).run()


def flight(mesh: Mesh, url: str, *, check: bool = False, **options: Any) -> Call:
    given = {**mesh.connection, "url": url, "qps": 100, "binary_path": str(program("fortio")), **options}
    return Call("test_flight", given, check=check, diff=True)


def left(mesh: Mesh) -> list[str]:
    return [one["metadata"]["name"] for kind in ("Job", "Pod") for one in mesh.items(kind, NAMESPACE)]


@pytest.mark.smoke
def test_a_flight_from_the_controller_counts_measures_and_keeps_the_report(mesh: Mesh, web: str, tmp_path: Path) -> None:
    path = tmp_path / "flight.json"
    told = fly(mesh, f"{web}/", requests=40, report=str(path))
    assert not told.get("failed"), told
    assert told["counts"] == {"total": 40, "succeeded": 40, "failed": 0, "by_status": {"200": 40}}
    assert 0 < told["latency_ms"]["p50"] <= told["latency_ms"]["p99"] <= told["latency_ms"]["max"]
    assert 0 < told["actual_qps"] <= 110
    assert (told["changed"], told["steps"], told["report"]) == (False, [], str(path))
    assert json.loads(path.read_text())["RetCodes"] == {"200": 40}


def test_requests_that_fail_are_counted_and_the_module_does_not_fail(mesh: Mesh, web: str) -> None:
    told = fly(mesh, f"{web}/failing", requests=8)
    assert told["counts"] == {"total": 8, "succeeded": 0, "failed": 8, "by_status": {"503": 8}}
    told = fly(mesh, "http://127.0.0.1:9/", requests=8)
    assert told["counts"]["by_status"] == {"no_answer": 8}


def test_a_flight_of_seconds_is_over_when_they_are(mesh: Mesh, web: str) -> None:
    told = fly(mesh, f"{web}/", seconds=1, qps=20)
    assert 16 <= told["counts"]["total"] <= 20


def test_a_host_that_is_not_known_is_no_report(mesh: Mesh) -> None:
    told = fly(mesh, "http://no-such-host.invalid/", requests=8)
    assert (told["failed"], told["code"]) == (True, "no_report")
    assert "no-such-host.invalid" in str(told["output"])


def test_a_job_is_made_read_and_deleted_with_its_pod(mesh: Mesh, web: str, containers: Containers) -> None:
    told = fly(mesh, f"{web}/", requests=40, headers={"X-Test": "flight"}, labels={"team": "shop"}, sidecar=False, **JOB)
    assert not told.get("failed"), told
    assert told["counts"] == {"total": 40, "succeeded": 40, "failed": 0, "by_status": {"200": 40}}
    assert (told["changed"], [step["action"] for step in told["steps"]]) == (True, ["create", "delete"])
    assert "X-Test: flight" in containers.commands[-1]
    until(lambda: left(mesh) == [], 20, lambda: f"{left(mesh)} are still there.")


def test_a_job_whose_container_gives_no_report_is_deleted_too(mesh: Mesh, containers: Containers) -> None:
    told = fly(mesh, "http://no-such-host.invalid/", requests=8, **JOB)
    assert (told["failed"], told["code"]) == (True, "no_report")
    until(lambda: left(mesh) == [], 20, lambda: f"{left(mesh)} are still there.")


def test_a_job_that_no_pod_can_be_made_for_says_why_and_is_deleted(mesh: Mesh, web: str, no_pods: None) -> None:
    told = fly(mesh, f"{web}/", requests=8, **{**JOB, "wait_timeout": 4})
    assert (told["failed"], told["code"]) == (True, "timed_out")
    assert "maximum cpu usage per Pod is 1m" in told["pending"]
    until(lambda: left(mesh) == [], 20, lambda: f"{left(mesh)} are still there.")


def test_a_run_that_is_told_to_end_leaves_no_job(mesh: Mesh, web: str, no_pods: None) -> None:
    process = flight(mesh, f"{web}/", requests=8, **JOB).start()
    until(lambda: mesh.items("Job", NAMESPACE), 30, lambda: "No Job is made.")
    process.terminate()
    told = answer(process)
    assert (told["failed"], told["code"]) == (True, "abandoned")
    until(lambda: left(mesh) == [], 20, lambda: f"{left(mesh)} are still there.")


def test_check_mode_sends_and_makes_nothing_and_shows_the_job_without_secrets(mesh: Mesh, tmp_path: Path) -> None:
    path = tmp_path / "flight.json"
    headers = {"Authorization": "Bearer hidden-word"}
    told = fly(mesh, "http://127.0.0.1:9/", check=True, requests=8, report=str(path), headers=headers, **JOB)
    assert (told["changed"], told["counts"]["total"], told["report"], left(mesh)) == (True, 0, None, [])
    assert not path.exists()
    assert "Job flights/meshyard-test-flight-" in str(told["diff"])
    assert "hidden-word" not in str(told)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "after a time or after a number"),
        ({"requests": 8, "qps": 0}, "qps is 0"),
        ({"requests": 8, "runner": "job"}, "needs namespace and image"),
        ({"requests": 8, "report": "/no/such/folder/report.json"}, "folder of the report"),
        ({"requests": 8, "headers": {"a b": "c"}}, "header 'a b'"),
        ({"requests": 8, "url": "-t"}, "no URL that can be asked"),
        ({"requests": 8, "binary_path": "/no/such/fortio"}, "cannot be run"),
    ],
)
def test_what_cannot_be_sent_is_refused(mesh: Mesh, web: str, options: dict[str, Any], why: str) -> None:
    told = fly(mesh, **{"url": f"{web}/", **options})
    assert told["failed"]
    assert why in told["msg"]
    assert left(mesh) == []
