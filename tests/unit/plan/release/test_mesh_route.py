"""The route of a release's own."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Object
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release import mesh_route, routes
from tests.unit.plan.release.build import CART, FQDN, destination, http_route, patched, rule, virtual_service


def service(*ports: Object) -> Object:
    return {"kind": "Service", "metadata": {"namespace": "shop", "name": "cart"}, "spec": {"ports": list(ports)}}


def port(name: str, number: int, **further: str) -> Object:
    return {"name": name, "port": number, "protocol": "TCP", **further}


def test_a_route_of_our_own_is_read_and_moved_like_any_other() -> None:
    made = mesh_route.own_route(service(port("http", 80)), CART, 0)
    assert (made["metadata"]["name"], made["metadata"]["labels"]["meshyard.io/owner"]) == ("cart-release", "release-cart")
    assert made["spec"] == {
        "hosts": [FQDN],
        "gateways": ["mesh"],
        "http": [rule(destination(FQDN, 100), destination("cart-canary.shop.svc.cluster.local", 0))],
    }
    made["metadata"]["resourceVersion"] = "1"
    assert (routes.look(made, CART).state, routes.look(made, CART).weight) == ("ours", 0)
    assert routes.reweighted(made, CART, 0) is None
    moved = patched(made, routes.reweighted(made, CART, 25))
    written = mesh_route.own_route(service(port("http", 80)), CART, 25)
    assert (moved["spec"], moved["metadata"]["annotations"]) == (written["spec"], written["metadata"]["annotations"])


@pytest.mark.parametrize(
    ("declared", "opaque", "encrypted"),
    [
        (port("http-web", 80), False, False),
        (port("grpc", 80), False, False),
        (port("web", 80, appProtocol="kubernetes.io/h2c"), False, False),
        (port("tcp-db", 80), True, False),
        (port("http", 80, appProtocol="tcp"), True, False),
        (port("web", 80), True, False),  # Istio finds out for each connection
        (port("https", 80), False, True),
        (port("web", 80, appProtocol="tls"), False, True),
        (port("dns", 53, protocol="UDP"), False, False),
    ],
)
def test_connections_are_divided_by_what_is_seen_of_them(declared: Object, opaque: bool, encrypted: bool) -> None:
    made = mesh_route.own_route(service(declared), CART, 5)
    numbers = [match["port"] for one in made["spec"].get("tcp", []) for match in one["match"]]
    assert numbers == ([declared["port"]] if opaque else [])
    assert mesh_route.encrypted_ports(service(declared)) == ([declared["port"]] if encrypted else [])


@pytest.mark.parametrize(
    ("route", "missing"),
    [
        (virtual_service(), False),
        (virtual_service(gateways=["edge"]), True),
        (virtual_service(gateways=["edge", "mesh"]), False),
        (virtual_service(hosts=["stock"]), True),
        (virtual_service(hosts=["cart.example.org"], gateways=["edge"]), True),
        (virtual_service(hosts=["*.shop.svc.cluster.local"]), False),
        (virtual_service(namespace="other"), True),
        (http_route(), True),
        (http_route(parentRefs=[{"kind": "Service", "group": "", "name": "cart"}]), False),
        (http_route(parentRefs=[{"kind": "Service", "group": "", "name": "cart"}], namespace="other"), True),
    ],
)
def test_a_route_of_our_own_is_missing_where_no_other_holds_inside_the_mesh(route: Object, missing: bool) -> None:
    assert mesh_route.is_missing([route], CART) == missing
