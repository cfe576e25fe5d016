"""One play that upgrades several clusters, beside one that upgrades a single one; nodes are simulated, a new pod takes ten seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import workload
from bench import measure
from lab.waiting import until
from tests.harness import playbook
from tests.harness.lab.playbooks import descendants
from tests.harness.upgrade_mesh import NEW, OLD, SETTINGS, SHOP, UpgradeMesh, everywhere, upgrade_mesh

CLUSTERS = 8
_READY = {"lab.meshyard/ready": "10s"}
_KIB = 1024


def run(folder: Path) -> dict[str, Any]:
    """The figures."""
    with ExitStack() as stack:
        alone = _upgraded([_slow(stack.enter_context(upgrade_mesh(folder / "alone")))], folder)
    with ExitStack() as stack:
        meshes = [_slow(stack.enter_context(upgrade_mesh(folder / str(number)))) for number in range(CLUSTERS)]
        together = _upgraded(meshes, folder)
    return {
        "clusters": CLUSTERS,
        "forks": CLUSTERS,
        "seconds": together["seconds"],
        "one_seconds": alone["seconds"],
        "ratio": measure.ratio(together["seconds"], alone["seconds"]),
        "peak_mib": together["peak_mib"],
        "one_peak_mib": alone["peak_mib"],
    }


def _slow(mesh: UpgradeMesh) -> UpgradeMesh:
    """From now on new pods take their time; those that there are have come up."""
    for namespace in SHOP:
        patch = {"spec": {"template": {"metadata": {"annotations": _READY}}}}
        mesh.planes.merge("Deployment", "web", patch, namespace)
    until(lambda: _settled(mesh), 120, lambda: "The pods do not come up again.")
    return mesh


def _settled(mesh: UpgradeMesh) -> bool:
    found = [mesh.planes.there("Deployment", "web", namespace) for namespace in SHOP]
    return all(workload.rolled_out(workload.parse(one, "Deployment")).done for one in found) and mesh.everywhere() == everywhere(OLD)


def _upgraded(meshes: Sequence[UpgradeMesh], folder: Path) -> dict[str, float]:
    """Upgrades all of them by one play, each in three waves; how long it took and what memory the controller needed."""
    hosts = {
        f"eu-{number}": {"ansible_connection": "local", "meshyard_kubeconfig": str(mesh.planes.server.kubeconfig), **mesh.settings}
        for number, mesh in enumerate(meshes)
    }
    given: dict[str, Any] = {
        "canary_upgrade_version": "1.32.0",
        "canary_upgrade_waves": [[one] for one in SHOP],
        "canary_upgrade_gate_timeout": 60,
    }
    began = time.monotonic()
    process = playbook.start("upgrade", {"istio_primary": hosts}, folder, "-f", str(CLUSTERS), settings=SETTINGS, **given)
    with _Memory(process.pid) as memory:
        said, _errors = process.communicate(timeout=3600)
    seconds = time.monotonic() - began
    if process.returncode or any(mesh.everywhere() != everywhere(NEW) for mesh in meshes):
        raise SystemExit(f"The upgrade of {len(meshes)} clusters ended with {process.returncode}: {said[-3000:]}")
    return {"seconds": round(seconds, 1), "peak_mib": round(memory.peak / _KIB)}


class _Memory:
    """Looks at the memory of a process and all that it started, several times a second.

    :ivar peak: the most, in KiB, of what is theirs alone, and of their part of what they share.
    """

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._over.wait(0.3):
            self.peak = max(self.peak, sum(_proportional(pid) for pid in [self._pid, *descendants(self._pid)]))

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self._over.set()
        self._thread.join(10)


def _proportional(pid: int) -> int:
    """Linux' proportional set size of a process; 0 when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
