"""istio_gateway moves what others made, in place, and brings it back."""

from __future__ import annotations

import json

import pytest

from tests.harness.gateways import MARK, NEW, OLD, RECORD, REV, call, spec_of_service, template
from tests.harness.leases import expire
from tests.harness.mesh import SYSTEM, Mesh
from tests.harness.modules import Call
from tests.harness.proxy import WriteProxy


@pytest.mark.smoke
def test_a_gateway_of_others_moves_by_the_smallest_patch_and_its_service_stays_as_it_is(mesh: Mesh, theirs: str) -> None:
    before, pod, deployment = spec_of_service(mesh, theirs), template(mesh, theirs), mesh.get("Deployment", "web", theirs)

    done = call(mesh, theirs)

    after = mesh.get("Deployment", "web", theirs)
    assert (done["changed"], done["made_by"], [step["name"] for step in done["steps"]]) == (True, "unknown", ["web"])
    assert spec_of_service(mesh, theirs) == before
    marked = template(mesh, theirs)
    assert marked["metadata"]["annotations"].pop(MARK).startswith(f"{NEW}@1.32.0+")
    pod["metadata"]["labels"][REV] = NEW
    assert marked == pod
    assert {**after["spec"], "template": None} == {**deployment["spec"], "template": None}
    assert json.loads(after["metadata"]["annotations"][RECORD]) == {REV: OLD}
    assert mesh.revisions(theirs) == {"web": {NEW}}


def test_the_answer_shows_the_service_before_and_after(mesh: Mesh, theirs: str) -> None:
    done = call(mesh, theirs)

    found = done["gateway"]
    assert (found["revision_before"], found["revision"], found["ready"]) == (OLD, NEW, True)
    assert {key: found[key] for key in done["before"]} == done["before"]
    assert (found["address"], found["uid"]) == ("192.0.2.7", mesh.get("Service", "web", theirs)["metadata"]["uid"])
    assert list(found["node_ports"]) == ["http"]
    assert [one["revision"] for one in done["proof"]] == [NEW, NEW]


def test_check_mode_tells_the_same_and_writes_nothing_and_a_second_run_changes_nothing(mesh: Mesh, theirs: str) -> None:
    before = mesh.snapshot(theirs, SYSTEM)
    predicted = call(mesh, theirs, check=True)
    assert mesh.snapshot(theirs, SYSTEM) == before

    done = call(mesh, theirs)
    after = mesh.snapshot(theirs, SYSTEM)
    again = call(mesh, theirs)

    assert (predicted["steps"], predicted["gateway"]["revision"]) == (done["steps"], NEW)
    assert predicted.keys() == done.keys()
    assert (again["changed"], again["steps"]) == (False, [])
    assert mesh.snapshot(theirs, SYSTEM) == after
    assert again["requests"] <= 12


def test_the_former_label_comes_back_and_the_record_goes(mesh: Mesh, theirs: str) -> None:
    call(mesh, theirs)

    back = call(mesh, theirs, state="former")

    assert back["changed"]
    assert template(mesh, theirs)["metadata"]["labels"][REV] == OLD
    assert RECORD not in mesh.get("Deployment", "web", theirs)["metadata"]["annotations"]
    assert mesh.revisions(theirs) == {"web": {OLD}}
    assert not call(mesh, theirs, state="former")["changed"]


def test_the_record_can_be_forgotten(mesh: Mesh, theirs: str) -> None:
    call(mesh, theirs)

    done = call(mesh, theirs, forget_former=True)

    assert [step["reason"] for step in done["steps"]] == [f"{RECORD} is no longer needed"]
    assert not call(mesh, theirs, state="former")["changed"]
    assert mesh.revisions(theirs) == {"web": {NEW}}


def test_a_gateway_that_follows_a_tag_is_restarted_after_the_tag_moved_and_not_again(mesh: Mesh, theirs: str) -> None:
    mesh.tag("edge", OLD)
    call(mesh, theirs, revision="edge")
    assert mesh.revisions(theirs) == {"web": {OLD}}
    mesh.tag("edge", NEW)

    done = call(mesh, theirs, revision="edge")

    assert done["changed"]
    assert mesh.revisions(theirs) == {"web": {NEW}}
    assert not call(mesh, theirs, revision="edge")["changed"]


