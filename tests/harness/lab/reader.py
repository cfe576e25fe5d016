"""What is read from a cluster, and run in its pods, independent of the collection."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from kubernetes import client, config
from kubernetes.stream import stream

from tests.harness.lab.target import Target

PLANE = "istio.io/rev"


class Reader:
    """A plain Kubernetes client for one cluster."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.client = self._client()

    def _client(self) -> client.ApiClient:
        return config.new_client_from_config(self._target.kubeconfig, self._target.context)

    def raw(self, path: str) -> dict[str, Any]:
        """The answer of the API server to a GET, as plain JSON."""
        api = self.client
        settings = api.configuration.auth_settings().values()
        headers = {"Accept": "application/json", **{s["key"]: s["value"] for s in settings if s["in"] == "header"}}
        answer = api.rest_client.pool_manager.request("GET", api.configuration.host + path, headers=headers)
        found: dict[str, Any] = json.loads(answer.data)
        return found

    def pods(self, namespace: str, app: str) -> list[dict[str, Any]]:
        """The pods of an app, newest first, terminating ones included."""
        found = self.raw(f"/api/v1/namespaces/{namespace}/pods?labelSelector=app%3D{app}")["items"]
        return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), reverse=True)

    def execute(self, namespace: str, pod: str, command: list[str], timeout: float, container: str = "app") -> str:
        """The standard output of a command in a container of a pod."""
        api = client.CoreV1Api(self._client())  # an exec patches the client that it uses
        try:
            call = stream(
                api.connect_get_namespaced_pod_exec,
                pod,
                namespace,
                command=command,
                container=container,
                stdout=True,
                stderr=False,
                stdin=False,
                tty=False,
                _preload_content=False,
            )
            with contextlib.ExitStack() as undo:
                undo.callback(call.sock.shutdown)  # close() leaves the socket open once the other side has ended
                call.run_forever(timeout=timeout)
                return str(call.read_stdout(timeout=1) or "") if not call.returncode else ""
        finally:
            api.api_client.close()

    def gateway_address(self, namespace: str, name: str) -> tuple[str, str]:
        """UID and external address of a gateway's Service."""
        service = self.raw(f"/api/v1/namespaces/{namespace}/services/{name}")
        ingress = (service.get("status", {}).get("loadBalancer", {}).get("ingress") or [{}])[0]
        return service["metadata"]["uid"], ingress.get("ip") or ingress.get("hostname") or ""


def is_ready(pod: dict[str, Any]) -> bool:
    """Ready and not on its way out."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def plane(pod: dict[str, Any]) -> str:
    """The revision that injected a pod, or an empty string."""
    return str((pod["metadata"].get("annotations") or {}).get(PLANE, ""))
