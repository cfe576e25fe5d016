"""Gateways on a cluster that injects: calls of the module, and what callers know them by."""

from __future__ import annotations

from typing import Any

from lab.paths import CHARTS, program
from tests.harness.mesh import Mesh
from tests.harness.modules import Call

OLD, NEW = "1-31-0", "1-32-0"
RECORD, MARK, REV = "meshyard.io/former", "meshyard.io/restarted-for", "istio.io/rev"
CHART = {"chart_repo_url": str(CHARTS), "binary_path": str(program("helm"))}
GATEWAY_TEMPLATE = {"inject.istio.io/templates": "gateway"}


def service(mesh: Mesh, namespace: str, name: str = "web") -> None:
    """A Service with node ports, and the address that a load balancer gave it."""
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    if not mesh.exists("Service", name, namespace):
        spec = {"type": "LoadBalancer", "selector": {"app": name}, "ports": ports}
        mesh.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec})
    mesh.merge_status("Service", name, namespace, {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}})


def call(mesh: Mesh, namespace: str, check: bool = False, **options: Any) -> dict[str, Any]:
    wanted = {"revision": NEW} if options.get("state", "present") == "present" else {}
    given = {**mesh.connection, "name": "web", "namespace": namespace, "wait_timeout": 60, **CHART, **wanted, **options}
    return Call("istio_gateway", given, check=check).run()


def install(mesh: Mesh, namespace: str, check: bool = False, **options: Any) -> dict[str, Any]:
    return call(mesh, namespace, check, **{"version": "1.31.0", "revision": OLD, **options})


def spec_of_service(mesh: Mesh, namespace: str) -> dict[str, Any]:
    """All that callers outside know a gateway by."""
    found = mesh.get("Service", "web", namespace)
    return {"uid": found["metadata"]["uid"], "spec": found["spec"], "status": found["status"]}


def template(mesh: Mesh, namespace: str) -> dict[str, Any]:
    found: dict[str, Any] = mesh.get("Deployment", "web", namespace)["spec"]["template"]
    return found


def put(mesh: Mesh, namespace: str, **spec: Any) -> None:
    """A gateway C(web) as somebody else makes one, on the old revision, behind a Service with an address."""
    labels = {"istio": "web", REV: OLD, "sidecar.istio.io/inject": "true"}
    pod = {"containers": [{"name": "istio-proxy", "image": "auto"}]}
    mesh.workload(namespace, "web", marks=labels, annotations=dict(GATEWAY_TEMPLATE), pod=pod, **spec)
    mesh.settled(namespace, "web")
    service(mesh, namespace)
