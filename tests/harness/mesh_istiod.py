"""The istiods of a mesh of several clusters, as far as their debug pages, their webhooks and their writes tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.client import Client
from tests.harness.injector import PROXY, Injector
from tests.harness.istiod import Istiod, Serving
from tests.harness.loopback import Server

REV = "istio.io/rev"
_SECRETS = "/api/v1/namespaces/istio-system/secrets?labelSelector=istio%2FmultiCluster%3Dtrue"
_SENT = {"type.googleapis.com/envoy.config.cluster.v3.Cluster": {"sent": "1", "acked": "1"}}
_WEBHOOKS = (kinds.kind("MutatingWebhookConfiguration"), kinds.kind("ValidatingWebhookConfiguration"))


class ClusterInjector(Injector):
    """Finds the revision as istiod does: by the label of the pod, else by that of its namespace in the cluster that asks.

    :ivar clients: by the name of a cluster, which is the last part of the webhook's URL.
    """

    def __init__(self, directory: Path, versions: Mapping[str, str]) -> None:
        super().__init__(directory, versions)
        self.clients: dict[str, Client] = {}

    def patch(self, revision: str, pod: dict[str, Any]) -> list[dict[str, Any]]:
        """The JSON patch that makes the pod one of the mesh."""
        labels = pod["metadata"].get("labels") or {}
        if REV not in labels:
            labels = self.clients[revision].get(f"/api/v1/namespaces/{pod['metadata']['namespace']}")["metadata"].get("labels") or {}
        return super().patch(labels[REV], pod)


class MeshIstiod:
    """Answers the debug pages of every istiod pod of a primary, and does in all clusters what istiod would.

    :ivar port: of the loopback, where the debug pages are. :ivar clients: all clusters of the mesh by name.
    """

    def __init__(self, directory: Path, versions: Mapping[str, str]) -> None:
        self.injector = ClusterInjector(directory, versions)
        self.clients: dict[str, Client] = {}
        self._primary: Client | None = None
        istiod = self

        class Handler(_Pages):
            owner = istiod

        self._server = Server(Handler)
        self.port = self._server.port
        self._serving = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._serving.close()
        self._server.close()
        self.injector.__exit__()

    def serve(self, primary: str, clients: Mapping[str, Client]) -> None:
        """Begins to serve these clusters."""
        self.clients = self.injector.clients = dict(clients)
        self._primary = clients[primary]
        for client in clients.values():
            self._serving.enter_context(Serving(partial(self._trust, Istiod(client, self.injector))))

    def values(self, cluster: str) -> dict[str, Any]:
        """Helm values by which the API server of a cluster finds the injector."""
        return {"istiodRemote": {"injectionURL": self.injector.url(cluster)}}

    @staticmethod
    def _trust(writer: Istiod) -> None:
        """Sets the CA bundle of webhooks that have none."""
        for kind in _WEBHOOKS:
            for item in writer.client.get(kind.path())["items"]:
                if any(not hook["clientConfig"].get("caBundle") for hook in item["webhooks"]):
                    writer.serve(item["metadata"]["labels"][REV])

    def page(self, path: str) -> Any:
        """What a debug page shows."""
        pages = {"/debug/clusterz": self._clusters, "/debug/endpointShardz": dict, "/debug/syncz": self._proxies}
        return pages[path]()

    def _clusters(self) -> list[dict[str, str]]:
        assert self._primary is not None
        secrets = self._primary.get(_SECRETS)["items"]
        return [
            {"id": name, "secretName": f"istio-system/{secret['metadata']['name']}", "syncStatus": "synced"}
            for secret in secrets
            for name in secret["data"]
        ]

    def _proxies(self) -> list[dict[str, Any]]:
        return [
            {
                "proxy": f"{pod['metadata']['name']}.{pod['metadata']['namespace']}",
                "cluster_id": cluster,
                "istio_version": self.injector.versions[pod["metadata"]["annotations"][REV]],
                "resources": _SENT,
            }
            for cluster, client in self.clients.items()
            for pod in client.get("/api/v1/pods")["items"]
            if any(one["name"] == PROXY for one in pod["spec"]["containers"])
        ]


class _Pages(BaseHTTPRequestHandler):
    owner: MeshIstiod

    def do_GET(self) -> None:
        body = json.dumps(self.owner.page(self.path.partition("?")[0])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
        """Silent."""
