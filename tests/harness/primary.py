"""The cluster of istiod, as objects that a test changes: nothing runs on it."""

from __future__ import annotations

from typing import Any

from lab.apiserver import ApiServer
from tests.harness.planes import CHART, SYSTEM, Planes
from tests.harness.proxy import WriteProxy

NEW = "1-32-0"
GATEWAY = "istio-eastwestgateway"
SERVICES, DEPLOYMENTS = f"/api/v1/namespaces/{SYSTEM}/services", f"/apis/apps/v1/namespaces/{SYSTEM}/deployments"
PODS = f"/api/v1/namespaces/{SYSTEM}/pods"
_NOW = "?gracePeriodSeconds=0"


class Primary:
    """A cluster with the objects of an istiod, of its pods and of an east-west gateway, on a server that only keeps them."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        self.client = server.client
        self.connection: dict[str, Any] = {"kubeconfig": str(server.kubeconfig)}
        self.client.ensure("/api/v1/namespaces", {"metadata": {"name": SYSTEM}})

    def istiod(self, *, serves_others: bool = True, cluster: str = "eu") -> None:
        env = [{"name": "CLUSTER_ID", "value": cluster}, {"name": "EXTERNAL_ISTIOD", "value": str(serves_others).lower()}]
        marks = {"app": "istiod", "istio.io/rev": NEW}
        container = {"name": "discovery", "image": "hub/pilot:1.32.0", "env": env}
        template = {"metadata": {"labels": marks}, "spec": {"containers": [container]}}
        spec = {"selector": {"matchLabels": marks}, "template": template}
        self.client.request("DELETE", f"{DEPLOYMENTS}?labelSelector=app%3Distiod")
        self.client.create(DEPLOYMENTS, {"metadata": {"name": f"istiod-{NEW}", "labels": marks}, "spec": spec})

    def pods(self, *addresses: str, unready: str = "") -> None:
        """The pods of istiod are those with these addresses, and one that is not ready."""
        self.client.request("DELETE", f"{PODS}{_NOW}")
        known = [(address, "True") for address in addresses] + ([(unready, "False")] if unready else [])
        for address, state in known:
            name = f"istiod-{address.replace('.', '-')}"
            marks = {"app": "istiod", "istio.io/rev": NEW}
            spec = {"containers": [{"name": "discovery", "image": "hub/pilot:1.32.0"}]}
            self.client.create(PODS, {"metadata": {"name": name, "labels": marks}, "spec": spec})
            status = {"podIP": address, "podIPs": [{"ip": address}], "conditions": [{"type": "Ready", "status": state}]}
            self.client.merge(f"{PODS}/{name}/status", {"status": status})

    def gateway(self, *ingress: dict[str, str]) -> None:
        body = {"metadata": {"name": GATEWAY}, "spec": {"type": "LoadBalancer", "ports": [{"port": 15012}]}}
        self.client.ensure(SERVICES, body)
        self.client.merge(f"{SERVICES}/{GATEWAY}/status", {"status": {"loadBalancer": {"ingress": list(ingress)}}})

    def service(self, namespace: str, name: str, **spec: Any) -> None:
        """A Service, by default with one port."""
        self.client.ensure("/api/v1/namespaces", {"metadata": {"name": namespace}})
        given = {"ports": [{"name": "http", "port": 80, "targetPort": 8080}], **spec}
        self.client.ensure(f"/api/v1/namespaces/{namespace}/services", {"metadata": {"name": name}, "spec": given})

    def endpoints(self, namespace: str, name: str, *addresses: str, unready: str = "", port: int = 8080) -> None:
        """The endpoints of a Service, in slices of at most a hundred."""
        path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
        self.client.request("DELETE", f"{path}?labelSelector=kubernetes.io%2Fservice-name%3D{name}")
        known = [(address, True) for address in addresses] + ([(unready, False)] if unready else [])
        for start in range(0, len(known), 100):
            told = [{"addresses": [address], "conditions": {"ready": ready}} for address, ready in known[start : start + 100]]
            meta = {"name": f"{name}-{start}", "labels": {"kubernetes.io/service-name": name}}
            body = {"metadata": meta, "addressType": "IPv4", "ports": [{"name": "http", "port": port}], "endpoints": told}
            self.client.create(path, body)

    def joining(self, planes: Planes) -> dict[str, Any]:
        """The options by which a cluster joins; its istiod is the injector on the loopback."""
        planes.namespace(SYSTEM)
        planes.istiod.injector.versions[NEW] = "1.32.0"
        values = {"istiodRemote": {"injectionURL": planes.istiod.injector.url(NEW)}}
        return {**CHART, "primary": self.connection, "cluster_name": "us", "network": "us-net", "version": "1.32.0", "values": values}

    def clear(self) -> None:
        """Takes away all but the namespaces."""
        self.client.request("DELETE", f"{DEPLOYMENTS}?labelSelector=app%3Distiod")
        self.client.request("DELETE", f"{PODS}{_NOW}")
        for namespace in (SYSTEM, "telemetry"):
            self.client.request("DELETE", f"/api/v1/namespaces/{namespace}/services")
            self.client.request("DELETE", f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices")


class Door(WriteProxy):
    """A way to an API server that a test can close and open.

    :ivar closed: whether no request is answered.
    """

    closed = False

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """One request, or none."""
        if self.closed:
            raise ConnectionAbortedError
        return super().forward(method, path, headers, body)
