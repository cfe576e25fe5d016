"""mesh_exposure on a real API server: what an east-west gateway lets in, all of it and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote.exposure import INVENTORY
from lab.apiserver import ApiServer
from tests.harness import crds
from tests.harness.modules import Call
from tests.harness.proxy import WriteProxy

OLD, NEW, SYSTEM = "1-31-0", "1-32-0", "istio-system"
SERVICES = "Gateway cross-network-gateway"
BOTH = [SERVICES, "Gateway istiod-gateway", f"VirtualService istiod-vs-{OLD}", f"VirtualService istiod-vs-{NEW}"]

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def bare(server: ApiServer) -> Iterator[ApiServer]:
    """A cluster without Istio's CRDs and without the namespace of a control plane."""
    crds.remove(server.client, INVENTORY)
    yield server
    crds.remove(server.client, INVENTORY)


@pytest.fixture(scope="module")
def furnished(bare: ApiServer) -> Iterator[ApiServer]:
    """The cluster with the two kinds, the namespace, and the Services of three revisions, which are gone afterwards."""
    client = bare.client
    crds.install(client, INVENTORY)
    client.ensure("/api/v1/namespaces", {"metadata": {"name": SYSTEM}})
    revisions = ("istiod", f"istiod-{OLD}", f"istiod-{NEW}")
    for name in revisions:
        client.ensure(kind("Service").path(SYSTEM), {"metadata": {"name": name}, "spec": {"ports": [{"port": 15012}]}})
    yield bare
    for name in revisions:
        client.request("DELETE", kind("Service").path(SYSTEM, name))


@pytest.fixture
def cluster(furnished: ApiServer) -> Iterator[ApiServer]:
    """Afterwards without any of the objects."""
    yield furnished
    for name in INVENTORY:
        furnished.client.request("DELETE", kind(name).path(SYSTEM))


def run(cluster: ApiServer, *, check: bool = False, **options: Any) -> Answer:
    answer = Call("mesh_exposure", {"kubeconfig": str(cluster.kubeconfig), **options}, check).run()
    assert not answer.get("failed"), answer["msg"]
    return answer


def refusal(cluster: ApiServer, **options: Any) -> str:
    """The message of a call that fails and has sent no write."""
    with WriteProxy(cluster.host) as proxy:
        answer = Call("mesh_exposure", {"host": proxy.url, "api_key": cluster.token, **options}).run()
        assert (answer.get("failed"), proxy.writes) == (True, [])
    return str(answer["msg"])


def there(cluster: ApiServer) -> dict[str, Answer]:
    """All Gateways and VirtualServices, by kind and name."""
    found = {}
    for name in INVENTORY:
        for obj in cluster.client.get(kind(name).path(SYSTEM))["items"]:
            found[f"{obj['kind']} {obj['metadata']['name']}"] = obj
    return found


def put(cluster: ApiServer, which: str, spec: Answer) -> None:
    """An object as somebody else makes it with kubectl."""
    api_kind, name = which.split()
    known = kind("IstioGateway" if api_kind == "Gateway" else api_kind)
    body = {"apiVersion": known.api_version, "kind": api_kind, "metadata": {"name": name, "namespace": SYSTEM}, "spec": spec}
    cluster.client.create(f"{known.path(SYSTEM)}?fieldManager=kubectl-client-side-apply", body)


def sample(hosts: str = "*.local", protocol: str = "tls") -> Answer:
    """The Gateway for services, as a user writes it."""
    port = {"number": 15443, "name": "tls", "protocol": protocol}
    return {"selector": {"istio": "eastwestgateway"}, "servers": [{"port": port, "tls": {"mode": "AUTO_PASSTHROUGH"}, "hosts": [hosts]}]}


def test_check_mode_on_a_cluster_without_crds_predicts_what_is_refused_for_real(bare: ApiServer) -> None:
    predicted = run(bare, check=True, services=True, istiod_revisions=[OLD, NEW], control_plane_namespace="nowhere")
    assert [f"{step['kind']} {step['name']}" for step in predicted["steps"]] == BOTH
    assert not run(bare, state="absent")["changed"]
    assert "istio_base" in refusal(bare, services=True)


