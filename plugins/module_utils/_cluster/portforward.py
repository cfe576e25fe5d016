# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""HTTP to a port of a pod through the API server, as C(kubectl port-forward) does.

istiod answers its debug pages without a token only to loopback, which a forwarded connection is and the API server's proxy is not.
"""

from __future__ import annotations

import http.client
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster, new_client
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.errors import Unreachable

try:
    from kubernetes.client import CoreV1Api
    from kubernetes.stream import portforward
except ImportError:  # connect() has reported this before
    CoreV1Api = portforward = None


class _ForwardedConnection(http.client.HTTPConnection):
    """An HTTP connection over a socket that exists already."""

    def __init__(self, forwarded: Any, port: int) -> None:
        super().__init__("localhost", port)
        self.sock = forwarded

    def connect(self) -> None:
        """The socket is connected already."""


def http_get(cluster: Cluster, namespace: str, pod: str, port: int, path: str, *, timeout: float = 10.0) -> bytes:
    """The body of a GET answered with status 200.

    :param timeout: seconds for each read.
    :raises Unreachable: no connection, or another status.
    """
    client = new_client(cluster.options)
    forward = None
    try:
        forward = portforward(CoreV1Api(client).connect_get_namespaced_pod_portforward, pod, namespace, ports=str(port))
        forwarded = forward.socket(port)
        forwarded.settimeout(timeout)
        connection = _ForwardedConnection(forwarded, port)
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise OSError(f"status {answer.status}")
        return body
    except Exception as problem:  # websocket and client raise many types; all mean that there is no answer
        raise Unreachable(
            f"Port {port} of pod {namespace}/{pod} on cluster {cluster.name} could not be read ({path}): {_short(problem)}.",
            "Check that the pod runs and that this account may create pods/portforward.",
        ) from problem
    finally:
        if forward is not None:
            forward.close()
        client.close()


def _short(problem: BaseException) -> str:
    text = str(getattr(problem, "reason", None) or problem) or type(problem).__name__
    return text.splitlines()[0].rstrip(".")
