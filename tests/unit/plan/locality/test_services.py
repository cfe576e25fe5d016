"""What a setting of the mesh does to its services: who follows it, who is shown, and who would be starved."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import traffic_prediction
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.host import Service
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.locality import Client, Endpoint, Locality
from ansible_collections.meshyard.istio.plugins.module_utils._plan.locality import services as locality_services
from ansible_collections.meshyard.istio.plugins.module_utils._plan.locality.services import MeshTraffic

Object = dict[str, Any]
EU, US = Locality("eu", "a"), Locality("us", "a")
CLIENTS = [Client("central", EU), Client("remote", US)]
CART, WEB = Service("shop", "cart"), Service("shop", "web")
BOTH = [Endpoint("central", EU), Endpoint("remote", US)]
OUTLIER: Object = {"outlierDetection": {}}
ONLY_EU: Object = {"loadBalancer": {"localityLbSetting": {"distribute": [{"from": "*", "to": {"eu": 100}}]}}}


def rule(name: str, host: str, namespace: str = "shop", **spec: Any) -> Object:
    return {"kind": "DestinationRule", "metadata": {"name": name, "namespace": namespace}, "spec": {"host": host, **spec}}


def seen(*rules: Object, services: dict[Service, Object] | None = None, **endpoints: list[Endpoint]) -> MeshTraffic:
    known = {Service("shop", name): found for name, found in (endpoints or {"cart": BOTH, "web": BOTH}).items()}
    return MeshTraffic(CLIENTS, known, services or {}, rules)


def by_service(found: MeshTraffic, mesh: Object) -> dict[str, dict[str, Object]]:
    told = locality_services.rows(locality_services.views(found, mesh), CLIENTS)
    shares: dict[str, dict[str, Object]] = {}
    for row in told:
        shares.setdefault(row["service"], {})[row["from"]["cluster"]] = row["shares"]
    return shares


def test_services_follow_the_mesh_unless_a_rule_or_the_service_itself_says_otherwise() -> None:
    off = {"loadBalancer": {"localityLbSetting": {"enabled": False}}}
    near = {CART: {"metadata": {}, "spec": {"trafficDistribution": "PreferClose"}}}
    local, even = {"eu/a": 100.0}, {"eu/a": 50.0, "us/a": 50.0}
    assert by_service(seen(), OUTLIER)[CART.host]["central"] == even  # only a rule's own outlier detection orders endpoints
    assert by_service(seen(), ONLY_EU)[CART.host]["central"] == local
    assert by_service(seen(), {})[CART.host]["central"] == even
    assert by_service(seen(rule("cart", "cart", trafficPolicy=off)), OUTLIER)[CART.host]["central"] == even
    assert by_service(seen(rule("cart", "cart", trafficPolicy={"outlierDetection": {}})), {})[CART.host]["central"] == local
    assert by_service(seen(services=near), {})[CART.host]["central"] == local
    assert by_service(seen(rule("cart", "cart", trafficPolicy=off), services=near), OUTLIER)[CART.host]["central"] == even


def test_a_rule_in_the_namespace_of_the_service_goes_before_a_wider_one_and_replaces_it() -> None:
    off = {"loadBalancer": {"localityLbSetting": {"enabled": False}}}
    wide, own = rule("all", "*.local", "istio-system", trafficPolicy=off), rule("cart", "cart", trafficPolicy={"tls": {}})
    shares = by_service(seen(wide, own), ONLY_EU)
    assert (shares[CART.host]["central"], shares[WEB.host]["central"]) == ({"eu/a": 100.0}, {"eu/a": 50.0, "us/a": 50.0})


def test_what_does_not_follow_is_named_with_what_it_sets_once_for_all_of_its_services() -> None:
    wide = rule("all", "*.shop.svc.cluster.local", "istio-system", trafficPolicy={"outlierDetection": {}})
    subset = rule("cart", "cart", subsets=[{"name": "v1", "trafficPolicy": ONLY_EU}])
    plain = rule("tls", "web", trafficPolicy={"tls": {}})
    assert locality_services.not_following(locality_services.views(seen(wide, subset, plain), OUTLIER)) == [
        {"object": "DestinationRule istio-system/all", "sets": ["outlierDetection"], "services": [CART.host, WEB.host]},
        {"object": "DestinationRule shop/cart", "sets": ["subset v1: localityLbSetting"], "services": [CART.host]},
    ]


def test_weights_that_starve_a_place_of_a_service_that_follows_them_are_refused_by_name() -> None:
    own = rule("web", "web", trafficPolicy=ONLY_EU)
    found = locality_services.views(seen(own), ONLY_EU)
    with pytest.raises(MeshyardError) as caught:
        locality_services.refuse_starving(found, CLIENTS, "the mesh")
    assert f"clients in us/a of cluster remote send nothing to us/a of {CART.host}" in caught.value.problem
    assert {one["service"] for one in caught.value.facts["starved"]} == {CART.host}
    locality_services.refuse_starving(locality_services.views(seen(cart=BOTH[:1]), ONLY_EU), CLIENTS, "the mesh")


def test_twenty_services_in_several_places_are_shown_and_the_rest_is_counted() -> None:
    many = {f"s{number:02}": BOTH for number in range(23)}
    found = locality_services.views(seen(**many, lonely=BOTH[:1]), OUTLIER)
    told, missing = locality_services.chosen(found, [])
    coverage = locality_services.coverage(found, told)
    assert ([view.service.name for view in told], missing) == ([f"s{number:02}" for number in range(20)], [])
    assert {key: coverage[key] for key in ("services", "spread", "predicted", "left_out")} == {
        "services": 24,
        "spread": 23,
        "predicted": 20,
        "left_out": 3,
    }
    codes = [one.code for one in locality_services.findings(found, told, [], seen(**many), traffic_prediction.Setting())]
    assert codes == ["not_shown"]


def test_services_are_shown_that_are_asked_for_and_headless_ones_are_not_balanced() -> None:
    headless = {WEB: {"metadata": {}, "spec": {"clusterIP": "None"}}}
    found = locality_services.views(seen(services=headless), OUTLIER)
    told, missing = locality_services.chosen(found, [CART.host, WEB.host])
    assert ([view.service for view in told], missing) == ([CART], [WEB.host])
    with pytest.raises(MeshyardError, match="does not name a namespace"):
        locality_services.chosen(found, ["cart"])
