# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""One connection to one cluster, made by kubernetes.core's own rules and nothing else of it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import _libraries
from .._errors import MeshyardError
from . import connection_problem, errors
from .connection_options import OPTIONS
from .transport import Transport

try:
    import kubernetes
except ImportError:
    kubernetes = None

try:
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s.client import (
        _create_auth_spec,
        _create_configuration,
        _create_headers,
        _set_header,
    )
except ImportError:
    _create_configuration = None

_ENVIRONMENT_PREFIX = "K8S_AUTH_"
_CONFIGURING = threading.Lock()  # the environment is one for all threads
USER_AGENT = "meshyard.istio"  # how audit logs tell our requests from others'


def _proceed() -> None:
    """The guard of a connection that nobody can take away."""


@dataclass
class Cluster:
    """A connected cluster.

    :ivar name: the word for it in messages: the given name, else the context, else the host.
    :ivar api: the requests to its API server.
    :ivar options: the connection options, for the separate client that a port-forward needs.
    :ivar before_write: called before each write; raises when the run that started this module is gone.
    """

    name: str
    api: Transport
    options: Mapping[str, Any] = field(repr=False, default_factory=dict)
    context: str | None = None
    uid: str = ""
    before_write: Callable[[], None] = _proceed

    @property
    def host(self) -> str:
        """The URL of the API server."""
        return self.api.host

    def describe(self) -> dict[str, Any]:
        """The return value C(cluster) of every module."""
        return {"host": self.host, "context": self.context, "uid": self.uid}


def connect(
    options: Mapping[str, Any],
    *,
    name: str | None = None,
    expected_uid: str | None = None,
    before_write: Callable[[], None] = _proceed,
) -> Cluster:
    """Connects, and asks the cluster who it is (one request).

    :param options: kubernetes.core's connection options; any of them that is given switches the C(K8S_AUTH_*) environment off.
    :param expected_uid: the UID of the namespace kube-system that the caller wants to work on.
    :raises MeshyardError: no client library, no usable configuration, another cluster than the expected one.
    """
    client = new_client(options)
    context = options.get("context")
    host = client.configuration.host
    cluster = Cluster(
        name=name or context or host,
        api=Transport(client, name or context or host),
        options=options,
        context=context,
        before_write=before_write,
    )
    cluster.uid = _identity(cluster)
    if expected_uid and cluster.uid != expected_uid:
        raise MeshyardError(
            f"The cluster at {cluster.host} has the UID {cluster.uid}, but expected_cluster_uid is {expected_uid}.",
            "Correct the connection options of this host, or the expected UID.",
            code="wrong_cluster",
            cluster=cluster.describe(),
        )
    return cluster


def new_client(options: Mapping[str, Any]) -> Any:
    """A C(kubernetes.client.ApiClient) of its own for these options.

    A port-forward patches the client it uses, so that one may not be shared.
    """
    _require_libraries()
    given = {key: value for key, value in options.items() if key in OPTIONS and value is not None}
    with _CONFIGURING, _environment_off(bool(given)):
        configuration, headers = _configured(given)
    connection_problem.check_url(configuration.host, "host")
    connection_problem.check_url(configuration.proxy, "proxy")
    try:
        client = kubernetes.client.ApiClient(configuration)
    except ValueError:  # of urllib3, which takes less than the standard library, and shows what it did not take
        raise connection_problem.no_url("proxy") from None
    client.user_agent = USER_AGENT
    for header, value in headers.items():
        _set_header(client, header, value)
    secrets = (setting.get("value") for setting in configuration.auth_settings().values())
    connection_problem.check_headers(str(value) for value in (*secrets, *client.default_headers.values()) if value)
    return client


def _configured(given: dict[str, Any]) -> tuple[Any, Mapping[str, Any]]:
    """The configuration of a client and its further headers; what is not given may come from the environment."""
    auth = _create_auth_spec(**given)
    auth["kubeconfig"] = connection_problem.content_of(auth.get("kubeconfig"))
    connection_problem.check(given, auth)
    # What a kubeconfig gave becomes the default of the process: host, token and all would come back in the next connection.
    kubernetes.client.Configuration.set_default(None)
    try:
        return _create_configuration(auth), _create_headers(**given)
    except Exception as problem:  # the client library raises many types for a bad kubeconfig
        raise connection_problem.explained(problem) from problem


def _require_libraries() -> None:
    if kubernetes is None:
        raise MeshyardError(
            f"The Python library kubernetes cannot be imported by {sys.executable}, which runs this module.",
            "Install it there, name an interpreter that has it in ansible_python_interpreter, or add it to the execution environment.",
            code="requirement_missing",
        )
    _libraries.require("kubernetes", kubernetes.__version__)
    if _create_configuration is None:
        raise MeshyardError(
            "The collection kubernetes.core, which makes the connection, cannot be imported.",
            "Install it beside this collection: ansible-galaxy collection install kubernetes.core.",
            code="requirement_missing",
        )


@contextlib.contextmanager
def _environment_off(off: bool) -> Iterator[None]:
    """AWX's credential lies in K8S_AUTH_*; kubernetes.core would mix it into explicit options and reach the wrong cluster."""
    hidden = {key: os.environ.pop(key) for key in list(os.environ) if off and key.startswith(_ENVIRONMENT_PREFIX)}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _identity(cluster: Cluster) -> str:
    found = cluster.api.send(
        "GET",
        "/api/v1/namespaces/kube-system",
        verb="read",
        what="Namespace kube-system",
        accept="application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    )
    try:
        return str(found["metadata"]["uid"])
    except (KeyError, TypeError):
        raise errors.Unreachable(
            f"The server at {cluster.host} does not answer like a Kubernetes API server.",
            "Check the address of the cluster.",
            host=cluster.host,
        ) from None
