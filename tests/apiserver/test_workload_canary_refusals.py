"""What workload_canary refuses before its first write, and what it says when somebody comes between."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from lab.apiserver import ApiServer
from lab.client import ApiError
from tests.harness.mesh import Mesh
from tests.harness.modules import Call
from tests.harness.releases import ISTIO, NEW, Shop


@pytest.fixture(scope="module")
def quiet(served: Mesh) -> Shop:
    """A Deployment in no release, for refusals that write nothing."""
    return Shop(served, replicas=1)


@pytest.mark.parametrize(
    ("state", "options", "code"),
    [
        ("prepared", {}, "nothing_waits"),
        ("prepared", {"image": NEW, "name": "none"}, "workload_missing"),
        ("prepared", {"image": NEW, "service": "none"}, "service_unclear"),
        ("prepared", {"image": NEW, "container": "none"}, "invalid_option"),
        ("prepared", {"image": ""}, "api_refused"),
        ("prepared", {"patch": {"spec": {"containers": [{"name": "app", "no_such_field": 1}]}}}, "api_refused"),
        ("prepared", {"patch": {"metadata": {"labels": {"service.istio.io/workload-name": "web"}}}}, "release_blocked"),
        ("prepared", {"patch": {"spec": {"hostNetwork": True}}}, "release_blocked"),
        ("prepared", {"container": "app"}, "invalid_option"),
        ("weight", {"weight": 5}, "no_release"),
        ("weight", {"weight": 101}, "invalid_option"),
        ("weight", {"weight": -1}, "invalid_option"),
        ("weight", {}, "invalid_option"),
        ("promoted", {}, "no_release"),
        ("promoted", {"image": NEW}, "invalid_option"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_write(quiet: Shop, state: str, options: dict[str, Any], code: str) -> None:
    before = quiet.written()
    assert quiet.refusal(state, **options)["code"] == code
    assert quiet.written() == before


def test_a_second_release_of_a_workload_is_refused_and_the_first_one_named(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    shop.begun(5)
    told = shop.refusal("prepared", image="registry.invalid/app:3")
    assert (told["code"], told["release"]["weight"]) == ("release_open", 5)
    assert not shop.run("prepared", image=NEW)["changed"]
    shop.run("aborted")


def test_a_phase_out_of_order_is_refused(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    shop.begun(5)
    found = {state: shop.refusal(state)["code"] for state in ("promoted", "finished", "enabled")}
    assert found == {"promoted": "phase_wrong", "finished": "phase_wrong", "enabled": "release_open"}
    shop.run("aborted")


def test_a_release_whose_promotion_has_begun_is_not_aborted(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    shop.begun(100)
    shop.run("promoted")
    assert shop.refusal("aborted")["code"] == "promotion_begun"
    assert shop.refusal("finished")["code"] == "phase_wrong"
    shop.run("weight", weight=0)
    shop.run("finished")


def test_a_template_that_somebody_changes_under_way_is_not_promoted_and_not_taken_back(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    shop.begun(100)
    environment = {"spec": {"template": {"metadata": {"annotations": {"by": "hand"}}}}}
    served.merge("Deployment", "web", shop.namespace, environment)
    told = shop.refusal("promoted")
    assert (told["code"], told["verdict"]) == ("template_changed", "inconclusive")
    aborted = shop.call("aborted").run()
    assert aborted["code"] == "template_changed"
    assert (shop.weights(), shop.exists("Deployment", "web-canary")) == ({"web": 0}, False)
    served.merge("Deployment", "web", shop.namespace, {"spec": {"template": {"metadata": {"annotations": {"by": None}}}}})
    shop.run("aborted")
    assert shop.record is None


def test_a_release_does_not_begin_while_an_upgrade_is_open(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    upgrade = {**served.connection, "from_revision": "1-31-0", "to_revision": "1-32-0"}
    assert not Call("upgrade_record", {**upgrade, "state": "present"}).run().get("failed")
    told = shop.refusal("prepared", image=NEW)
    Call("upgrade_record", {**served.connection, "state": "absent"}).run()
    assert told["code"] == "upgrade_open"
    assert "from 1-31-0 to 1-32-0" in told["msg"]
    shop.begun()
    shop.run("aborted")


def test_what_has_the_name_of_something_that_a_release_makes_is_left_alone(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    shop.service("web-canary", {"app": "other"})
    shop.create(ISTIO, "DestinationRule", "web", {"host": "web"})
    shop.create(ISTIO, "DestinationRule", "web-canary", {"host": "other"})
    told = shop.refusal("prepared", image=NEW)
    assert told["code"] == "not_ours"
    assert {"Service", "DestinationRule"} <= set(told["msg"].replace(",", "").split())


def test_several_services_are_named_and_one_of_them_can_be_chosen(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    shop.service("web-inner", {"app": "web"})
    told = shop.refusal("prepared", image=NEW)
    assert (told["code"], "web-inner" in told["msg"]) == ("service_unclear", True)
    shop.run("prepared", image=NEW, service="web")
    shop.run("aborted")


def test_what_an_admission_policy_denies_is_found_before_the_deployment_is_paused(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    with _no_canaries(served, shop.namespace):
        told = shop.refusal("prepared", image=NEW)
    assert told["code"] == "admission_denied"
    assert shop.record is None


def test_a_service_that_another_cluster_has_too_is_released_there_as_well_or_not_at_all(served: Mesh, server: ApiServer) -> None:
    shop = Shop(served, replicas=1)
    other = [{"name": "us", "kubeconfig": str(server.kubeconfig)}]
    server.client.ensure("/api/v1/namespaces", {"metadata": {"name": shop.namespace}})
    shop.run("prepared", image=NEW, clusters=other)
    shop.run("aborted")
    service = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}
    server.client.create(f"/api/v1/namespaces/{shop.namespace}/services", service)
    told = shop.refusal("prepared", image=NEW, clusters=other)
    assert (told["code"], "us" in told["msg"]) == ("service_elsewhere", True)


@contextlib.contextmanager
def _no_canaries(mesh: Mesh, namespace: str) -> Iterator[None]:
    """While it holds, a policy denies every Deployment of a namespace that is called a canary."""
    name, group = mesh.unused("no-canaries"), "admissionregistration.k8s.io/v1"
    rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "here", "expression": f"object.metadata.namespace == '{namespace}'"}],
        "validations": [{"expression": "!object.metadata.name.endsWith('-canary')", "message": "no canaries here"}],
    }
    mesh.create({"apiVersion": group, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name}, "spec": spec})
    binding = {"policyName": name, "validationActions": ["Deny"]}
    mesh.create({"apiVersion": group, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": name}, "spec": binding})
    mesh.until(lambda: _is_denied(mesh, namespace), "The policy is not in force.")
    yield
    for kind in ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"):
        mesh.delete(kind, name)


def _is_denied(mesh: Mesh, namespace: str) -> bool:
    body = mesh.get("Deployment", "web", namespace)
    body["metadata"] = {"name": "trial-canary", "namespace": namespace}
    try:
        mesh.client.request("POST", f"/apis/apps/v1/namespaces/{namespace}/deployments?dryRun=All", body)
    except ApiError:
        return True
    return False


def test_a_canary_without_its_service_gets_no_more_traffic(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    before = shop.written()
    shop.begun(25)
    served.delete("Service", "web-canary", shop.namespace)
    told = shop.refusal("weight", weight=50)
    assert (told["code"], told["verdict"]) == ("canary_missing", "failed")
    shop.run("aborted")
    assert shop.written() == before


def test_a_release_whose_service_is_lost_can_still_be_aborted(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    shop.begun(25)
    served.delete("Service", "web", shop.namespace)
    shop.run("aborted")
    assert (shop.record, shop.exists("Deployment", "web-canary"), shop.weights()) == (None, False, {"web": 0})


def test_a_rule_that_leads_to_two_workloads_carries_one_release_at_a_time(served: Mesh) -> None:
    shop = Shop(served, replicas=1)
    served.workload(shop.namespace, "api", replicas=1)
    shop.service("api")
    served.settled(shop.namespace, "api")
    web, api = ({"destination": {"host": name}, "weight": 50} for name in ("web", "api"))
    shop.route("both", {"hosts": ["both.example.com"], "gateways": ["shop/gateway"], "http": [{"route": [web, api]}]})
    shop.begun(25)
    told = shop.refusal("prepared", name="api", image=NEW)
    assert told["code"] == "release_open"
    assert "VirtualService" in told["msg"]
    shop.run("aborted")
    shop.run("prepared", name="api", image=NEW)
