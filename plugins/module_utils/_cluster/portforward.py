# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""HTTP to a port of a pod through the API server, as C(kubectl port-forward) does.

istiod answers its debug pages without a token only to loopback, which a forwarded connection is and the API server's proxy is not.
"""

from __future__ import annotations

import http.client
from typing import Any

from . import channel
from .connect import Cluster
from .errors import Unreachable

try:
    from kubernetes.stream import portforward
except ImportError:  # connect() has reported this before
    portforward = None


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
    try:
        with channel.core_api(cluster) as api:
            return _get(portforward(api.connect_get_namespaced_pod_portforward, pod, namespace, ports=str(port)), port, path, timeout)
    except Exception as problem:  # websocket and client raise many types; all mean that there is no answer
        refused = channel.refusal(cluster, "forward", f"port {port} of Pod {namespace}/{pod}", problem)
        raise Unreachable(
            f"Port {port} of pod {namespace}/{pod} on cluster {cluster.name} could not be read ({path}): "
            f"{refused.message.rstrip('.') if refused else channel.short(problem)}.",
            "Check that the pod runs and that this account may create and get pods/portforward.",
        ) from problem


def _get(forward: Any, port: int, path: str, timeout: float) -> bytes:
    try:
        forwarded = forward.socket(port)
        forwarded.settimeout(timeout)
        connection = _ForwardedConnection(forwarded, port)
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise OSError(f"status {answer.status}")
        return body
    except http.client.BadStatusLine as problem:  # nothing listens there: the reason comes on a channel of its own
        raise OSError(forward.error(port) or "the connection was closed without an answer") from problem
    finally:
        forward.close()
