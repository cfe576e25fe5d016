"""Moving 50 namespaces of two workloads to another revision, beside a loop over kubectl."""

from __future__ import annotations

import math
import subprocess
import time
from pathlib import Path
from typing import Any

from bench import measure
from lab.apiserver import ApiServer
from lab.paths import program
from tests.harness.injector import Injector
from tests.harness.lab.settings import NEW, OLD
from tests.harness.mesh import Mesh

NAMESPACES, WORKLOADS, MAX_PARALLEL = 50, ("web", "db"), 10
READY = {"lab.meshyard/ready": "5s"}
"""How long each new pod takes to be ready."""


def run(folder: Path) -> dict[str, Any]:
    """The figures."""
    with ApiServer(folder / "moving", "moving", controllers=True) as server, Injector(folder, {}) as injector:
        mesh = Mesh(server, injector)
        mesh.revision(OLD, "1.31.0")
        mesh.revision(NEW, "1.32.0")
        names = [_filled(mesh, f"team-{number:02d}") for number in range(NAMESPACES)]
        for name in names:
            mesh.settled(name, *WORKLOADS)
        one = _restarted(server, names[0], WORKLOADS[0])
        options = {"namespaces": names, "revision": NEW, "max_parallel": MAX_PARALLEL, "wait_timeout": 600}
        own, answer = measure.module("namespace_revision", kubeconfig=str(server.kubeconfig), **options)
        moved = {revision for name in names for revisions in mesh.revisions(name).values() for revision in revisions}
        if moved != {NEW}:
            raise SystemExit(f"The pods are on {moved}.")
        return {
            "namespaces": NAMESPACES,
            "max_parallel": MAX_PARALLEL,
            "seconds": own.seconds,
            "ideal_seconds": round(math.ceil(NAMESPACES * len(WORKLOADS) / MAX_PARALLEL) * one, 2),
            "one_rollout_seconds": one,
            "kubectl_loop_seconds": _loop(server, names),
            "peak_mib": own.peak_mib,
            "requests": answer["requests"],
        }


def _filled(mesh: Mesh, name: str) -> str:
    mesh.namespace(name, {"istio.io/rev": OLD})
    for workload in WORKLOADS:
        mesh.workload(name, workload, replicas=1, annotations=READY)
    return name


def _restarted(server: ApiServer, namespace: str, name: str) -> float:
    """Seconds that one rollout takes while nothing else happens."""
    began = time.monotonic()
    _kubectl(server, namespace, "rollout", "restart", f"deployment/{name}")
    _kubectl(server, namespace, "rollout", "status", f"deployment/{name}", "--timeout=120s")
    return round(time.monotonic() - began, 2)


def _loop(server: ApiServer, names: list[str]) -> float:
    """Back to the old revision, as people do it by hand: one namespace after the other, its workloads side by side."""
    began = time.monotonic()
    for name in names:
        _kubectl(server, "", "label", "namespace", name, f"istio.io/rev={OLD}", "--overwrite")
        _kubectl(server, name, "rollout", "restart", "deployment")
        for workload in WORKLOADS:
            _kubectl(server, name, "rollout", "status", f"deployment/{workload}", "--timeout=120s")
    return round(time.monotonic() - began, 2)


def _kubectl(server: ApiServer, namespace: str, *arguments: str) -> None:
    where = ["-n", namespace] if namespace else []
    command = [str(program("kubectl")), "--kubeconfig", str(server.kubeconfig), *where, *arguments]
    subprocess.run(command, check=True, capture_output=True, text=True)
