"""Balancer addresses follow from the Service alone, stay while it lives, and are never given twice."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lab.loadbalancer import assignments

RANGE = "10.98.1.0/24"
SMALL = "10.98.1.0/29"
uids = st.lists(st.uuids().map(str), unique=True, max_size=40)


def service(uid: str, ip: str | None = None, **spec: object) -> dict[str, Any]:
    return {
        "metadata": {"name": "gateway", "namespace": "istio-ingress", "uid": uid},
        "spec": {"type": "LoadBalancer"} | spec,
        "status": {"loadBalancer": {"ingress": [{"ip": ip}]} if ip else {}},
    }


def given_addresses(services: list[dict[str, Any]], balancers: str = RANGE) -> dict[str, str]:
    return {item["metadata"]["uid"]: address for item, address in assignments(services, balancers)}


@given(uids)
def test_no_address_is_given_twice(names: list[str]) -> None:
    addresses = given_addresses([service(uid) for uid in names])

    assert set(addresses) == set(names)
    assert len(set(addresses.values())) == len(names)


@given(uids.flatmap(lambda names: st.tuples(st.just(names), st.permutations(names))))
def test_the_order_in_which_services_are_listed_does_not_matter(orders: tuple[list[str], list[str]]) -> None:
    first, second = orders

    assert given_addresses([service(uid) for uid in first]) == given_addresses([service(uid) for uid in second])


@given(st.uuids().map(str))
def test_a_service_alone_always_gets_the_same_address(uid: str) -> None:
    assert given_addresses([service(uid)]) == given_addresses([service(uid)])


@given(uids)
def test_addresses_that_services_have_are_kept_and_not_given_to_others(names: list[str]) -> None:
    owned = given_addresses([service(uid) for uid in names])
    holders = [service(uid, ip) for uid, ip in owned.items()]

    later = given_addresses([*holders, service("00000000-new")])

    assert set(later) == {"00000000-new"}
    assert later["00000000-new"] not in owned.values()


def test_services_that_others_serve_or_that_go_away_are_left_alone() -> None:
    leaving = service("leaving")
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    assert given_addresses([leaving, service("classed", loadBalancerClass="other"), service("inner", type="ClusterIP")]) == {}


def test_services_wait_when_no_address_is_left() -> None:
    addresses = given_addresses([service(f"uid-{number}") for number in range(10)], SMALL)

    assert len(addresses) == len(set(addresses.values())) == 6
