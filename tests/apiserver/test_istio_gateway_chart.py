"""istio_gateway installs from the chart, keeps what it rendered, and refuses bad input."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.harness.gateways import (
    NEW,
    OLD,
    REV,
    call,
    install,
    put,
    service,
    spec_of_service,
)
from tests.harness.mesh import SYSTEM, Mesh


def test_installed_in_check_mode_and_for_real_it_is_the_same_and_stays_the_same(mesh: Mesh, edge: str) -> None:
    predicted = install(mesh, edge, check=True)
    assert not mesh.exists("Deployment", "web", edge)

    done = install(mesh, edge)
    again = install(mesh, edge)

    assert predicted["steps"] == done["steps"]
    assert (done["made_by"], done["gateway"]["ready"], done["gateway"]["revision"]) == ("meshyard", True, OLD)
    assert (again["changed"], again["steps"]) == (False, [])
    assert mesh.get("Service", "web", edge)["spec"]["type"] == "LoadBalancer"
    assert mesh.get("Deployment", "web", edge)["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert REV not in mesh.get("Deployment", "web", edge)["spec"]["selector"]["matchLabels"]
    assert mesh.revisions(edge) == {"web": {OLD}}


def test_moved_with_its_chart_values_are_carried_and_the_service_stays(mesh: Mesh, edge: str) -> None:
    values = {"service": {"externalTrafficPolicy": "Local"}, "autoscaling": {"enabled": False}, "replicaCount": 3}
    install(mesh, edge, values=values)
    service(mesh, edge)
    before = spec_of_service(mesh, edge)

    predicted = install(mesh, edge, version="1.32.0", revision=NEW, check=True)
    done = install(mesh, edge, version="1.32.0", revision=NEW)

    assert predicted["steps"] == done["steps"]
    assert spec_of_service(mesh, edge) == before
    assert mesh.get("Deployment", "web", edge)["spec"]["replicas"] == 3
    assert mesh.revisions(edge) == {"web": {NEW}}
    assert not install(mesh, edge, version="1.32.0", revision=NEW)["changed"]


def test_kept_values_that_its_new_chart_does_not_read_are_left_behind_with_a_warning(mesh: Mesh, edge: str) -> None:
    install(mesh, edge, values={"autoscaling": {"enabled": False}, "replicaCount": 3})
    kept = {"kind": "ingress", "values": {"replicaCount": 3, "service": {"gone": 1}, "autoscaling": {"enabled": False}, "bygone": {}}}
    mesh.merge("Deployment", "web", edge, {"metadata": {"annotations": {"meshyard.io/gateway": json.dumps(kept)}}})

    done = install(mesh, edge, version="1.32.0", revision=NEW)

    assert "does not read are left behind: bygone, service.gone." in str(done["warnings"])
    assert mesh.get("Deployment", "web", edge)["spec"]["replicas"] == 3
    assert "gone" not in mesh.get("Deployment", "web", edge)["metadata"]["annotations"]["meshyard.io/gateway"]
    assert not install(mesh, edge, version="1.32.0", revision=NEW).get("warnings")


@pytest.mark.parametrize("with_chart", [True, False], ids=["chart", "patch"])
def test_an_installed_gateway_goes_and_comes_back(mesh: Mesh, edge: str, with_chart: bool) -> None:
    install(mesh, edge)
    before = mesh.get("Service", "web", edge)["metadata"]["uid"]
    moved = install(mesh, edge, revision=NEW) if with_chart else call(mesh, edge)
    assert moved["changed"]
    assert mesh.revisions(edge) == {"web": {NEW}}
    assert not (install(mesh, edge, revision=NEW) if with_chart else call(mesh, edge))["changed"]

    call(mesh, edge, state="former")

    assert mesh.revisions(edge) == {"web": {OLD}}
    assert not call(mesh, edge, state="former")["changed"]
    assert mesh.get("Service", "web", edge)["metadata"]["uid"] == before
    settled = install(mesh, edge)
    assert "failed" not in settled
    assert not install(mesh, edge)["changed"]
    assert mesh.revisions(edge) == {"web": {OLD}}


def test_drift_is_put_back_and_fields_of_others_are_left_alone(mesh: Mesh, edge: str) -> None:
    install(mesh, edge)
    mesh.merge("Service", "web", edge, {"metadata": {"annotations": {"theirs": "1"}}, "spec": {"externalTrafficPolicy": "Local"}})
    mesh.merge("Deployment", "web", edge, {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 1}}}})
    mesh.settled(edge, "web")

    done = install(mesh, edge)

    assert [(step["kind"], step["fields"]) for step in done["steps"]] == [
        ("Deployment", ["spec.template.spec.terminationGracePeriodSeconds"])
    ]
    found = mesh.get("Service", "web", edge)
    assert (found["metadata"]["annotations"]["theirs"], found["spec"]["externalTrafficPolicy"]) == ("1", "Local")


def test_an_egress_gateway_has_no_load_balancer(mesh: Mesh, edge: str) -> None:
    install(mesh, edge, kind="egress")
    assert mesh.get("Service", "web", edge)["spec"]["type"] == "ClusterIP"
    assert not install(mesh, edge)["changed"]


def test_absent_removes_what_was_installed_and_nothing_else(mesh: Mesh, edge: str) -> None:
    other = mesh.namespace(mesh.unused("other"))
    install(mesh, edge)
    install(mesh, other)

    predicted = call(mesh, edge, state="absent", check=True)
    done = call(mesh, edge, state="absent")

    assert predicted["steps"] == done["steps"]
    assert not [mesh.exists(kind, "web", edge) for kind in ("Deployment", "Service", "ServiceAccount") if mesh.exists(kind, "web", edge)]
    assert mesh.exists("Deployment", "web", other)
    assert not call(mesh, edge, state="absent")["changed"]


def test_a_namespace_is_made_only_when_asked_for(mesh: Mesh) -> None:
    name = mesh.unused("new")

    refused = install(mesh, name)
    done = install(mesh, name, create_namespace=True)

    assert "create_namespace" in refused["msg"]
    assert done["steps"][0]["kind"] == "Namespace"
    assert mesh.revisions(name) == {"web": {OLD}}


def test_a_planned_revision_and_namespace_are_enough_for_check_mode(mesh: Mesh) -> None:
    predicted = install(mesh, "not-yet", check=True, version="1.31.0", revision="1-33-0", planned_revisions=["1-33-0"])

    assert predicted["changed"], predicted
    assert predicted["gateway"]["revision"] == "1-33-0"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "nothing"}, "There is no Deployment "),
        ({"name": "plain"}, "is not an Istio gateway"),
        ({"revision": "1-33-0"}, "which no active webhook serves"),
        ({"revision": None}, "State present needs a revision."),
        ({"state": "former", "revision": NEW}, "has no meaning"),
        ({"values": {"replicaCount": 2}}, "values needs a version"),
        ({"values": {"replicaCount": 2}, "version": "1.31.0"}, "was made by unknown"),
        ({"state": "absent"}, "is not removed by it"),
        ({"name": "new", "version": "1.31.0", "values": {"replicaCuont": 2}}, "replicaCuont"),
        ({"name": "new", "version": "1.31.0", "values": {"service": "x"}}, "service (it must be a map)"),
        ({"name": "new", "version": "1.31.0", "values": {"revision": OLD}}, "not theirs to set"),
        ({"name": "new", "version": "latest"}, "'latest' is not a version."),
        ({"name": "new", "version": "1.2.0"}, "1.2.0"),
        ({"name": "new", "version": "1.31.0", "binary_path": "/nowhere/helm"}, "Helm cannot be run"),
        ({"name": "half", "version": "1.31.0"}, "was not made by this module"),
    ],
)
def test_bad_input_is_refused_in_a_sentence_before_the_first_write(mesh: Mesh, theirs: str, options: dict[str, Any], sentence: str) -> None:
    mesh.workload(theirs, "plain")
    mesh.settled(theirs, "plain")
    service(mesh, theirs, "half")
    before = mesh.snapshot(theirs, SYSTEM)

    told = call(mesh, theirs, **options)

    assert told.get("failed"), told
    assert sentence in told["msg"]
    assert "Traceback" not in json.dumps(told)
    assert mesh.snapshot(theirs, SYSTEM) == before


def test_a_gateway_with_the_revision_in_its_selector_cannot_be_moved_and_says_what_to_do(mesh: Mesh, edge: str) -> None:
    put(mesh, edge, selector={"matchLabels": {"app": "web", REV: OLD}})

    told = call(mesh, edge)

    assert "in its selector" in told["msg"]
    assert mesh.revisions(edge).get("web", {OLD}) == {OLD}


def test_an_east_west_gateway_keeps_kind_and_network_when_it_moves(mesh: Mesh, edge: str) -> None:
    label = "topology.istio.io/network"
    install(mesh, edge, name="istio-eastwestgateway", kind="eastwest", network="net-eu")
    assert not install(mesh, edge, name="istio-eastwestgateway")["changed"]
    install(mesh, edge, name="istio-eastwestgateway", version="1.32.0", revision=NEW)

    found = mesh.get("Service", "istio-eastwestgateway", edge)
    assert (found["spec"]["type"], found["metadata"]["labels"][label]) == ("LoadBalancer", "net-eu")
    assert {(port["port"], port["targetPort"]) for port in found["spec"]["ports"]} == {(n, n) for n in (15021, 15443, 15012, 15017)}
    pods = mesh.get("Deployment", "istio-eastwestgateway", edge)["spec"]["template"]["metadata"]["labels"]
    assert (pods[label], pods["istio"], pods[REV]) == ("net-eu", "eastwestgateway", NEW)
