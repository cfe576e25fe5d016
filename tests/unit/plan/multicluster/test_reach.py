"""Why clusters cannot be one mesh: their networks, pod ranges, and the ways to API servers and to istiod."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster import checks as multicluster_checks
from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster.model import Gateway, Given, Probe, Reach, Serving, View
from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster.ranges import overlap
from tests.unit.plan import clusters
from tests.unit.plan.clusters import NOW, home, joining, only, plane, primary, remote, several


def split(**changed: object) -> View:
    """The primary in a network of its own, with a gateway into it."""
    gateway = Gateway("istio-system/istio-eastwestgateway", "eu-net", ("10.98.1.20",))
    return primary(**{"given": Given("eu", network="eu-net"), "gateways": (gateway,), **changed})


def west(**changed: object) -> View:
    """The remote in a network of its own, served already, with a gateway into it."""
    gateway = Gateway("istio-system/istio-eastwestgateway", "us-net", ("us.example.com",))
    return remote(**{"given": Given("us", "remote", "us-net"), "gateways": (gateway,), "served": True, **changed})


def test_two_networks_with_gateways_may_have_the_same_pod_ranges() -> None:
    same = {"ranges": ("10.0.0.0/16",), "pods": {"10.0.0.1": "shop/web"}}
    assert multicluster_checks.findings(joining(west(**same), split(**same)), NOW) == []


def test_another_network_on_the_namespace_than_told_is_a_blocker() -> None:
    message = only(joining(west(home=home("asia-net")), split()), "blocker", "network_differs")
    assert "asia-net" in message
    assert "us-net" in message


def test_the_label_tells_the_network_where_the_option_does_not() -> None:
    told = west(given=Given("us", "remote"), home=home("us-net"))
    assert multicluster_checks.findings(joining(told, split()), NOW) == []


def test_a_cluster_without_network_among_others_with_one_is_a_warning() -> None:
    only(joining(remote(), split()), "warning", "network_missing")


def test_a_network_without_gateway_is_a_blocker_and_before_joining_a_warning() -> None:
    only(joining(west(), split(gateways=())), "blocker", "gateway_missing")
    only(joining(west(gateways=()), split()), "blocker", "gateway_missing")
    only(joining(west(gateways=(), served=False), split()), "warning", "gateway_missing")
    planned = split(gateways=(), given=Given("eu", network="eu-net", planned=True))
    only(joining(west(), planned), "warning", "gateway_missing")


def test_a_gateway_into_another_network_or_without_address_does_not_count() -> None:
    only(joining(west(), split(gateways=(Gateway("edge/gateway", "asia-net", ("10.1.1.1",)),))), "blocker", "gateway_missing")
    only(joining(west(), split(gateways=(Gateway("edge/gateway", "eu-net"),))), "blocker", "gateway_without_address")


def test_one_network_needs_no_gateway() -> None:
    shared = remote(given=Given("us", "remote", "eu-net"))
    assert multicluster_checks.findings(joining(shared, split(gateways=())), NOW) == []


def test_what_is_no_address_is_passed_over() -> None:
    assert overlap(["pods", "10.0.0.0/24"], {"": "a/b", "10.0.0.1": "c/d"}, ["pods"], {"none": "e/f"}) == ""


def test_one_network_needs_pod_ranges_apart() -> None:
    message = only(joining(remote(ranges=("10.101.128.0/17",))), "blocker", "pod_ranges_overlap")
    assert "10.101.128.0/17 and 10.101.0.0/16" in message


def test_one_network_needs_pod_addresses_apart() -> None:
    one, other = remote(ranges=(), pods={"10.0.0.1": "a/b"}), primary(ranges=(), pods={"10.0.0.1": "c/d"})
    assert "a/b and c/d both have the address 10.0.0.1" in only(joining(one, other), "blocker", "pod_ranges_overlap")


def test_ranges_that_no_pod_comes_from_are_told_as_unknown() -> None:
    """Some network plugins give addresses from pools of their own: the ranges of the nodes say nothing then."""
    pools = {"ranges": ("10.244.0.0/24",)}
    one, other = remote(**pools, pods={"172.16.0.1": "a/b"}), primary(**pools, pods={"172.17.0.1": "c/d"})
    assert clusters.codes(joining(one, other)) == {
        "blocker": [],
        "warning": [],
        "info": [("us", "pod_ranges_unknown"), ("eu", "pod_ranges_unknown")],
    }


NETWORKS = st.one_of(st.ip_addresses(v=4, network="10.0.0.0/24"), st.ip_addresses(v=6, network="fd00::/120")).flatmap(
    lambda one: st.integers(one.max_prefixlen - 8, one.max_prefixlen).map(lambda bits: ipaddress.ip_network((one, bits), strict=False))
)


@given(st.lists(NETWORKS, max_size=4), st.lists(NETWORKS, max_size=4))
def test_ranges_collide_exactly_when_they_have_an_address_in_common(ours: list[object], theirs: list[object]) -> None:
    def addresses(networks: list[object]) -> set[str]:
        return {str(address) for network in networks for address in ipaddress.ip_network(str(network))}

    told = overlap(map(str, ours), {}, map(str, theirs), {})
    assert bool(told) == bool(addresses(ours) & addresses(theirs))


@given(st.ip_addresses(v=4, network="10.0.0.0/28"), st.ip_addresses(v=4, network="10.0.0.0/28"))
def test_a_pod_in_the_ranges_of_the_other_collides_whichever_is_first(one: object, other: object) -> None:
    ours, theirs = {str(one): "a/b"}, {str(other): "c/d"}
    assert bool(overlap([], ours, ["10.0.0.0/29"], {})) == (int(ipaddress.ip_address(str(one))) % 16 < 8)
    assert bool(overlap([], ours, [], theirs)) == (one == other)
    assert bool(overlap(["10.0.0.0/29"], {}, [], ours)) == bool(overlap([], ours, ["10.0.0.0/29"], {}))


@pytest.mark.parametrize("server", ["https://127.0.0.1:6443", "https://localhost:6443", "https://[::1]:6443", "http://us:6443"])
def test_a_server_that_istiod_cannot_mean_is_a_blocker(server: str) -> None:
    only(joining(remote(given=Given("us", "remote", server=server))), "blocker", "server")
    only(joining(remote(host=server)), "blocker", "server")


def test_among_primaries_every_server_matters_and_that_of_a_lonely_primary_does_not() -> None:
    loopback = primary(host="https://127.0.0.1:6443")
    only(several(primary("us"), loopback), "blocker", "server")
    assert multicluster_checks.findings(joining(None, loopback), NOW) == []


def test_what_a_probe_says_of_the_server() -> None:
    assert "not tried" in only(joining(None, primary(probe=None)), "info", "server_not_tried")
    message = only(joining(None, primary(probe=Probe(False, "connection refused"))), "blocker", "server_unreachable")
    assert "connection refused" in message
    assert "https://us:6443" in message
    only(joining(None, primary(probe=Probe(None, "The image cannot be pulled."))), "warning", "probe_impossible")


def test_a_host_name_where_the_api_server_needs_an_address_is_a_blocker_with_its_cure() -> None:
    named = primary(reaches=(Reach(("gw.example.com",), "Service istio-system/istio-eastwestgateway"),))
    assert "host name" in only(joining(None, named), "blocker", "address_of_istiod")
    only(joining(None, primary(reaches=(Reach((), "the gateway"),))), "blocker", "address_of_istiod")
    only(joining(None, primary(reaches=(Reach(problem=MeshyardError("No Service.", "Make it.")),))), "blocker", "no_way_to_istiod")


def test_an_istiod_that_serves_its_own_cluster_alone_is_a_blocker() -> None:
    alone = primary(planes=(plane(serves_others=False),))
    only(joining(None, alone), "blocker", "serves_itself_only")
    assert multicluster_checks.findings(several(primary("us"), alone), NOW) == []


def test_another_revision_that_serves_others_makes_it_a_warning_where_none_is_named() -> None:
    both = primary(planes=(plane(revision="1-31-0", version="1.31.0", serves_others=False), plane()))
    only(joining(None, both, serving=()), "warning", "serves_itself_only")
    assert multicluster_checks.findings(joining(None, both), NOW) == []


def test_a_primary_without_the_revision_is_a_blocker() -> None:
    old = primary(planes=(plane(revision="1-31-0"),))
    assert "istiod-1-32-0" in only(joining(None, old), "blocker", "istiod_missing")
    both = (Serving("1-31-0", "1.31.0"), Serving("1-32-0", "1.32.0"))
    assert "istiod-1-32-0" in only(joining(None, old, serving=both), "blocker", "istiod_missing")
    assert "istiod" in only(joining(None, primary(planes=()), serving=()), "blocker", "istiod_missing")


def test_of_several_revisions_that_serve_each_is_looked_at() -> None:
    both = (Serving("1-31-0", "1.31.0"), Serving("1-32-0", "1.32.0"))
    planes = (plane(revision="1-31-0", version="1.31.0", serves_others=False), plane())
    assert "istiod-1-31-0" in only(joining(None, primary(planes=planes), serving=both), "blocker", "serves_itself_only")
    lost = Reach(problem=MeshyardError("No istiod-1-31-0.", "Make it."))
    ways = (lost, lost, Reach(("10.98.1.20",), "the gateway"))
    ready = (plane(revision="1-31-0", version="1.31.0"), plane())
    assert only(joining(None, primary(planes=ready, reaches=ways), serving=both), "blocker", "no_way_to_istiod") == "No istiod-1-31-0."


def test_what_a_planned_primary_lacks_is_no_blocker() -> None:
    planned = {"given": Given("eu", planned=True), "reaches": ()}
    named = Reach(("gw.example.com",), "addresses")
    assert clusters.codes(joining(None, primary(**{**planned, "reaches": (named,)})))["blocker"] == [("eu", "address_of_istiod")]
    for planes in ((), (plane(serves_others=False),), (plane("Kubernetes"),)):
        assert multicluster_checks.findings(joining(None, primary(planes=planes, **planned)), NOW) == []
