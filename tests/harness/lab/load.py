"""Steady load from fortio: through the gateway from outside, and between the services from inside their pods.

Every server answers with status 200 while an old plane's proxy stands before it and with 202 under the new one (see
templates/shop.yml.j2), so that the load generator's own count of status codes tells which plane answered.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from lab import waiting
from tests.harness.lab.reader import Reader, is_ready, plane

SECONDS_PER_RUN = 3
_PATIENCE = 30


class Rate(NamedTuple):
    """How fast a client asks, at most: an answer that is slow keeps its connection from asking."""

    requests_per_second: int = 40
    connections: int = 2


USUAL = Rate()


class Load:
    """Back-to-back runs of fortio until stopped; each run's JSON is a file of evidence."""

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)
        for of_earlier_run in self.directory.glob(f"{name}-[0-9]*.json"):
            of_earlier_run.unlink()
        self.runs = 0
        self.problems: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the run under way."""
        self._stop.set()
        self._thread.join(SECONDS_PER_RUN + _PATIENCE)

    def _loop(self) -> None:
        while not self._stop.is_set():
            begin = time.time()
            try:
                facts, output = self._run()
                report = json.loads(output)
            except (OSError, ValueError, subprocess.SubprocessError) as problem:
                self.problems.append(f"{self.name}: {problem}")
                self._stop.wait(0.5)
                continue
            record = {"client": self.name, "begin": begin, "end": time.time(), **facts, "fortio": report}
            (self.directory / f"{self.name}-{self.runs:04d}.json").write_text(json.dumps(record))
            self.runs += 1

    def _run(self) -> tuple[dict[str, Any], str]:
        raise AttributeError("a kind of load says how it runs")


class Around:
    """Loads around something that is done, from before a block until after it.

    :ivar loads: what runs. :ivar patience: seconds in which each of them must come to its next run.
    """

    def __init__(self, loads: list[Load], patience: float = 60.0) -> None:
        self.loads, self.patience = loads, patience

    def __enter__(self) -> Self:
        for load in self.loads:
            load.start()
        self._next_runs(1)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._next_runs(2)  # the first of them may have begun before the end of the block
        finally:
            for load in self.loads:
                load.stop()

    @property
    def problems(self) -> list[str]:
        """Runs of fortio that came to nothing."""
        return [text for load in self.loads for text in load.problems]

    def _next_runs(self, count: int) -> None:
        wanted = {load.name: load.runs + count for load in self.loads}
        waiting.until(
            lambda: all(load.runs >= wanted[load.name] for load in self.loads),
            self.patience,
            lambda: f"The load does not run everywhere within {self.patience:g} s: {self.problems}",
            every=0.2,
        )


class GatewayLoad(Load):
    """From this machine through the gateway."""

    def __init__(self, fortio: str, url: str, host: str, directory: Path, rate: Rate = USUAL) -> None:
        super().__init__("gateway", directory)
        self._command = [fortio, *load_arguments(url, rate), "-H", f"Host: {host}"]
        self._command.append(self._command.pop(self._command.index(url)))

    def _run(self) -> tuple[dict[str, Any], str]:
        done = subprocess.run(self._command, check=False, capture_output=True, text=True, timeout=SECONDS_PER_RUN + _PATIENCE)
        if not done.stdout:
            raise OSError(done.stderr.strip()[-300:])
        return {"client_plane": ""}, done.stdout


class MeshLoad(Load):
    """From the newest ready pod of one service to another service."""

    def __init__(self, cluster: Reader, source: tuple[str, str], url: str, directory: Path, rate: Rate = USUAL) -> None:
        super().__init__(f"{source[1]}-to-{url.split('//')[1].split('.', maxsplit=1)[0]}", directory)
        self._rate = rate
        self._cluster = cluster
        self._source = source
        self._url = url

    def _run(self) -> tuple[dict[str, Any], str]:
        namespace, app = self._source
        pod = next((pod for pod in self._cluster.pods(namespace, app) if is_ready(pod)), None)
        if pod is None:
            raise OSError(f"no ready pod of {namespace}/{app}")
        name = pod["metadata"]["name"]
        command = ["fortio", *load_arguments(self._url, self._rate)]
        output = self._cluster.execute(namespace, name, command, SECONDS_PER_RUN + _PATIENCE)
        return {"client_pod": name, "client_plane": plane(pod)}, output


def load_arguments(url: str, rate: Rate = USUAL) -> list[str]:
    """The arguments of one run: fixed rate and time, the report as JSON on standard output."""
    pace = ["-qps", str(rate.requests_per_second), "-c", str(rate.connections), "-t", f"{SECONDS_PER_RUN}s"]
    return ["load", "-quiet", "-allow-initial-errors", "-timeout", "10s", *pace, "-json", "-", url]
