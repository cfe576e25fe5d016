"""A cluster that the istiod of another one serves, as objects: nothing runs on it."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.apiserver import ApiServer
from lab.client import Client
from tests.harness.planes import SYSTEM
from tests.unit.mesh import build


def lead_to_pod(client: Client, address: str, revision: str) -> str:
    """Makes the slice of a cluster that leads to the one pod of istiod, as joining makes it.

    :returns: its path.
    """
    owner = f"remote-{revision}"
    meta = {
        "name": f"istiod-{revision}",
        "labels": {"meshyard.io/owner": owner},
        "annotations": {"meshyard.io/endpoints-from": json.dumps({"reach": "pods", "revision": revision})},
    }
    body = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "ports": [{"port": 15012}],
        "metadata": meta,
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}}],
    }
    path = kinds.kind("EndpointSlice").path(SYSTEM, meta["name"])
    client.request("PATCH", f"{path}?fieldManager=meshyard-{owner}", body, "application/apply-patch+yaml")
    return path


class Remote:
    """A cluster that the istiod of another one serves: webhooks, and Services without selector, on a server that only keeps objects."""

    def __init__(self, server: ApiServer) -> None:
        self.server = server
        self.made: list[str] = []
        self.labelled: set[str] = set()
        server.client.ensure("/api/v1/namespaces", {"metadata": {"name": SYSTEM}})

    @property
    def option(self) -> dict[str, Any]:
        """One entry of the option C(clusters)."""
        return {"name": "us", "kubeconfig": str(self.server.kubeconfig)}

    def serve(self, revision: str) -> None:
        """A revision of the primary serves this cluster."""
        hooks = build.injector(revision)
        for hook in hooks["webhooks"]:
            hook |= {"sideEffects": "None", "admissionReviewVersions": ["v1"]}
        self._make("MutatingWebhookConfiguration", hooks)
        service = build.service(f"istiod-{revision}")
        self._make("Service", {"metadata": service["metadata"], "spec": {"ports": [{"port": 443}]}})

    def leads_to(self, address: str, revision: str) -> None:
        """The way to a revision of the primary."""
        self.made.append(lead_to_pod(self.server.client, address, revision))

    def namespace(self, name: str, revision: str | None) -> None:
        """A namespace whose label names this revision, or none."""
        self.server.client.ensure("/api/v1/namespaces", {"metadata": {"name": name}})
        self.server.client.merge(kinds.kind("Namespace").path(None, name), {"metadata": {"labels": {"istio.io/rev": revision}}})
        self.labelled.add(name)

    def pod(self, name: str, namespace: str, revision: str) -> None:
        """A pod that a revision injected, made before there is a webhook that would not answer."""
        self.server.client.ensure(kinds.kind("ServiceAccount").path(namespace), {"metadata": {"name": "default"}})
        body = build.pod(name, namespace, revision=revision)
        body["metadata"].pop("ownerReferences")
        self._make("Pod", body)

    def clear(self) -> None:
        """Takes all of it away, but for namespaces, which lose their labels."""
        for name in sorted(self.labelled):
            self.namespace(name, None)
        for path in reversed(self.made):
            self.server.client.request("DELETE", path)
        self.made.clear()

    def _make(self, kind: str, body: dict[str, Any]) -> None:
        found, meta = kinds.kind(kind), body["metadata"]
        self.server.client.create(found.path(meta.get("namespace")), body)
        self.made.append(found.path(meta.get("namespace"), meta["name"]))
