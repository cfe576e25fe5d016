# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The route of a release's own, for a service that has none inside the mesh."""

from __future__ import annotations

from collections.abc import Iterable

from ..._mesh import host, raw
from ..objects import merge_patch
from ..objects.steps import Object
from . import routes
from .target import Target

_MESH = "mesh"
_TLS = frozenset({"https", "tls", "kubernetes.io/wss"})
_OPAQUE = frozenset({"tcp", "mongo", "mysql", "redis"})


def is_missing(present: Iterable[raw.Raw], target: Target) -> bool:
    """Whether no route holds for requests to the stable service inside the mesh. Two VirtualServices with one host would be in conflict."""
    return not any(_serves(route, target.service) for route in present)


def own_route(service: raw.Raw, target: Target, percent: int) -> Object:
    """The VirtualService that gives the canary a share of the requests inside the mesh; C(routes) reads and changes it like any other.

    Connections that are encrypted by their clients are left alone: what they ask for cannot be seen.

    :param service: the stable Service.
    """
    destination = {"destination": {"host": target.service.host}}
    opaque = [raw.number(port, "port") for port in raw.items(service, "spec", "ports") if _is_opaque(port)]
    spec: Object = {"hosts": [target.service.host], "gateways": [_MESH], "http": [{"route": [destination]}]}
    if opaque:
        spec["tcp"] = [{"match": [{"port": number}], "route": [destination]} for number in opaque]
    metadata = {"name": f"{target.name}-release", "namespace": target.service.namespace, "labels": target.labels}
    plain = {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": metadata, "spec": spec}
    step = routes.reweighted(plain, target, percent)
    return plain if step is None else merge_patch.merged(plain, step.patch)


def encrypted_ports(service: raw.Raw) -> list[int]:
    """The ports whose connections clients encrypt themselves."""
    return [raw.number(port, "port") for port in raw.items(service, "spec", "ports") if _protocol(port) in _TLS]


def _serves(route: raw.Raw, service: host.Service) -> bool:
    if raw.text(route, "kind") != "VirtualService":
        return any(_is_parent(parent, raw.namespace(route), service) for parent in raw.items(route, "spec", "parentRefs"))
    gateways = raw.items(route, "spec", "gateways") or [_MESH]
    named = [one for one in raw.items(route, "spec", "hosts") if isinstance(one, str)]
    home = raw.namespace(route)
    return _MESH in gateways and any(host.is_covered(service, one) or host.same(one, service.host, home) for one in named)


def _is_parent(parent: raw.Raw, namespace: str, service: host.Service) -> bool:
    home = raw.text(parent, "namespace") or namespace
    return (raw.text(parent, "kind"), home, raw.text(parent, "name")) == ("Service", service.namespace, service.name)


def _is_opaque(port: raw.Raw) -> bool:
    """Whether connections may be of no protocol that Istio knows, declared or not."""
    declared = _protocol(port)
    return raw.text(port, "protocol") in ("", "TCP") and (declared in _OPAQUE or not declared)


def _protocol(port: raw.Raw) -> str:
    """As Istio reads it: the application protocol, else the port's name up to the first hyphen; empty where it finds out itself."""
    declared = (raw.text(port, "appProtocol") or raw.text(port, "name").partition("-")[0]).lower()
    known = declared in _TLS or declared in _OPAQUE or declared.startswith(("http", "grpc", "kubernetes.io/"))
    return declared if known else ""
