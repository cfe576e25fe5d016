"""A cluster whose API server is away for a while."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lab import cluster, procfs, waiting
from lab.addresses import chosen
from lab.process import Processes, Program

# A controller manager that finds no API server gives its leadership up, ends, and begins anew. The lab's has none to give up, and would
# take the silence of the kubelet for its end as soon as the API server is back.
_AWAY = ("kube-apiserver", "kube-controller-manager")


@contextlib.contextmanager
def silent(name: str) -> Iterator[None]:
    """Without the API server of a cluster of the lab; its pods go on."""
    plan = chosen(name)[0]
    processes = Processes(plan.records)
    found = {one: processes.record(one) for one in _AWAY}
    programs = [
        Program(one, procfs.command(record.pid), plan.records / f"{one}-again.log", plan.namespace)
        for one, record in found.items()
        if record
    ]
    processes.stop([*reversed(_AWAY)], seconds=10)
    try:
        yield
    finally:
        for program in programs:
            processes.start(program)
            waiting.until(cluster.client(plan).ready, 60, lambda: f"The API server of {name} does not come back.")