@pytest.mark.smoke
def test_each_state_is_made_once_as_predicted_and_what_is_no_longer_named_goes(cluster: ApiServer) -> None:
    for options, expected in (
        ({"services": True, "istiod_revisions": [OLD]}, BOTH[:3]),
        ({"services": True, "istiod_revisions": [OLD, NEW]}, BOTH),
        ({"istiod_revisions": ["default"]}, [BOTH[1], "VirtualService istiod-vs"]),
        ({"state": "absent"}, []),
    ):
        before = there(cluster)
        predicted = run(cluster, check=True, **options)
        assert there(cluster) == before
        done = run(cluster, **options)
        assert (done["changed"], done["steps"], done.keys()) == (True, predicted["steps"], predicted.keys())
        assert sorted(there(cluster)) == sorted(expected)
        after = there(cluster)
        again = run(cluster, **options)
        assert (again["changed"], again["steps"], there(cluster)) == (False, [], after)


def test_each_revision_is_found_by_the_names_of_its_service(cluster: ApiServer) -> None:
    run(cluster, istiod_revisions=[OLD, NEW], selector={"istio": "east"})
    found = there(cluster)
    servers = found["Gateway istiod-gateway"]["spec"]["servers"]
    assert [(one["port"]["number"], one["tls"]["mode"], one["hosts"]) for one in servers] == [
        (15012, "PASSTHROUGH", ["*"]),
        (15017, "PASSTHROUGH", ["*"]),
    ]
    assert found["Gateway istiod-gateway"]["spec"]["selector"] == {"istio": "east"}
    for revision in (OLD, NEW):
        spec, host = found[f"VirtualService istiod-vs-{revision}"]["spec"], f"istiod-{revision}.{SYSTEM}.svc"
        assert [
            (one["match"], one["route"][0]["destination"]["host"], one["route"][0]["destination"]["port"]["number"]) for one in spec["tls"]
        ] == [
            ([{"port": 15012, "sniHosts": [host, f"{host}.cluster.local"]}], f"{host}.cluster.local", 15012),
            ([{"port": 15017, "sniHosts": [host, f"{host}.cluster.local"]}], f"{host}.cluster.local", 443),
        ]
        assert (spec["hosts"], spec["gateways"]) == (["*"], ["istiod-gateway"])


def test_drift_is_put_back_and_who_made_it_is_named(cluster: ApiServer) -> None:
    run(cluster, services=True)
    path = kind("IstioGateway").path(SYSTEM, "cross-network-gateway")
    cluster.client.merge(f"{path}?fieldManager=kubectl-edit", {"spec": {"selector": {"istio": "other"}}})
    (step,) = run(cluster, services=True)["steps"]
    assert (step["fields"], list(step["overruled"].values())) == (["spec.selector.istio"], ["kubectl-edit"])
    assert there(cluster)[SERVICES]["spec"]["selector"] == {"istio": "eastwestgateway"}


def test_what_others_made_with_the_same_content_stays_theirs(cluster: ApiServer) -> None:
    put(cluster, SERVICES, sample())
    before = there(cluster)
    answer = run(cluster, services=True)
    assert (answer["changed"], answer["made_by_others"]) == (
        False,
        [{"kind": "Gateway", "namespace": SYSTEM, "name": "cross-network-gateway"}],
    )
    assert not run(cluster, state="absent")["changed"]
    assert there(cluster) == before


def test_what_others_made_with_another_content_is_refused_before_the_first_write(cluster: ApiServer) -> None:
    put(cluster, SERVICES, sample(hosts="*.eu.local"))
    told = refusal(cluster, services=True, istiod_revisions=[NEW])
    assert f"Gateway {SYSTEM}/cross-network-gateway on cluster" in told
    assert "Delete it or rename it" in told
    assert list(there(cluster)) == [SERVICES]


def test_the_namespace_of_the_objects_and_the_selector_are_checked(cluster: ApiServer) -> None:
    assert "gateway_namespace" in refusal(cluster, services=True, gateway_namespace="edge-that-is-not-there")
    assert "selector is empty" in refusal(cluster, services=True, selector={})


def test_a_revision_without_a_service_is_warned_of(cluster: ApiServer) -> None:
    (text,) = run(cluster, istiod_revisions=["2-0-0"])["warnings"]
    assert f"Service {SYSTEM}/istiod-2-0-0 does not exist" in str(text)
