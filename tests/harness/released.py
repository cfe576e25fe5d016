"""A shop whose requests Prometheus knows of, and playbooks that release it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness import playbook
from tests.harness.mesh import Mesh
from tests.harness.metrics import Flow, Flows, Prometheus
from tests.harness.playbook import Outcome
from tests.harness.releases import NEW, Shop

QUICK: dict[str, Any] = {
    "workload_canary_steps": [20, 100],
    "workload_canary_return_steps": [0],
    "workload_canary_settle_seconds": 2,
    "workload_canary_no_data_seconds": 3,
    "workload_canary_hold_seconds": 2,
    "workload_canary_drain_seconds": 0,
    "workload_canary_min_ready_seconds": 0,
    "workload_canary_wait_timeout": 60,
}
GATE = {"success_percent": 99, "p99_ms": 200, "min_requests": 5, "window": 4}
AWAY = "http://127.0.0.1:1"
WEB = ("web", "web-canary")
REPORTERS = ("destination", "source")


class Traffic(Flows):
    """Requests that follow the routes of a shop: the Deployment gets none while its canary has all of them."""

    def __init__(self, shop: Shop, *flows: Flow) -> None:
        super().__init__(shop.namespace, *flows)
        self._shop = shop

    def idle(self) -> set[str]:
        return {"web"} if self._shop.weights().get("web") == 0 else set()


@dataclass
class Released:
    """A shop, and what Prometheus knows of its requests.

    :ivar folder: for the inventory.
    """

    shop: Shop
    flows: Flows
    prometheus: Prometheus
    folder: Path

    def hosts(self) -> dict[str, Any]:
        return {"all": {"localhost": {"meshyard_kubeconfig": str(self.shop.mesh.server.kubeconfig)}}}

    def variables(self, **workload: Any) -> dict[str, Any]:
        one = {"namespace": self.shop.namespace, "name": "web", **workload}
        judged = {"workload_canary_gate": GATE, "workload_canary_prometheus_url": self.prometheus.url}
        return {**QUICK, **judged, "workload_canary_workloads": [one]}

    def play(self, name: str, *arguments: str, image: str = NEW, **variables: Any) -> Outcome:
        given = self.variables(**({"image": image} if image else {}))
        return playbook.play(name, self.hosts(), self.folder, *arguments, **{**given, **variables})


@contextmanager
def running(mesh: Mesh, folder: Path) -> Iterator[Released]:
    """A shop whose Deployment and canary get good requests, and a Prometheus of its own."""
    shop = Shop(mesh, replicas=1)
    good = [Flow(name, reporter=reporter) for name in WEB for reporter in REPORTERS]
    with Traffic(shop, *good) as flows, Prometheus(folder / "prometheus", flows).running() as prometheus:
        yield Released(shop, flows, prometheus, folder)
