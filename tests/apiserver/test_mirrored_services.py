"""Services of the primary on a remote cluster: mirrored, refreshed, taken away, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.planes import Planes
from tests.harness.primary import Primary

HOME = "telemetry"
SERVICES = f"/api/v1/namespaces/{HOME}/services"
SLICES = f"/apis/discovery.k8s.io/v1/namespaces/{HOME}/endpointslices"


@pytest.fixture
def cluster(planes: Planes, primary: Primary) -> Iterator[Planes]:
    """A remote cluster, and a primary with the service C(telemetry/collector) that has one endpoint."""
    planes.namespace(HOME)
    primary.service(HOME, "collector")
    primary.endpoints(HOME, "collector", "10.2.0.1", unready="10.2.0.9")
    yield planes
    planes.client.request("DELETE", SERVICES)
    planes.client.request("DELETE", SLICES)


def named(*names: str) -> list[dict[str, str]]:
    return [{"namespace": HOME, "name": name} for name in names]


def mirror(cluster: Planes, primary: Primary, *names: str, **options: Any) -> dict[str, Any]:
    return cluster.run("mirrored_services", primary=primary.connection, services=named(*names), **options)


def slices(cluster: Planes) -> dict[str, list[str]]:
    """The addresses in each slice."""
    found = cluster.client.get(SLICES)["items"]
    return {one["metadata"]["name"]: [each["addresses"][0] for each in one["endpoints"] or ()] for one in found}


def said(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(step["action"], step["kind"], step["name"]) for step in answer["steps"]]


@pytest.mark.smoke
def test_a_service_is_mirrored_once_as_predicted_and_refreshed_with_its_endpoints(cluster: Planes, primary: Primary) -> None:
    predicted = mirror(cluster, primary, "collector", check=True)
    assert (cluster.names("Service", HOME), slices(cluster)) == (set(), {})
    done = mirror(cluster, primary, "collector")
    assert said(predicted) == said(done)
    spec = cluster.there("Service", "collector", HOME)["spec"]
    assert ("selector" in spec, [(port["name"], port["port"]) for port in spec["ports"]]) == (False, [("http", 80)])
    ((name, addresses),) = slices(cluster).items()
    assert (addresses, done["services"]) == (["10.2.0.1"], [{"namespace": HOME, "name": "collector", "addresses": ["10.2.0.1"]}])
    made = cluster.there("EndpointSlice", name, HOME)
    assert made["metadata"]["annotations"]["meshyard.io/endpoints-from"] == '{"reach":"service","service":"telemetry/collector"}'
    assert [(port["name"], port["port"]) for port in made["ports"]] == [("http", 8080)]
    assert not mirror(cluster, primary, "collector")["changed"]
    primary.endpoints(HOME, "collector", "10.2.0.2", "10.2.0.3")
    refreshed = cluster.run("remote_endpoints", primary=primary.connection)
    # Two for who the clusters are, one list on each, and one write.
    assert ([one["addresses"] for one in refreshed["updates"]], refreshed["requests"]) == ([["10.2.0.2", "10.2.0.3"]], 5)
    assert not mirror(cluster, primary, "collector")["changed"]


def test_what_is_not_listed_any_more_goes_and_absent_takes_the_rest(cluster: Planes, primary: Primary) -> None:
    cluster.client.ensure(SERVICES, {"metadata": {"name": "own"}, "spec": {"ports": [{"port": 80}]}})
    for name in ("store", "sink"):
        primary.service(HOME, name)
        primary.endpoints(HOME, name, "10.2.0.5")
    mirror(cluster, primary, "collector", "store", "sink")
    pruned = mirror(cluster, primary, "collector", "store")
    assert {(one["kind"], one["name"].partition("-")[0]) for one in pruned["removed"]} == {("Service", "sink"), ("EndpointSlice", "sink")}
    assert cluster.names("Service", HOME) == {"own", "collector", "store"}
    cluster.run("mirrored_services", state="absent", services=named("store"))
    assert cluster.names("Service", HOME) == {"own", "collector"}
    cluster.run("mirrored_services", state="absent")
    assert (cluster.names("Service", HOME), slices(cluster)) == ({"own"}, {})


def test_more_than_a_hundred_endpoints_lie_in_several_slices_and_none_is_left_over(cluster: Planes, primary: Primary) -> None:
    every = [f"10.2.{number // 200}.{number % 200 + 1}" for number in range(230)]
    primary.endpoints(HOME, "collector", *every)
    mirror(cluster, primary, "collector")
    assert sorted(map(len, slices(cluster).values())) == [30, 100, 100]
    assert {address for addresses in slices(cluster).values() for address in addresses} == set(every)
    primary.endpoints(HOME, "collector", *every[:80])
    done = cluster.run("remote_endpoints", primary=primary.connection)
    assert [step["action"] for step in done["steps"]] == ["apply", "delete", "delete"]
    assert list(map(len, slices(cluster).values())) == [80]


def test_a_service_without_endpoints_keeps_what_it_has_and_is_found_when_it_gets_some(cluster: Planes, primary: Primary) -> None:
    primary.endpoints(HOME, "collector")
    bare = mirror(cluster, primary, "collector")
    assert "has no ready endpoint on the primary" in str(bare["warnings"])
    assert not mirror(cluster, primary, "collector")["changed"]
    primary.endpoints(HOME, "collector", "10.2.0.1")
    cluster.run("remote_endpoints", primary=primary.connection)
    assert list(slices(cluster).values()) == [["10.2.0.1"]]
    primary.endpoints(HOME, "collector")
    for module in ("remote_endpoints", "mirrored_services"):
        services = {"services": named("collector")} if module == "mirrored_services" else {}
        done = cluster.run(module, primary=primary.connection, **services)
        assert (done["changed"], "warnings" in done) == (False, True)
    assert list(slices(cluster).values()) == [["10.2.0.1"]]


def test_what_others_made_and_a_missing_namespace_are_refused_before_any_write(cluster: Planes, primary: Primary) -> None:
    primary.service(HOME, "own")
    primary.service("nowhere", "collector")
    cluster.client.ensure(SERVICES, {"metadata": {"name": "own"}, "spec": {"ports": [{"port": 80}]}})
    cases = {
        "Service telemetry/own on cluster": named("collector", "own"),
        "There is no namespace nowhere on cluster": [{"namespace": "nowhere", "name": "collector"}],
    }
    for sentence, services in cases.items():
        refused = cluster.refusal("mirrored_services", primary=primary.connection, services=services)
        assert sentence in refused["problem"], refused["problem"]
        assert refused["remedy"]
