"""EndpointSlices on a remote cluster: what they name as their source, and what is written from what the primary shows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Apply, Delete
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote import endpoint_source, endpoints, mirrored_services
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote.endpoint_source import ADDRESS, GATEWAY, PODS, SERVICE, Source

POD = Source(PODS, "1-32-0")
MANAGER = "meshyard-remote-1-32-0"
Object = dict[str, Any]


def live(known: Source, *addresses: str, family: str = "IPv4") -> Object:
    """A slice as our field manager applied it."""
    fields = {
        "f:metadata": {"f:labels": {".": {}, "f:meshyard.io/owner": {}}, "f:annotations": {f"f:{endpoint_source.FROM}": {}}},
        "f:addressType": {},
        "f:endpoints": {},
        "f:ports": {},
    }
    meta = {
        "name": "istiod-1-32-0",
        "namespace": "istio-system",
        "labels": {"meshyard.io/owner": "remote-1-32-0", "theirs": "x"},
        "annotations": known.annotation,
        "managedFields": [{"manager": MANAGER, "operation": "Apply", "fieldsV1": fields}],
    }
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": meta,
        "addressType": family,
        "endpoints": endpoint_source.ready(addresses),
        "ports": [{"name": "tcp-istiod", "port": 15012, "protocol": "TCP"}],
    }


def shown(*addresses: str) -> endpoints.Shown:
    return endpoints.Shown({POD: addresses})


def of_service(*addresses: str, port: int = 8080, family: str = "IPv4", **conditions: bool) -> Object:
    """A slice of a Service on the primary."""
    told = [{"addresses": [address], "conditions": conditions} for address in addresses]
    return {"addressType": family, "ports": [{"name": "http", "port": port, "protocol": "TCP"}], "endpoints": told}


@pytest.mark.parametrize("known", [POD, Source(GATEWAY, "istio-system/edge"), Source(ADDRESS), Source(SERVICE, "shop/cart")])
def test_a_slice_names_its_source_so_that_it_is_read_back(known: Source) -> None:
    assert endpoint_source.source_of({"metadata": {"annotations": known.annotation}}) == known


@pytest.mark.parametrize("told", ["", "text", "[]", "{}", '{"reach":"pods"}', '{"reach":"gateway","service":"edge"}', '{"reach":1}'])
def test_a_source_that_is_not_understood_is_none(told: str) -> None:
    assert endpoint_source.source_of({"metadata": {"annotations": {endpoint_source.FROM: told}}}) is None
    assert endpoints.nameless([{"metadata": {"name": "a", "namespace": "b", "annotations": {endpoint_source.FROM: told}}}]) == ["b/a"]


def test_new_addresses_are_applied_with_exactly_what_was_applied_before() -> None:
    before = live(POD, "10.0.0.1")
    decided = endpoints.decide([before], shown("10.0.0.3", "10.0.0.2", "10.0.0.2"))
    (step,) = decided.plan
    assert isinstance(step, Apply)
    meta = {"name": "istiod-1-32-0", "namespace": "istio-system", "labels": {"meshyard.io/owner": "remote-1-32-0"}}
    assert step.body["metadata"] == {**meta, "annotations": POD.annotation}
    assert step.body.keys() == {"apiVersion", "kind", "metadata", "addressType", "endpoints", "ports"}
    assert (step.manager, endpoints.written(step), step.body["ports"]) == (MANAGER, ["10.0.0.2", "10.0.0.3"], before["ports"])


def test_what_is_as_the_primary_shows_it_is_not_written() -> None:
    assert endpoints.decide([live(POD, "10.0.0.1", "10.0.0.2")], shown("10.0.0.2", "10.0.0.1")) == endpoints.Decision(())


@pytest.mark.parametrize("addresses", [(), ("lb.example",), ("fd00::1",)])
def test_a_slice_is_not_emptied_where_no_address_fits(addresses: tuple[str, ...]) -> None:
    assert endpoints.decide([live(POD, "10.0.0.1")], shown(*addresses)) == endpoints.Decision((), (POD,))


def test_given_addresses_stay_as_they_are() -> None:
    assert endpoints.decide([live(Source(ADDRESS), "10.0.0.1")], endpoints.Shown()) == endpoints.Decision(())


def test_only_slices_of_an_owner_of_ours_count_and_no_copies_of_their_labels() -> None:
    ours, copied, theirs = (live(POD, "10.0.0.1") for _turn in range(3))
    copied["metadata"]["ownerReferences"] = [{"kind": "Service"}]
    theirs["metadata"]["labels"] = {"meshyard.io/owner": "gateway-web"}
    assert endpoints.ours([ours, copied, theirs]) == [ours]


@given(st.sets(st.ip_addresses(v=4).map(str), min_size=1, max_size=320))
def test_every_endpoint_of_a_service_lies_in_exactly_one_slice_of_at_most_a_hundred(addresses: set[str]) -> None:
    made = mirrored_services.slices("shop/cart", [of_service(*addresses)])
    held = [address for one in made for address in endpoints.addresses_of(one)]
    assert sorted(held) == sorted(addresses)
    assert all(1 <= len(one["endpoints"]) <= mirrored_services.MOST for one in made)
    assert len({one["metadata"]["name"] for one in made}) == len(made)


def test_a_slice_keeps_its_name_while_other_ports_and_families_come_and_go() -> None:
    (alone,) = mirrored_services.slices("shop/cart", [of_service("10.0.0.1")])
    several = mirrored_services.slices(
        "shop/cart", [of_service("10.0.0.2", port=1), of_service("10.0.0.1"), of_service("fd00::1", family="IPv6")]
    )
    assert len(several) == 3
    assert alone in several


def test_endpoints_that_are_not_ready_are_left_out_and_an_unknown_state_counts_as_ready() -> None:
    told = [of_service("10.0.0.1", ready=False), of_service("10.0.0.2"), of_service("10.0.0.3", ready=True)]
    assert [endpoints.addresses_of(one) for one in mirrored_services.slices("shop/cart", told)] == [["10.0.0.2", "10.0.0.3"]]


def test_slices_that_lost_their_endpoints_go_only_while_others_have_some() -> None:
    known = mirrored_services.slices("shop/cart", [of_service("10.0.0.1"), of_service("10.0.0.1", port=1)])
    plan, found = mirrored_services.towards("shop/cart", [of_service("10.0.0.1")], known)
    assert found
    assert [step.ref.name for step in plan if isinstance(step, Delete)] == [
        one["metadata"]["name"] for one in known if one["ports"][0]["port"] == 1
    ]
    assert mirrored_services.towards("shop/cart", [], known) == ((), False)


@pytest.mark.parametrize(("namespace", "name"), [("", "cart"), ("shop", ""), ("shop", "cart/x"), ("shop", "Cart")])
def test_what_cannot_be_a_service_is_refused_before_any_request(namespace: str, name: str) -> None:
    with pytest.raises(MeshyardError, match="is not the namespace and the name of a Service"):
        mirrored_services.subjects([{"namespace": "shop", "name": "db"}, {"namespace": namespace, "name": name}])


@pytest.mark.parametrize(
    ("service", "sentence"), [(None, "There is no Service shop/cart on the primary"), ({"spec": {"type": "ExternalName"}}, "ExternalName")]
)
def test_a_service_that_cannot_be_mirrored_is_refused(service: Object | None, sentence: str) -> None:
    with pytest.raises(MeshyardError, match=sentence):
        mirrored_services.refuse_service(service, "shop/cart", "eu")


def test_a_mirrored_service_has_the_ports_and_no_selector_and_stays_headless() -> None:
    ports = [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "web", "nodePort": 30080}]
    meta = {"name": "cart", "namespace": "shop", "labels": {"app": "cart"}}
    made = mirrored_services.service({"metadata": meta, "spec": {"clusterIP": "None", "selector": {"app": "cart"}, "ports": ports}})
    assert made["spec"] == {"clusterIP": "None", "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}
    assert made["metadata"]["labels"] == {"meshyard.io/owner": mirrored_services.OWNER}
