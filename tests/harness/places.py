"""An API server with nodes in several places, and the service cart with endpoints on them."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from lab.apiserver import ApiServer
from lab.client import Client
from tests.harness import crds

NODES = {"eu-a": ("eu", "a"), "eu-b": ("eu", "b"), "us-a": ("us", "a")}
CART = {"name": "cart", "namespace": "shop"}


def furnished(server: ApiServer, *nodes: str) -> Iterator[ApiServer]:
    """The server with these nodes, the CRD of DestinationRules and a service; all of it goes afterwards."""
    client = server.client
    crds.install(client, ["DestinationRule"])
    for name in ("shop", "istio-system"):
        client.ensure("/api/v1/namespaces", {"metadata": {"name": name}})
    for name in nodes:
        region, zone = NODES[name]
        marks = {"topology.kubernetes.io/region": region, "topology.kubernetes.io/zone": zone}
        client.create("/api/v1/nodes", {"metadata": {"name": name, "labels": marks}})
    service = {"metadata": CART, "spec": {"ports": [{"port": 80}]}}
    client.create("/api/v1/namespaces/shop/services", service)
    yield server
    client.request("DELETE", "/api/v1/namespaces/shop/services/cart")
    client.request("DELETE", kind("EndpointSlice").path("shop"))
    for name in nodes:
        client.request("DELETE", f"/api/v1/nodes/{name}")
    crds.remove(client, ["DestinationRule"])


def endpoints(client: Client, *nodes: str, unready: str = "") -> None:
    """The endpoints of cart, one on each node that is named."""
    client.request("DELETE", kind("EndpointSlice").path("shop"))
    known = [(node, True) for node in nodes] + ([(unready, False)] if unready else [])
    told = [
        {"addresses": [f"10.1.0.{number}"], "nodeName": node, "conditions": {"ready": ready}}
        for number, (node, ready) in enumerate(known, 1)
    ]
    metadata = {"name": "cart-1", "labels": {"kubernetes.io/service-name": "cart"}}
    body = {"metadata": metadata, "addressType": "IPv4", "ports": [{"port": 80}], "endpoints": told}
    client.create(kind("EndpointSlice").path("shop"), body)
