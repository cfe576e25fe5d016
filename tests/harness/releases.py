"""A Deployment behind a Service and a route on a cluster where rollouts work, and calls that release it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.harness import crds
from tests.harness.mesh import Body, Mesh, written
from tests.harness.modules import Call
from tests.harness.proxy import WriteProxy

CRDS = ("VirtualService", "DestinationRule", "Sidecar", "AuthorizationPolicy", "EnvoyFilter")
KINDS = ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", *CRDS)
OLD, NEW = "registry.invalid/app:1", "registry.invalid/app:2"
RECORD, ENABLED = "meshyard.io/release", "meshyard.io/release-enabled"
ISTIO = "networking.istio.io/v1"


def served(mesh: Mesh) -> Iterator[Mesh]:
    """The cluster with the kinds that a release touches, which go afterwards, and without releases that other tests have left open."""
    crds.install(mesh.client, CRDS)
    _forget(mesh)
    yield mesh
    crds.remove(mesh.client, CRDS)


def _forget(mesh: Mesh) -> None:
    for found in mesh.items("Deployment"):
        if {RECORD, ENABLED} & found["metadata"].get("annotations", {}).keys():
            name, namespace = found["metadata"]["name"], found["metadata"]["namespace"]
            mesh.merge("Deployment", name, namespace, {"metadata": {"annotations": {RECORD: None, ENABLED: None}}})


class Shop:
    """One namespace with the Deployment and the Service web, and a VirtualService that leads to it.

    :ivar namespace: which no other test has. :ivar connection: of the calls.
    """

    def __init__(self, mesh: Mesh, replicas: int = 4, *, routed: bool = True, namespace: str = "") -> None:
        self.connection = mesh.connection
        self.mesh, self.namespace = mesh, mesh.namespace(namespace or mesh.unused("release"))
        mesh.workload(self.namespace, "web", replicas=replicas)
        self.service("web")
        if routed:
            self.route("web", {"hosts": ["web"], "http": [{"route": [{"destination": {"host": "web"}}]}]})
        mesh.settled(self.namespace, "web")

    @property
    def host(self) -> str:
        return f"web.{self.namespace}.svc.cluster.local"

    def service(self, name: str, selector: Body | None = None) -> None:
        spec = {"selector": selector or {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
        self.create("v1", "Service", name, spec)

    def route(self, name: str, spec: Body, namespace: str = "") -> None:
        self.create(ISTIO, "VirtualService", name, spec, namespace)

    def create(self, api_version: str, kind: str, name: str, spec: Body, namespace: str = "") -> None:
        metadata = {"name": name, "namespace": namespace or self.namespace}
        self.mesh.create({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec})

    def call(self, state: str, *, check: bool = False, through: WriteProxy | None = None, **options: Any) -> Call:
        way = {"host": through.url, "api_key": self.mesh.server.token} if through else self.connection
        given = {
            "namespace": self.namespace,
            "name": "web",
            "state": state,
            "drain_seconds": 0,
            "min_ready_seconds": 0,
            "wait_timeout": 60,
            **options,
        }
        return Call("workload_canary", {**way, **given}, check=check)

    def run(self, state: str, *, check: bool = False, **options: Any) -> Body:
        answer = self.call(state, check=check, **options).run()
        assert not answer.get("failed"), answer
        return answer

    def refusal(self, state: str, **options: Any) -> Body:
        """The answer of a call that fails and has sent no write."""
        with WriteProxy(self.mesh.server.host) as proxy:
            answer = self.call(state, through=proxy, **options).run()
            assert answer.get("failed"), answer
            assert proxy.writes == []
        return answer

    def begun(self, weight: int | None = None) -> None:
        """A release of the new image, with this share of the traffic."""
        self.run("prepared", image=NEW)
        if weight is not None:
            self.run("weight", weight=weight)

    def get(self, kind: str, name: str = "web") -> Body:
        return self.mesh.get(kind, name, self.namespace)

    def exists(self, kind: str, name: str) -> bool:
        return self.mesh.exists(kind, name, self.namespace)

    @property
    def record(self) -> Body | None:
        text = self.get("Deployment")["metadata"].get("annotations", {}).get(RECORD)
        return json.loads(text) if text else None

    @property
    def image(self) -> str:
        found: str = self.get("Deployment")["spec"]["template"]["spec"]["containers"][0]["image"]
        return found

    @property
    def images(self) -> set[str]:
        """Of the pods of the Deployment that are not ending."""
        pods = self.mesh.items("Pod", self.namespace)
        live = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp") and pod["metadata"]["labels"]["app"] == "web"]
        return {pod["spec"]["containers"][0]["image"] for pod in live}

    def weights(self, name: str = "web") -> dict[str, int]:
        """The weights of the first route by the name of the service."""
        found = self.get("VirtualService", name)["spec"]["http"][0]["route"]
        return {one["destination"]["host"].partition(".")[0]: one.get("weight", 0) for one in found}

    def written(self) -> dict[str, Body]:
        """Everything in the namespace as clients wrote it, without what controllers and the API server count."""
        return {f"{kind} {obj['metadata']['name']}": written(obj) for kind in KINDS for obj in self.mesh.items(kind, self.namespace)}
