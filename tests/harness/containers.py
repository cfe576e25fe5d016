"""The part of a kubelet that gives logs, for a simulated node on which nothing runs: who reads a log has the command run here."""

from __future__ import annotations

import subprocess
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Self

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab.apiserver import LOOPBACK, NODE, ApiServer
from lab.paths import program
from lab.pki import Authority
from tests.harness.loopback import Server


class Containers:
    """Runs what a pod's container was to run when its log is asked for, and gives what it writes.

    :ivar commands: that were run.
    """

    def __init__(self, server: ApiServer, directory: Path) -> None:
        self.commands: list[list[str]] = []
        self._api = server
        pair = Authority(directory, "containers").issue("containers", "containers", (), (LOOPBACK,))
        containers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name is http.server's
                body = containers.log(*self.path.partition("?")[0].split("/")[2:5]).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is http.server's
                """Silent."""

        self._server = Server(Handler, pair)

    def __enter__(self) -> Self:
        endpoint = {"kubeletEndpoint": {"Port": self._server.port}}
        status = {"addresses": [{"type": "InternalIP", "address": LOOPBACK}], "daemonEndpoints": endpoint}
        self._api.client.merge(f"/api/v1/nodes/{NODE}/status", {"status": status})
        return self

    def __exit__(self, *_unused: object) -> None:
        self._server.close()

    def log(self, namespace: str, pod: str, container: str) -> str:
        """What the container writes to both of its streams."""
        spec = self._api.client.get(kinds.kind("Pod").path(namespace, pod))["spec"]
        (command,) = [one["command"] for one in spec["containers"] if one["name"] == container]
        self.commands.append(command)
        run = [str(program(command[0])), *command[1:]]
        return subprocess.run(run, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60).stdout
