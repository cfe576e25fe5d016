"""Clusters never share a name or an address, and nothing on the host is outside the lab's own names."""

from __future__ import annotations

import ipaddress
from itertools import combinations

import pytest

from lab.addresses import HOST_IP, NODE_RANGE, PLANS, PREFIX, all_ranges, chosen, routed_ranges
from lab.paths import LabError


def test_no_two_ranges_of_the_lab_overlap() -> None:
    networks = [ipaddress.IPv4Network(item) for item in all_ranges()]

    assert len(networks) == 1 + 3 * len(PLANS)
    assert not [pair for pair in combinations(networks, 2) if pair[0].overlaps(pair[1])]


def test_every_node_and_the_host_have_an_address_of_their_own_in_the_node_range() -> None:
    addresses = [HOST_IP, *(plan.node_ip for plan in PLANS)]

    assert len(set(addresses)) == len(addresses)
    assert all(ipaddress.IPv4Address(item) in ipaddress.IPv4Network(NODE_RANGE) for item in addresses)


def test_services_of_the_lab_itself_lie_in_the_service_range_of_their_cluster() -> None:
    for plan in PLANS:
        services = ipaddress.IPv4Network(plan.service_range)
        assert ipaddress.IPv4Address(plan.dns_ip) in services
        assert ipaddress.IPv4Address(plan.api_service_ip) == next(services.hosts())


def test_what_a_cluster_leaves_outside_its_folders_carries_the_prefix_of_the_lab() -> None:
    for plan in PLANS:
        assert plan.namespace.startswith(PREFIX)
        assert plan.cgroup.startswith(PREFIX)
    for attribute in ("namespace", "cgroup", "hardware_address", "directory", "run"):
        assert len({getattr(plan, attribute) for plan in PLANS}) == len(PLANS)


def test_pods_services_and_balancers_of_a_cluster_are_reached_from_the_host() -> None:
    central = PLANS[0]

    assert routed_ranges(central) == ["10.244.1.0/24", "10.96.1.0/24", "10.98.1.0/24"]


def test_clusters_are_chosen_by_name_in_the_order_of_the_lab() -> None:
    assert [plan.name for plan in chosen("remote, central")] == ["central", "remote"]
    assert [plan.name for plan in chosen("remote")] == ["remote"]
    assert chosen(None) == list(PLANS)


@pytest.mark.parametrize("names", ["east", "central,east", "", ","])
def test_an_unknown_cluster_is_refused_with_the_names_there_are(names: str) -> None:
    with pytest.raises(LabError, match="choose from central, remote"):
        chosen(names)
