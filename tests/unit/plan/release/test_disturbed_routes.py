"""Routes that somebody else changes while a release has written them, and records that are lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Object
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release import routes
from tests.unit.plan.release.build import CART, FQDN, back, backend, destination, http_route, moved, rule, virtual_service

CHANGES: dict[str, tuple[Any, list[Object]]] = {
    "applied again": ([rule(destination("cart"))], [rule(destination("cart"))]),
    "other weights": (
        [rule(destination("cart", 50), destination("cart-canary", 50))],
        [rule(destination("cart", 100))],
    ),
    "the stable taken out": ([rule(destination("cart-canary", 5, subset="v1"))], [rule(destination("cart", 100, subset="v1"))]),
    "one more rule": (
        [rule(destination("cart", 95), destination("cart-canary", 5)), rule(destination("cart"))],
        [rule(destination("cart", 100)), rule(destination("cart"))],
    ),
    "another destination": (
        [rule(destination("cart", 95), destination("cart-canary", 5), destination("stock", 7))],
        [rule(destination("cart", 100), destination("stock", 7))],
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_route_that_others_have_changed_is_not_written_over_and_loses_only_the_canary(what: str) -> None:
    theirs, left = CHANGES[what]
    now = moved(virtual_service(rule(destination("cart"))), 5)
    now["spec"]["http"] = theirs
    assert (routes.look(now, CART).state, routes.look(now, CART).weight) == ("changed", 5)
    with pytest.raises(MeshyardError, match="VirtualService shop/cart was changed by somebody else") as refused:
        routes.reweighted(now, CART, 10)
    assert refused.value.code == "route_changed"
    after = back(now)
    assert after["spec"]["http"] == left
    assert "annotations" not in after["metadata"]
    assert routes.given_back(after, CART) is None


SPOILT: list[Any] = [
    1,
    {},
    {"http": []},
    {"weight": 5, "http": [[1]]},
    {"weight": 5, "http": {}},
    {"weight": "5", "http": []},
    {"weight": 101},
]


@pytest.mark.parametrize("value", [None, "", "{", "[]", "{}", *(json.dumps({FQDN: one}) for one in SPOILT)])
def test_a_record_that_is_lost_or_spoilt_makes_a_route_changed_and_it_can_still_be_given_back(value: str | None) -> None:
    now = moved(virtual_service(rule(destination("cart"))), 5)
    now["metadata"]["annotations"] = {} if value is None else {CART.record_annotation: value}
    assert routes.look(now, CART).state == "changed"
    after = back(now)
    assert after["spec"]["http"] == [rule(destination("cart", 100))]
    assert not after["metadata"].get("annotations")


def test_a_backend_that_lost_its_stable_loses_no_traffic() -> None:
    now = moved(http_route({"backendRefs": [backend("cart"), backend("stock", 3)]}), 100)
    del now["spec"]["rules"][0]["backendRefs"][0]
    assert back(now)["spec"]["rules"][0]["backendRefs"] == [backend("cart", 1), backend("stock", 3)]
