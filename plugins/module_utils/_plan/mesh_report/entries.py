# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""How traffic comes into a mesh: the Services of gateways, what gateways listen to, and the hosts that are routed behind them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..._mesh import labels, locality, raw
from ..gateways import addresses

STATUS_PORT = 15021
_OUTSIDE = ("LoadBalancer", "NodePort")
_ISTIO, _API = "networking.istio.io", "gateway.networking.k8s.io"


def services(found: Iterable[raw.Raw]) -> list[dict[str, Any]]:
    """The Services that may be those of gateways, by namespace and name.

    Those are all that lead in from outside, and those inside that a gateway's chart or the Gateway API makes.
    """
    return sorted((_service(one) for one in found if _is_entry(one)), key=lambda one: (one["namespace"], one["name"]))


def kept_of_service(service: raw.Raw) -> dict[str, Any]:
    """What is kept of a Service of many."""
    spec, status = raw.mapping(service, "spec"), raw.mapping(service, "status", "loadBalancer")
    meta = {"name": raw.name(service), "namespace": raw.namespace(service), "labels": raw.labels_of(service)}
    return {
        "metadata": meta,
        "spec": {key: spec[key] for key in ("type", "ports", "externalIPs") if key in spec},
        "status": {"loadBalancer": status},
    }


def listeners(gateways: Iterable[raw.Raw], virtual_services: Iterable[raw.Raw], routes: Iterable[raw.Raw]) -> list[dict[str, Any]]:
    """What gateways listen to, by group, namespace and name, with the routes behind.

    :param gateways: of both groups. :param routes: of the Gateway API.
    """
    behind: dict[tuple[str, str, str], set[str]] = {}
    for one in virtual_services:
        for name in map(str, raw.items(one, "spec", "gateways")):
            space, _slash, gateway = name.rpartition("/")
            if gateway != "mesh":
                behind.setdefault((_ISTIO, space or raw.namespace(one), gateway), set()).update(_hosts(one, "hosts"))
    for one in routes:
        for parent in raw.items(one, "spec", "parentRefs"):
            if raw.text(parent, "kind") in ("", "Gateway"):
                key = (_API, raw.text(parent, "namespace") or raw.namespace(one), raw.text(parent, "name"))
                behind.setdefault(key, set()).update(_hosts(one, "hostnames"))
    found = [_listener(one, behind) for one in gateways]
    return sorted(found, key=lambda one: (one["group"], one["namespace"], one["name"]))


def kept_of_route(route: raw.Raw) -> dict[str, Any]:
    """What is kept of a VirtualService or a route of many."""
    spec = raw.mapping(route, "spec")
    kept = {key: spec[key] for key in ("hosts", "gateways", "hostnames", "parentRefs") if key in spec}
    return {"metadata": {"name": raw.name(route), "namespace": raw.namespace(route)}, "spec": kept}


def _is_entry(service: raw.Raw) -> bool:
    ports = {one.get("port") for one in raw.items(service, "spec", "ports")}
    marks = raw.labels_of(service)
    outside = raw.text(service, "spec", "type") in _OUTSIDE or bool(raw.items(service, "spec", "externalIPs"))
    return outside or STATUS_PORT in ports or labels.GATEWAY_NAME in marks or locality.NETWORK in marks


def _service(service: raw.Raw) -> dict[str, Any]:
    ports = [f"{one.get('port')}/{raw.text(one, 'protocol') or 'TCP'}" for one in raw.items(service, "spec", "ports")]
    return {
        "namespace": raw.namespace(service),
        "name": raw.name(service),
        "type": raw.text(service, "spec", "type") or "ClusterIP",
        "addresses": addresses.addresses(service),
        "ports": ports,
        "network": raw.labels_of(service).get(locality.NETWORK, ""),
    }


def _listener(gateway: raw.Raw, behind: dict[tuple[str, str, str], set[str]]) -> dict[str, Any]:
    group = raw.text(gateway, "apiVersion").partition("/")[0]
    servers = raw.items(gateway, "spec", "servers") if group == _ISTIO else raw.items(gateway, "spec", "listeners")
    routed = behind.get((group, raw.namespace(gateway), raw.name(gateway)), set())
    return {
        "group": group,
        "namespace": raw.namespace(gateway),
        "name": raw.name(gateway),
        "selector": raw.mapping(gateway, "spec", "selector"),
        "ports": sorted({_port(one) for one in servers}),
        "hosts": sorted({host for one in servers for host in _server_hosts(one)}),
        "routed_hosts": sorted(routed),
    }


def _port(server: raw.Raw) -> str:
    """Of Istio's Gateway its port is an object, of the Gateway API's listener a number."""
    port = raw.mapping(server, "port")
    number, protocol = (port.get("number"), port.get("protocol")) if port else (server.get("port"), server.get("protocol"))
    return f"{number}/{protocol}"


def _server_hosts(server: raw.Raw) -> list[str]:
    return [str(one) for one in raw.items(server, "hosts")] or [raw.text(server, "hostname") or "*"]


def _hosts(route: raw.Raw, key: str) -> list[str]:
    return [str(one) for one in raw.items(route, "spec", key)] or ["*"]
