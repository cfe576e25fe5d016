"""A revision on a remote cluster: what joining brings, keeps up to date and takes away, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from lab.waiting import until
from tests.harness.planes import SYSTEM, Planes
from tests.harness.primary import NEW, Primary


@pytest.fixture
def options(planes: Planes, primary: Primary) -> dict[str, Any]:
    """The options by which the cluster joins; its istiod is the injector on the loopback."""
    return primary.joining(planes)


def joined(planes: Planes, options: dict[str, Any]) -> None:
    """The cluster joins, and istiod trusts the webhook as it would."""
    planes.run("remote_istio", **options, wait=False)
    planes.istiod.serve(NEW)
    answer = planes.run("remote_istio", **options)
    assert answer["ready"]


def slice_of(planes: Planes) -> dict[str, Any]:
    return planes.there("EndpointSlice", f"istiod-{NEW}", SYSTEM)


def addresses(planes: Planes) -> list[str]:
    return [address for endpoint in slice_of(planes)["endpoints"] for address in endpoint["addresses"]]


def said(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(step["action"], step["kind"], step["name"]) for step in answer["steps"]]


@pytest.mark.smoke
def test_joining_does_once_what_check_mode_predicted(planes: Planes, options: dict[str, Any]) -> None:
    predicted = planes.run("remote_istio", **options, check=True)
    assert planes.names("MutatingWebhookConfiguration") == set()
    done = planes.run("remote_istio", **options, wait=False)
    assert said(predicted) == said(done)
    assert ("patch", "Namespace", SYSTEM) in said(done)
    planes.istiod.serve(NEW)
    again = planes.run("remote_istio", **options)
    assert (again["changed"], again["ready"], again["addresses"]) == (False, True, ["10.98.1.20"])
    home = planes.there("Namespace", SYSTEM)["metadata"]
    assert home["labels"]["topology.istio.io/network"] == "us-net"
    assert home["annotations"]["topology.istio.io/controlPlaneClusters"] == "eu"


def test_every_address_of_istiod_is_in_the_slice_and_followed_when_it_changes(
    planes: Planes, options: dict[str, Any], primary: Primary
) -> None:
    joined(planes, options)
    primary.gateway({"ip": "10.98.1.21"}, {"ip": "10.98.1.22"})
    answer = planes.run("remote_istio", **options)
    assert said(answer) == [("apply", "EndpointSlice", f"istiod-{NEW}")]
    assert addresses(planes) == ["10.98.1.21", "10.98.1.22"]
    assert not planes.run("remote_istio", **options)["changed"]


def test_what_somebody_changed_comes_back_and_who_else_may_write_stays(planes: Planes, options: dict[str, Any]) -> None:
    planes.merge("Namespace", SYSTEM, {"metadata": {"annotations": {"topology.istio.io/controlPlaneClusters": "asia"}}})
    joined(planes, options)
    told = planes.there("Namespace", SYSTEM)["metadata"]["annotations"]["topology.istio.io/controlPlaneClusters"]
    assert told == "asia,eu"
    planes.merge("EndpointSlice", f"istiod-{NEW}", {"endpoints": [{"addresses": ["10.0.0.9"]}]}, SYSTEM)
    answer = planes.run("remote_istio", **options)
    assert said(answer) == [("apply", "EndpointSlice", f"istiod-{NEW}")]
    assert "somebody" in answer["steps"][0]["overruled"].values()
    assert addresses(planes) == ["10.98.1.20"]


def test_leaving_takes_away_all_of_the_revision_and_is_refused_while_it_is_used(planes: Planes, options: dict[str, Any]) -> None:
    joined(planes, options)
    planes.namespace("shop", **{"istio.io/rev": NEW})
    refused = planes.refusal("remote_istio", state="absent", revision=NEW)
    assert [(one["kind"], one["name"]) for one in refused["blockers"]] == [("Namespace", "shop")]
    planes.namespace("shop")
    predicted = planes.run("remote_istio", state="absent", revision=NEW, check=True)
    done = planes.run("remote_istio", state="absent", revision=NEW)
    assert said(predicted) == said(done)
    assert done["removed"]
    for kind in ("Service", "EndpointSlice", "ConfigMap"):
        assert not {name for name in planes.names(kind, SYSTEM) if NEW in name}
    assert not {name for name in planes.names("ClusterRole") if NEW in name}
    assert planes.names("MutatingWebhookConfiguration") == set()
    assert not planes.run("remote_istio", state="absent", revision=NEW)["changed"]


def test_a_pod_that_does_not_end_is_waited_for_only_where_that_is_wanted_and_decides(planes: Planes, options: dict[str, Any]) -> None:
    joined(planes, options)
    planes.namespace("shop", **{"istio.io/rev": NEW})
    path = "/api/v1/namespaces/shop/pods"
    until(lambda: planes.client.found("/api/v1/namespaces/shop/serviceaccounts/default"), 30, lambda: "No ServiceAccount.")
    pod = {"metadata": {"name": "stuck", "finalizers": ["lab.meshyard/stuck"]}, "spec": {"containers": [{"name": "app", "image": "app"}]}}
    planes.client.create(path, pod)
    planes.namespace("shop")
    planes.client.request("DELETE", f"{path}/stuck")
    absent = {"state": "absent", "revision": NEW}  # a wait would take 300 s, and then fail
    for given in ({"wait": False}, {"check": True}):
        assert [one["name"] for one in planes.refusal("remote_istio", **absent, **given)["blockers"]] == ["stuck"]
    awaited = planes.refusal("remote_istio", **absent, wait_timeout=1)
    assert "still waiting for Pod shop/stuck to end" in awaited["problem"]
    for given in ({"check": True}, {}):
        forced = planes.run("remote_istio", **absent, force=True, **given)
        assert (forced["changed"], [one["name"] for one in forced["blockers"]]) == (True, ["stuck"])
    planes.client.merge(f"{path}/stuck", {"metadata": {"finalizers": None}})


def test_each_bad_input_is_refused_in_one_sentence_before_any_write(planes: Planes, options: dict[str, Any], primary: Primary) -> None:
    cases: dict[str, dict[str, Any]] = {
        "The cluster name 'US' is not a DNS label.": {"cluster_name": "US"},
        "There is no address of istiod: addresses has none.": {"reach": "address"},
        "lb.example (addresses) is a host name": {"reach": "address", "addresses": ["lb.example"]},
        "There is no istiod istio-system/istiod-blue on the primary cluster": {"revision": "blue"},
        "The cluster name eu is that of the primary cluster": {"cluster_name": "eu"},
        "There is no Service istio-system/absent on cluster": {"gateway_service": "istio-system/absent"},
        "gateway_service is 'edge', which is not NAMESPACE/NAME.": {"gateway_service": "edge"},
        "leads to the module's own cluster": {"primary": {"kubeconfig": str(planes.server.kubeconfig)}},
        "The values set revision": {"values": {"revision": "other"}},
    }
    for sentence, change in cases.items():
        refused = planes.refusal("remote_istio", **{**options, **change})
        assert sentence in refused["problem"], refused["problem"]
        assert refused["remedy"]
    primary.gateway({"hostname": "lb.example"})
    assert "is a host name" in planes.refusal("remote_istio", **options)["problem"]
    primary.istiod(serves_others=False)
    assert "serves its own cluster only" in planes.refusal("remote_istio", **options)["problem"]


def test_a_live_cluster_is_not_moved_to_another_network(planes: Planes, options: dict[str, Any]) -> None:
    planes.namespace(SYSTEM, **{"topology.istio.io/network": "asia-net"})
    assert "names the network asia-net" in planes.refusal("remote_istio", **options)["problem"]


def test_a_webhook_that_nobody_trusts_ends_the_wait_with_the_reason(planes: Planes, options: dict[str, Any]) -> None:
    answer = planes.answer("remote_istio", **{**options, "values": {}}, wait_timeout=2)
    assert answer["failed"]
    assert "istiod has not set its CA bundle yet" in answer["problem"]
    assert "a remote secret there names this cluster" in answer["remedy"]
