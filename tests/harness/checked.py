"""A cluster with what a check of several clusters reads, on a server that keeps objects."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Any

import yaml

from lab.apiserver import ApiServer

SYSTEM, NEW = "checked-system", "1-32-0"
GATEWAY = "istio-eastwestgateway"
CORE = f"/api/v1/namespaces/{SYSTEM}"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{SYSTEM}/deployments"


class Checked:
    """One cluster whose control plane namespace is its own."""

    def __init__(self, server: ApiServer) -> None:
        self.server, self.client = server, server.client
        self.connection = {"kubeconfig": str(server.kubeconfig)}
        self.client.ensure("/api/v1/namespaces", {"metadata": {"name": SYSTEM}})

    @property
    def uid(self) -> str:
        return str(self.client.get("/api/v1/namespaces/kube-system")["metadata"]["uid"])

    def network(self, name: str | None) -> None:
        self.client.merge(f"/api/v1/namespaces/{SYSTEM}", {"metadata": {"labels": {"topology.istio.io/network": name}}})

    def istiod(self, cluster: str, *, serves_others: bool = True, mesh_id: str = "mesh1", trust_domain: str = "cluster.local") -> None:
        env = [{"name": "CLUSTER_ID", "value": cluster}, {"name": "EXTERNAL_ISTIOD", "value": str(serves_others).lower()}]
        marks = {"app": "istiod", "istio.io/rev": NEW}
        container = {"name": "discovery", "image": "hub/pilot:1.32.0", "env": env}
        template = {"metadata": {"labels": marks}, "spec": {"containers": [container]}}
        spec = {"replicas": 0, "selector": {"matchLabels": marks}, "template": template}
        self.client.create(DEPLOYMENTS, {"metadata": {"name": f"istiod-{NEW}", "labels": marks}, "spec": spec})
        mesh = {"defaultConfig": {"meshId": mesh_id}, "trustDomain": trust_domain}
        self.client.create(f"{CORE}/configmaps", {"metadata": {"name": f"istio-{NEW}"}, "data": {"mesh": yaml.safe_dump(mesh)}})

    def root(self, pem: str, *, shown: bool = False) -> None:
        """The root certificate of its CA, or only the one that its pods are told."""
        if shown:
            body: dict[str, Any] = {"metadata": {"name": "istio-ca-root-cert"}, "data": {"root-cert.pem": pem}}
            self.client.create(f"{CORE}/configmaps", body)
        else:
            self.secret("cacerts", {"root-cert.pem": pem, "ca-key.pem": "very-secret"})

    def secret(self, name: str, data: dict[str, str], **meta: Any) -> None:
        encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
        self.client.create(f"{CORE}/secrets", {"metadata": {"name": name, **meta}, "data": encoded})

    def gateway(self, network: str, *ingress: dict[str, str]) -> None:
        metadata = {"name": GATEWAY, "labels": {"topology.istio.io/network": network}}
        self.client.create(f"{CORE}/services", {"metadata": metadata, "spec": {"type": "LoadBalancer", "ports": [{"port": 15012}]}})
        status = {"status": {"loadBalancer": {"ingress": list(ingress)}}}
        self.client.merge(f"{CORE}/services/{GATEWAY}/status", status)

    def node(self, name: str, pod_range: str) -> None:
        self.client.create("/api/v1/nodes", {"metadata": {"name": name}, "spec": {"podCIDR": pod_range, "podCIDRs": [pod_range]}})

    def pods(self) -> list[str]:
        return [one["metadata"]["name"] for one in self.client.get(f"{CORE}/pods")["items"]]

    def wipe(self) -> None:
        self.network(None)
        for path in (DEPLOYMENTS, f"{CORE}/configmaps", f"{CORE}/secrets", f"{CORE}/services"):
            self.client.request("DELETE", path)
        for node in self.client.get("/api/v1/nodes")["items"]:
            if node["metadata"]["name"].startswith("checked-"):
                self.client.request("DELETE", f"/api/v1/nodes/{node['metadata']['name']}")


def root_certificate(folder: Path, name: str) -> str:
    """A root of this name, as PEM."""
    made = folder / f"{name}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650"]
    subprocess.run([*command, "-subj", f"/O={name}", "-keyout", folder / f"{name}.key", "-out", made], check=True, capture_output=True)
    return made.read_text()
