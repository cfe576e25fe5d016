"""A mesh in which a service is released by playbooks, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.lab import release_evidence, released, written
from tests.harness.lab.istio_metrics import RequestMetrics
from tests.harness.lab.mesh import Mesh
from tests.harness.lab.playbooks import Outcome, Running
from tests.harness.lab.release_settings import RELEASE, variables
from tests.harness.lab.released import NAME, NAMESPACE, Customers
from tests.harness.lab.settings import GATEWAY_NAMESPACE
from tests.harness.metrics import Prometheus
from tests.harness.modules import Call


@dataclass(frozen=True)
class Place:
    """A mesh with the service, and the Prometheus that knows its requests."""

    mesh: Mesh
    prometheus: Prometheus

    def customers(self, name: str, *, inside: bool = True) -> Customers:
        """Load whose evidence lies in a folder of its own."""
        cluster = self.mesh.cluster
        return Customers(cluster.name, cluster.reader, cluster.work / name, inside=inside)

    def run(self, playbook: str = RELEASE, *, expect: int = 0, settings: dict[str, Any] | None = None, **workload: Any) -> Outcome:
        """A playbook of releases."""
        return self.mesh.play.run(playbook, expect=expect, **self._variables(workload, settings))

    @contextmanager
    def started(self, playbook: str = RELEASE, *, settings: dict[str, Any] | None = None, **workload: Any) -> Iterator[Running]:
        """One that is under way."""
        with self.mesh.play.started(playbook, **self._variables(workload, settings)) as run:
            yield run

    def module(self, state: str) -> dict[str, Any]:
        """What workload_canary answers."""
        target = self.mesh.cluster.target
        where = {"kubeconfig": target.kubeconfig, "context": target.context}
        answer = Call("workload_canary", {**where, "namespace": NAMESPACE, "name": NAME, "state": state}).run()
        assert not answer.get("failed"), answer
        return answer

    def dump(self, name: str) -> written.Dump:
        """What the namespaces of the service and of the gateway hold."""
        return written.dump(self.mesh.cluster.target, self.mesh.cluster.work / f"{name}.json", NAMESPACE, GATEWAY_NAMESPACE)

    def weights(self) -> set[float]:
        """The shares of the canary in all routes."""
        return {released.canary_percent(item) for item in self.mesh.cluster.items("VirtualService", NAMESPACE)}

    def replica_sets(self) -> int:
        """How many templates of the Deployment have pods."""
        found = self.mesh.cluster.items("ReplicaSet", NAMESPACE)
        return sum(1 for item in found if item["spec"]["replicas"] and item["metadata"]["labels"].get("app") == NAME)

    def deployment(self) -> dict[str, Any]:
        found = self.mesh.cluster.get("Deployment", NAME, NAMESPACE)
        assert found is not None
        return found

    def image(self) -> str:
        """The image that the Deployment has."""
        return str(self.deployment()["spec"]["template"]["spec"]["containers"][0]["image"])

    def _variables(self, workload: dict[str, Any], settings: dict[str, Any] | None) -> dict[str, Any]:
        return {**variables(self.prometheus.url, **workload), **(settings or {})}


@dataclass(frozen=True)
class Released:
    """A release that has ended.

    :ivar load: the folder of the evidence of its customers. :ivar differences: between what was there before and after.
    """

    outcome: Outcome
    load: Path
    problems: list[str]
    differences: list[str]

    def failed(self, *good: str) -> dict[str, int]:
        """The answers that are none of those."""
        return {code: count for code, count in release_evidence.codes(self.load).items() if code not in good}


@contextmanager
def prepared(mesh: Mesh) -> Iterator[Place]:
    """Version 1 of the service, until the end of the block."""
    cluster = mesh.cluster
    released.put(cluster.target)
    sidecars = cluster.work / "sidecars.json"
    sidecars.write_text("[]")
    try:
        with (
            RequestMetrics(cluster.name, cluster.client, sidecars) as metrics,
            Prometheus(cluster.work / "prometheus", metrics, sidecars).running() as prometheus,
        ):
            yield Place(mesh, prometheus)
    finally:
        released.remove(cluster.target)
