"""A real Prometheus over an exporter whose series a test sets: what Istio's own proxies would tell of requests."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

import yaml

from lab.apiserver import LOOPBACK, free_ports
from lab.paths import program
from lab.waiting import until
from tests.harness.loopback import Server

_BUCKETS = (10, 100, 1000)
"""Upper bounds, in milliseconds, of the histogram of durations."""


class Served:
    """What Prometheus scrapes: the text of C(scraped), on the loopback."""

    def __init__(self) -> None:
        exporter, whole = self, threading.Lock()  # Prometheus gives a slow answer up, and then asks again beside it

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name is http.server's
                with whole:
                    body = exporter.scraped().encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
                """Silent."""

        self._server = Server(Handler)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self._server.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._server.close()

    def scraped(self) -> str:
        """The series."""
        return ""


class Exporter(Served):
    """Serves C(istio_requests_total) and C(istio_request_duration_milliseconds) of one service; each scrape brings more requests.

    :ivar failing: how many of the ten requests between two scrapes fail. :ivar slow: how many of them take a second.
    """

    def __init__(self, workload: str, namespace: str) -> None:
        super().__init__()
        self.failing = self.slow = 0
        self._labels = f'reporter="destination",destination_workload="{workload}",destination_workload_namespace="{namespace}"'
        self._codes = {"200": 0, "503": 0}
        self._durations = dict.fromkeys(map(str, _BUCKETS), 0)

    def scraped(self) -> str:
        """The series after ten more requests."""
        self._codes["200"] += 10 - self.failing
        self._codes["503"] += self.failing
        for bound in _BUCKETS:
            self._durations[str(bound)] += 10 - (self.slow if bound < max(_BUCKETS) else 0)
        total = sum(self._codes.values())
        name = "istio_request_duration_milliseconds"
        lines = [f'istio_requests_total{{{self._labels},response_code="{code}"}} {count}' for code, count in self._codes.items()]
        lines += [f'{name}_bucket{{{self._labels},le="{bound}"}} {count}' for bound, count in self._durations.items()]
        lines += [f'{name}_bucket{{{self._labels},le="+Inf"}} {total}', f"{name}_count{{{self._labels}}} {total}"]
        return "\n".join(["# TYPE istio_requests_total counter", lines[0], lines[1], f"# TYPE {name} histogram", *lines[2:]]) + "\n"


@dataclass
class Flow:
    """Requests of one kind to one workload and its Service of the same name; so many more with each scrape.

    :ivar total: how many there have been.
    """

    workload: str
    each: int = 10
    reporter: str = "destination"
    code: str = "200"
    grpc: str = ""
    milliseconds: int = 50
    total: int = 0

    def lines(self, namespace: str, *, idle: bool = False) -> list[str]:
        """The series after more requests, or as they were while idle, with the labels that Istio's proxies give them."""
        self.total += 0 if idle else self.each
        workload = self.workload if self.reporter == "destination" else "unknown"
        labels = {
            "reporter": self.reporter,
            "destination_workload": workload,
            "destination_workload_namespace": namespace,
            "destination_service": f"{self.workload}.{namespace}.svc.cluster.local",
            "response_code": self.code,
            "grpc_response_status": self.grpc,
        }
        told = ",".join(f'{name}="{value}"' for name, value in labels.items())
        counts = {str(bound): self.total if self.milliseconds <= bound else 0 for bound in _BUCKETS} | {"+Inf": self.total}
        duration = [f'istio_request_duration_milliseconds_bucket{{{told},le="{bound}"}} {count}' for bound, count in counts.items()]
        return [f"istio_requests_total{{{told}}} {self.total}", *duration]


class Flows(Served):
    """Serves several flows, to which more may come."""

    def __init__(self, namespace: str, *flows: Flow) -> None:
        super().__init__()
        self._namespace = namespace
        self.flows = list(flows)

    def idle(self) -> set[str]:
        """The workloads that get no requests now."""
        return set()

    def scraped(self) -> str:
        """The series after more requests of each flow."""
        idle = self.idle()
        lines = [line for flow in list(self.flows) for line in flow.lines(self._namespace, idle=flow.workload in idle)]
        return "\n".join(sorted(lines)) + "\n"


class Prometheus:
    """Scrapes the exporter every second.

    :param sidecars: a file of further targets, proxies of a mesh with their own statistics, which may come and go.
    :ivar url: where it answers.
    """

    def __init__(self, directory: Path, exporter: Served, sidecars: Path | None = None) -> None:
        self._port = free_ports(1)[0]
        self.url = f"http://{LOOPBACK}:{self._port}"
        self._directory = directory
        self._exporter, self._sidecars = exporter, sidecars
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def running(self) -> Iterator[Self]:
        """From its first scrapes until the end of the block."""
        shutil.rmtree(self._directory / "data", ignore_errors=True)
        self._start()
        try:
            wanted = 'count_over_time(up{job="mesh"}[1m]) > 2'
            until(lambda: self.value(wanted), 60, lambda: "Prometheus does not ask three times.")
            yield self
        finally:
            self._stop()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Without it; afterwards it knows what it knew."""
        self._stop()
        try:
            yield
        finally:
            self._start()
            until(lambda: self.value("vector(1)"), 60, lambda: "Prometheus does not come back.")

    def _start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        config = self._directory / "prometheus.yml"
        config.write_text(yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": self._jobs()}))
        command = [
            str(program("prometheus")),
            f"--config.file={config}",
            f"--storage.tsdb.path={self._directory / 'data'}",
            f"--web.listen-address={LOOPBACK}:{self._port}",
            "--log.level=warn",
        ]
        with (self._directory / "prometheus.log").open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)

    def _stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(30)

    def _jobs(self) -> list[dict[str, Any]]:
        jobs: list[dict[str, Any]] = [{"job_name": "mesh", "static_configs": [{"targets": [self._exporter.address]}]}]
        if self._sidecars:
            found = [{"files": [str(self._sidecars)], "refresh_interval": "2s"}]
            jobs.append({"job_name": "sidecars", "metrics_path": "/stats/prometheus", "file_sd_configs": found})
        return jobs

    def value(self, query: str) -> list[float]:
        """What an expression gives now; empty while it does not answer."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}", timeout=5) as answer:
                return [float(item["value"][1]) for item in json.load(answer)["data"]["result"]]
        except OSError:
            return []
