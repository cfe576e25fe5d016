"""The part of a kubelet that forwards ports of pods, for a simulated node; and istiods behind it that answer for their proxies."""

from __future__ import annotations

import json
import socket
import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.apiserver import LOOPBACK, NODE, ApiServer, free_ports
from lab.paths import FILES, program
from lab.pki import Authority
from lab.waiting import until
from tests.harness.loopback import Server

DEBUG_PORT = 15014


class Debug:
    """Answers `/debug/syncz` for every istiod: all injected pods of the cluster are connected to it and have acknowledged all.

    :ivar behind: namespaces whose proxies have not; a test may change it.
    """

    def __init__(self, server: ApiServer) -> None:
        self.behind: set[str] = set()
        self._pods, self._client = kinds.kind("Pod").path(), server.client
        debug = self

        class Handler(_Handler):
            owner = debug

        self._server = Server(Handler)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._server.port

    def proxies(self) -> list[dict[str, Any]]:
        """One entry for each proxy, as istiod gives it."""
        found = []
        for pod in self._client.get(self._pods)["items"]:
            meta, images = pod["metadata"], [one["image"] for one in pod["spec"]["containers"] if one["name"] == "istio-proxy"]
            if images and not meta.get("deletionTimestamp"):
                acked = "before" if meta["namespace"] in self.behind else "now"
                listeners = {"sent": "now", "acked": acked}
                entry = {"proxy": f"{meta['name']}.{meta['namespace']}", "cluster_id": "Kubernetes"}
                found.append({**entry, "istio_version": images[0].rpartition(":")[2], "resources": {"type/Listener": listeners}})
        return found

    def close(self) -> None:
        """Ends it."""
        self._server.close()


class _Handler(BaseHTTPRequestHandler):
    owner: Debug

    def do_GET(self) -> None:
        body = json.dumps(self.owner.proxies()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is http.server's
        """Silent."""


class Kubelet:
    """Forwards the debug port of every pod of the simulated node to C(debug).

    The API server's own kwok forwards nothing: this is another one, which has no node to keep.
    """

    def __init__(self, server: ApiServer, directory: Path) -> None:
        self.debug = Debug(server)
        self._server, self._directory = server, directory

    def __enter__(self) -> Self:
        (port,) = free_ports(1)
        config = self._directory / "forward.yaml"
        forward = {"ports": [DEBUG_PORT], "target": {"address": LOOPBACK, "port": self.debug.port}}
        kind = {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterPortForward", "metadata": {"name": "istiod"}}
        config.write_text(json.dumps({**kind, "spec": {"forwards": [forward]}}))
        pair = Authority(self._directory, "kubelet").issue("kubelet", "kubelet", (), (LOOPBACK,))
        command = [
            str(program("kwok")),
            f"--kubeconfig={self._server.directory / 'kwok.kubeconfig'}",
            f"--config={FILES / 'kwok.conf'}",
            f"--config={config}",
            "--manage-all-nodes=false",
            "--manage-nodes-with-label-selector=of-no-node=true",
            f"--server-address={LOOPBACK}:{port}",
            f"--tls-cert-file={pair.certificate}",
            f"--tls-private-key-file={pair.key}",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        status = {"addresses": [{"type": "InternalIP", "address": LOOPBACK}], "daemonEndpoints": {"kubeletEndpoint": {"Port": port}}}
        self._server.client.merge(f"/api/v1/nodes/{NODE}/status", {"status": status})
        until(lambda: not free(port), 30, lambda: "The kubelet does not listen.")
        return self

    def __exit__(self, *_unused: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self.debug.close()


def free(port: int) -> bool:
    """Whether nobody listens on a port of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) != 0