@pytest.mark.parametrize("labels", [{REV: OLD}, {"istio-injection": "enabled"}])
def test_a_label_of_the_namespace_that_leads_elsewhere_is_named_with_the_way_out(mesh: Mesh, theirs: str, labels: dict[str, str]) -> None:
    mesh.merge("Namespace", theirs, None, {"metadata": {"labels": labels}})

    told = call(mesh, theirs)

    (key,) = labels
    assert told["failed"]
    assert f"{key}={labels[key]}" in told["msg"]
    assert "namespace_revision" in told["msg"]


def test_a_label_of_the_namespace_that_leads_there_is_enough(mesh: Mesh, theirs: str) -> None:
    mesh.merge("Namespace", theirs, None, {"metadata": {"labels": {REV: NEW}}})

    done = call(mesh, theirs)

    assert done["changed"]
    assert template(mesh, theirs)["metadata"]["labels"][REV] == OLD
    assert mesh.revisions(theirs) == {"web": {NEW}}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("state", ["present", "former"])
def test_killed_at_its_write_and_run_again_a_gateway_moves_once(mesh: Mesh, theirs: str, state: str, after: bool) -> None:
    if state == "former":
        call(mesh, theirs)
    before = spec_of_service(mesh, theirs)
    with WriteProxy(mesh.server.host) as proxy:
        through = {"kubeconfig": None, "host": proxy.url, "api_key": mesh.server.token}
        wanted = {"revision": NEW} if state == "present" else {"state": state}
        options = {**through, "name": "web", "namespace": theirs, "wait_timeout": 60, **wanted}
        run = Call("istio_gateway", options)
        process = run.start()
        proxy.at(1, process.kill, after=after)
        process.wait(60)
        expire(mesh.server.client)

        again = run.run()

        assert "failed" not in again, again
        assert len(proxy.writes) == (1 if after else 2)
    assert mesh.revisions(theirs) == {"web": {NEW if state == "present" else OLD}}
    assert spec_of_service(mesh, theirs) == before


def test_a_gateway_of_the_gateway_api_is_moved_by_its_label(mesh: Mesh, edge: str) -> None:
    """istiod is played by the test: it makes the Deployment, and rolls it once the Gateway has the label."""
    labels = {"gateway.networking.k8s.io/gateway-name": "public", "sidecar.istio.io/inject": "false"}
    pod = {"containers": [{"name": "istio-proxy", "image": "registry.invalid/proxyv2:1.31.0"}]}
    mesh.gateway_api()
    mesh.create(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": "public", "namespace": edge, "labels": {REV: OLD}},
            "spec": {"gatewayClassName": "istio"},
        }
    )
    mesh.workload(edge, "public-istio", marks=labels, annotations={REV: OLD}, pod=pod)
    made = {**labels, "gateway.istio.io/managed": "istio.io-gateway-controller"}
    mesh.merge("Deployment", "public-istio", edge, {"metadata": {"labels": made}})
    mesh.settled(edge, "public-istio")

    predicted = call(mesh, edge, name="public", check=True)
    process = Call("istio_gateway", {**mesh.connection, "name": "public", "namespace": edge, "revision": NEW, "wait_timeout": 60}).start()
    mesh.until(lambda: mesh.get("Gateway", "public", edge)["metadata"]["labels"][REV] == NEW, "The Gateway gets no label.")
    container = {"name": "istio-proxy", "image": "registry.invalid/proxyv2:1.32.0"}
    roll = {"metadata": {"annotations": {REV: NEW}}, "spec": {"containers": [container]}}
    mesh.merge("Deployment", "public-istio", edge, {"spec": {"template": roll}})
    output, _errors = process.communicate(timeout=90)
    done = json.loads(output)

    assert predicted["steps"] == done["steps"]
    assert [step["kind"] for step in done["steps"]] == ["Gateway"]
    assert (done["gateway"]["revision_before"], done["gateway"]["revision"], len(done["proof"])) == (OLD, NEW, 2)
    assert json.loads(mesh.get("Gateway", "public", edge)["metadata"]["annotations"][RECORD]) == {REV: OLD}
