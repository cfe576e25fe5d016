"""Routes with a share for the canary, and as they were before."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import host
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Object
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release import routes
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release.target import Target
from tests.unit.plan.release.build import CART, FQDN, PAY, back, backend, destination, http_route, moved, rule, virtual_service

PERCENTS = st.lists(st.integers(0, 100), min_size=1, max_size=4)
WEIGHTS = st.none() | st.integers(0, 100)
HEADERS = {"response": {"set": {"x-served-by": "cart"}}}
DESTINATIONS = st.builds(
    destination,
    st.sampled_from(["cart", FQDN, "stock", "pay"]),
    WEIGHTS,
    subset=st.sampled_from(["v1", "v2"]),
    port=st.just({"number": 80}),
    headers=st.just(HEADERS),
) | st.builds(destination, st.sampled_from(["cart", "stock"]), WEIGHTS)
RULES = st.builds(lambda several: rule(*several, timeout="3s"), st.lists(DESTINATIONS, min_size=1, max_size=3)) | st.just(
    {"redirect": {"uri": "/"}}
)
VIRTUAL_SERVICES = st.builds(
    lambda http, tcp, tls: virtual_service(*http, **{key: value for key, value in (("tcp", tcp), ("tls", tls)) if value}),
    *(st.lists(RULES, max_size=3) for _part in range(3)),
)
BACKENDS = st.builds(backend, st.sampled_from(["cart", "stock"]), WEIGHTS, namespace=st.sampled_from(["shop", "other"])) | st.builds(
    backend, st.sampled_from(["cart", "stock"]), WEIGHTS
)
HTTP_ROUTES = st.builds(
    lambda rules: http_route(*({"backendRefs": several, "timeouts": {"request": "3s"}} for several in rules)),
    st.lists(st.lists(BACKENDS, min_size=1, max_size=3), min_size=1, max_size=3),
)
ROUTES = VIRTUAL_SERVICES | HTTP_ROUTES


def unversioned(route: Object) -> Object:
    return {**route, "metadata": {key: value for key, value in route["metadata"].items() if key != "resourceVersion"}}


def pairs(route: Object, part: str = "http", position: int = 0) -> list[tuple[str, int]]:
    found = route["spec"][part][position]["route"]
    return [(one["destination"]["host"], one["weight"]) for one in found]


@given(ROUTES, PERCENTS)
def test_any_route_moved_any_number_of_times_becomes_exactly_what_it_was(route: Object, percents: list[int]) -> None:
    now = route
    for percent in percents:
        now = moved(now, percent)
        seen = routes.look(now, CART)
        if routes.concerns(route, CART):
            assert (seen.state, seen.weight) == ("ours", percent)
            assert {**now["spec"], **(seen.original or {})} == route["spec"]
        assert routes.reweighted(now, CART, percent) is None
    assert routes.concerns(now, CART) == routes.concerns(route, CART)
    assert unversioned(back(now)) == unversioned(route)
    assert routes.given_back(route, CART) is None


@given(ROUTES, st.integers(0, 100))
def test_nothing_but_destinations_of_the_service_changes(route: Object, percent: int) -> None:
    before = copy.deepcopy(route)
    now = moved(route, percent)
    assert route == before
    for part, rules in route["spec"].items():
        if part not in ("http", "tcp", "tls", "rules"):
            assert now["spec"][part] == rules
            continue
        for old, new in zip(rules, now["spec"][part], strict=True):
            without = [{key: value for key, value in one.items() if key not in ("route", "backendRefs")} for one in (old, new)]
            assert without[0] == without[1]


@given(VIRTUAL_SERVICES, PERCENTS)
def test_what_the_api_server_or_a_tool_leaves_out_or_adds_is_no_change(route: Object, percents: list[int]) -> None:
    now = route
    for percent in percents:
        now = moved(now, percent)
        for part in ("http", "tcp", "tls"):
            for one in [one for rule_ in now["spec"].get(part, []) for one in rule_.get("route", [])]:
                if one.get("weight") == 0:
                    del one["weight"]
        assert routes.look(now, CART).state in ("ours", "untouched")


def test_the_canary_stands_behind_the_stable_with_all_that_belongs_to_the_destination() -> None:
    route = virtual_service(rule(destination("stock", 20), destination("cart", 80, subset="v1", port={"number": 80}, headers=HEADERS)))
    assert moved(route, 25)["spec"]["http"][0]["route"] == [
        destination("stock", 20),
        destination("cart", 60, subset="v1", port={"number": 80}, headers=HEADERS),
        destination("cart-canary", 20, subset="v1", port={"number": 80}, headers=HEADERS),
    ]


@pytest.mark.parametrize(
    ("named", "namespace", "canary"),
    [
        ("cart", "shop", "cart-canary"),
        (FQDN, "shop", "cart-canary.shop.svc.cluster.local"),
        (FQDN, "edge", "cart-canary.shop.svc.cluster.local"),
        ("cart", "edge", None),
        ("cart.shop", "shop", None),  # Istio completes only names without dots
        ("cart.shop.svc", "shop", None),
        ("*.shop.svc.cluster.local", "shop", None),
        ("cart.shop.svc.other.domain", "shop", None),
    ],
)
def test_a_host_means_the_service_as_istio_completes_it(named: str, namespace: str, canary: str | None) -> None:
    route = virtual_service(rule(destination(named)), namespace=namespace)
    assert routes.concerns(route, CART) == (canary is not None)
    if canary:
        assert pairs(moved(route, 5)) == [(named, 95), (canary, 5)]
    else:
        assert routes.reweighted(route, CART, 5) is None


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        (backend(), True),
        ({"name": "cart", "port": 80}, True),
        (backend(namespace="shop"), True),
        (backend(namespace="other"), False),
        (backend(kind="ServiceImport"), False),
        (backend(group="example.org"), False),
    ],
)
def test_a_backend_means_the_service_by_group_kind_and_namespace(named: Object, meant: bool) -> None:
    assert routes.concerns(http_route({"backendRefs": [named]}), CART) == meant
    assert routes.concerns(http_route({"backendRefs": [named]}, namespace="edge"), CART) == (named.get("namespace") == "shop")


def test_mirrors_and_delegates_stay_and_a_subset_of_other_pods_is_not_released() -> None:
    mirrored = rule(destination("stock"), mirror={"host": "cart"}, mirrors=[{"destination": {"host": "cart"}}])
    delegating = {"delegate": {"name": "cart"}}
    assert not routes.concerns(virtual_service(mirrored, delegating), CART)
    split = virtual_service(rule(destination("cart", 50, subset="v1"), destination("cart", 50, subset="v2")))
    target = Target(CART.namespace, CART.name, CART.service, frozenset({"v2"}))
    now = moved(split, 10, target)
    assert pairs(now) == [("cart", 45), ("cart-canary", 5), ("cart", 50)]
    assert routes.look(now, target).state == "ours"


def test_two_releases_in_one_route_do_not_disturb_each_other() -> None:
    route = virtual_service(rule(destination("cart")), rule(destination("pay")))
    both = moved(moved(route, 5), 50, PAY)
    assert (routes.look(both, CART).weight, routes.look(both, PAY).weight) == (5, 50)
    further = moved(moved(both, 10), 100, PAY)
    assert pairs(further) == [("cart", 90), ("cart-canary", 10)]
    assert unversioned(back(back(further), PAY)) == unversioned(back(back(further, PAY))) == unversioned(route)


def test_releases_of_one_name_in_two_namespaces_keep_their_records_apart() -> None:
    other = Target("test", "cart", host.Service("test", "cart"))
    route = virtual_service(rule(destination(FQDN)), rule(destination(other.service.host)), namespace="edge")
    both = moved(moved(route, 5), 50, other)
    assert (routes.look(both, CART).weight, routes.look(both, other).weight) == (5, 50)
    assert unversioned(back(back(both), other)) == unversioned(route)


def test_a_route_that_is_marked_for_a_deployment_of_the_same_name_elsewhere_is_none_of_this_release() -> None:
    other = Target("test", "cart", host.Service("test", "cart"))
    marked = moved(virtual_service(rule(destination("cart")), namespace="test"), 5, other)
    assert (routes.concerns(marked, other), routes.concerns(marked, CART)) == (True, False)


def test_a_rule_is_shared_with_a_release_that_has_written_it_and_a_route_alone_is_not() -> None:
    apart = moved(virtual_service(rule(destination("cart")), rule(destination("pay"))), 5, PAY)
    mixed = moved(virtual_service(rule(destination("cart", 50), destination("pay", 50))), 5, PAY)
    found = [routes.is_shared(one, CART) for one in (apart, mixed, moved(apart, 5), back(mixed, PAY))]
    assert found == [False, True, False, False]


def test_what_others_change_beside_the_destinations_stays_theirs() -> None:
    now = moved(virtual_service(rule(destination("cart"), timeout="3s")), 5)
    now["spec"]["http"][0]["timeout"] = "9s"
    now["spec"]["http"].insert(0, rule(destination("stock"), match=[{"uri": {"prefix": "/stock"}}]))
    assert routes.look(now, CART).state == "ours"
    assert pairs(moved(now, 10), position=1) == [("cart", 90), ("cart-canary", 10)]
    left = back(now)["spec"]["http"]
    assert left == [rule(destination("stock"), match=[{"uri": {"prefix": "/stock"}}]), rule(destination("cart"), timeout="9s")]
