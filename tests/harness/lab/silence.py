"""A cluster whose API server is away for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lab import cluster, procfs, waiting
from lab.addresses import chosen
from lab.client import ApiError
from lab.process import Processes, Program

_API = "kube-apiserver"


@contextlib.contextmanager
def silent(name: str) -> Iterator[None]:
    """Without the API server of a cluster of the lab; its pods go on."""
    plan = chosen(name)[0]
    processes = Processes(plan.records)
    record = processes.record(_API)
    assert record is not None
    spec = Program(_API, procfs.command(record.pid), plan.records / f"{_API}-again.log", plan.namespace)
    processes.stop([_API], seconds=10)
    try:
        yield
    finally:
        processes.start(spec)
        waiting.until(lambda: _answers(name), 60, lambda: f"The API server of {name} does not come back.")


def _answers(name: str) -> bool:
    try:
        return bool(cluster.client(chosen(name)[0]).get("/api/v1/namespaces/default"))
    except (OSError, ApiError):
        return False
