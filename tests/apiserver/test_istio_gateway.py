"""istio_gateway: installed from the chart, or made by others, it moves in place and comes back."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from lab.paths import CHARTS, program
from tests.harness.mesh import SYSTEM, Mesh
from tests.harness.modules import Call
from tests.harness.proxy import WriteProxy

OLD, NEW = "1-31-0", "1-32-0"
RECORD, MARK, REV = "meshyard.io/former", "meshyard.io/restarted-for", "istio.io/rev"
CHART = {"chart_repo_url": str(CHARTS), "binary_path": str(program("helm"))}
GATEWAY_TEMPLATE = {"inject.istio.io/templates": "gateway"}
_numbers = itertools.count()


@pytest.fixture
def edge(mesh: Mesh) -> str:
    """A namespace without labels."""
    return mesh.namespace(f"edge-{next(_numbers)}")


@pytest.fixture
def theirs(mesh: Mesh, edge: str) -> str:
    """The namespace of a gateway C(web) that somebody else made, on the old revision, with an address."""
    labels = {"istio": "web", REV: OLD, "sidecar.istio.io/inject": "true"}
    proxy = {"name": "istio-proxy", "image": "auto"}
    mesh.workload(edge, "web", marks=labels, annotations=dict(GATEWAY_TEMPLATE), pod={"containers": [proxy]})
    mesh.settled(edge, "web")
    service(mesh, edge)
    return edge


def service(mesh: Mesh, namespace: str, name: str = "web") -> None:
    """A Service with node ports, and the address that a load balancer gave it."""
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    if not mesh.exists("Service", name, namespace):
        spec = {"type": "LoadBalancer", "selector": {"app": name}, "ports": ports}
        mesh.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec})
    mesh.merge_status("Service", name, namespace, {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}})


def call(mesh: Mesh, namespace: str, check: bool = False, **options: Any) -> dict[str, Any]:
    wanted = {"revision": NEW} if options.get("state", "present") == "present" else {}
    given = {**mesh.connection, "name": "web", "namespace": namespace, "wait_timeout": 60, **CHART, **wanted, **options}
    return Call("istio_gateway", given, check=check).run()


def install(mesh: Mesh, namespace: str, check: bool = False, **options: Any) -> dict[str, Any]:
    return call(mesh, namespace, check, **{"version": "1.31.0", "revision": OLD, **options})


def spec_of_service(mesh: Mesh, namespace: str) -> dict[str, Any]:
    """All that callers outside know a gateway by."""
    found = mesh.get("Service", "web", namespace)
    return {"uid": found["metadata"]["uid"], "spec": found["spec"], "status": found["status"]}


def template(mesh: Mesh, namespace: str) -> dict[str, Any]:
    found: dict[str, Any] = mesh.get("Deployment", "web", namespace)["spec"]["template"]
    return found


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
    foretold = call(mesh, theirs, check=True)
    assert mesh.snapshot(theirs, SYSTEM) == before

    done = call(mesh, theirs)
    after = mesh.snapshot(theirs, SYSTEM)
    again = call(mesh, theirs)

    assert (foretold["steps"], foretold["gateway"]["revision"]) == (done["steps"], NEW)
    assert foretold.keys() == done.keys()
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
        run = Call("istio_gateway", options, environment={"MESHYARD_RUN_ID": "the same job"})
        process = run.start()
        proxy.at(1, process.kill, after=after)
        process.wait(60)
        process.communicate()

        again = run.run()

        assert "failed" not in again, again
        assert len(proxy.writes) == (1 if after else 2)
    assert mesh.revisions(theirs) == {"web": {NEW if state == "present" else OLD}}
    assert spec_of_service(mesh, theirs) == before


def test_installed_in_check_mode_and_for_real_it_is_the_same_and_stays_the_same(mesh: Mesh, edge: str) -> None:
    foretold = install(mesh, edge, check=True)
    assert not mesh.exists("Deployment", "web", edge)

    done = install(mesh, edge)
    again = install(mesh, edge)

    assert foretold["steps"] == done["steps"]
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

    foretold = install(mesh, edge, version="1.32.0", revision=NEW, check=True)
    done = install(mesh, edge, version="1.32.0", revision=NEW)

    assert foretold["steps"] == done["steps"]
    assert spec_of_service(mesh, edge) == before
    assert mesh.get("Deployment", "web", edge)["spec"]["replicas"] == 3
    assert mesh.revisions(edge) == {"web": {NEW}}
    assert not install(mesh, edge, version="1.32.0", revision=NEW)["changed"]


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
    other = mesh.namespace(f"other-{next(_numbers)}")
    install(mesh, edge)
    install(mesh, other)

    foretold = call(mesh, edge, state="absent", check=True)
    done = call(mesh, edge, state="absent")

    assert foretold["steps"] == done["steps"]
    assert not [mesh.exists(kind, "web", edge) for kind in ("Deployment", "Service", "ServiceAccount") if mesh.exists(kind, "web", edge)]
    assert mesh.exists("Deployment", "web", other)
    assert not call(mesh, edge, state="absent")["changed"]


def test_a_namespace_is_made_only_when_asked_for(mesh: Mesh) -> None:
    name = f"new-{next(_numbers)}"

    refused = install(mesh, name)
    done = install(mesh, name, create_namespace=True)

    assert "create_namespace" in refused["msg"]
    assert done["steps"][0]["kind"] == "Namespace"
    assert mesh.revisions(name) == {"web": {OLD}}


def test_a_planned_revision_and_namespace_are_enough_for_check_mode(mesh: Mesh) -> None:
    foretold = install(mesh, "not-yet", check=True, version="1.31.0", revision="1-33-0", planned_revisions=["1-33-0"])

    assert foretold["changed"], foretold
    assert foretold["gateway"]["revision"] == "1-33-0"


def test_a_gateway_of_the_gateway_api_is_moved_by_its_label(mesh: Mesh, edge: str) -> None:
    """istiod is played by the test: it makes the Deployment, and rolls it once the Gateway has the label."""
    labels = {"gateway.networking.k8s.io/gateway-name": "public", "sidecar.istio.io/inject": "false"}
    pod = {"containers": [{"name": "istio-proxy", "image": "registry.invalid/proxyv2:1.31.0"}]}
    mesh.gateway_api()
    mesh.create({
        "apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
        "metadata": {"name": "public", "namespace": edge, "labels": {REV: OLD}}, "spec": {"gatewayClassName": "istio"},
    })  # fmt: skip
    mesh.workload(edge, "public-istio", marks=labels, annotations={REV: OLD}, pod=pod)
    made = {**labels, "gateway.istio.io/managed": "istio.io-gateway-controller"}
    mesh.merge("Deployment", "public-istio", edge, {"metadata": {"labels": made}})
    mesh.settled(edge, "public-istio")

    foretold = call(mesh, edge, name="public", check=True)
    process = Call("istio_gateway", {**mesh.connection, "name": "public", "namespace": edge, "revision": NEW, "wait_timeout": 60}).start()
    mesh.until(lambda: mesh.get("Gateway", "public", edge)["metadata"]["labels"][REV] == NEW, "The Gateway gets no label.")
    container = {"name": "istio-proxy", "image": "registry.invalid/proxyv2:1.32.0"}
    roll = {"metadata": {"annotations": {REV: NEW}}, "spec": {"containers": [container]}}
    mesh.merge("Deployment", "public-istio", edge, {"spec": {"template": roll}})
    output, _errors = process.communicate(timeout=90)
    done = json.loads(output)

    assert foretold["steps"] == done["steps"]
    assert [step["kind"] for step in done["steps"]] == ["Gateway"]
    assert (done["gateway"]["revision_before"], done["gateway"]["revision"], len(done["proof"])) == (OLD, NEW, 2)
    assert json.loads(mesh.get("Gateway", "public", edge)["metadata"]["annotations"][RECORD]) == {REV: OLD}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "nothing"}, "is not an Istio gateway"),
        ({"name": "plain"}, "is not an Istio gateway"),
        ({"revision": "1-33-0"}, "which no active webhook serves"),
        ({"revision": None}, "State present needs a revision."),
        ({"state": "former", "revision": NEW}, "has no meaning"),
        ({"values": {"replicaCount": 2}}, "values need a version"),
        ({"values": {"replicaCount": 2}, "version": "1.31.0"}, "was made by unknown"),
        ({"state": "absent"}, "is not removed by it"),
        ({"name": "new", "version": "1.31.0", "values": {"replicaCuont": 2}}, "replicaCuont"),
        ({"name": "new", "version": "1.31.0", "values": {"revision": OLD}}, "not theirs to set"),
        ({"name": "new", "version": "1.2.0"}, "1.2.0"),
        ({"name": "new", "version": "1.31.0", "binary_path": "/nowhere/helm"}, "Helm cannot be run"),
        ({"name": "half", "version": "1.31.0"}, "was not made by this module"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_a_sentence_before_the_first_write(
    mesh: Mesh, theirs: str, options: dict[str, Any], sentence: str
) -> None:
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
    labels = {"app": "web", REV: OLD, "sidecar.istio.io/inject": "true"}
    selector = {"matchLabels": {"app": "web", REV: OLD}}
    proxy = {"name": "istio-proxy", "image": "auto"}
    mesh.workload(edge, "web", marks=labels, annotations=dict(GATEWAY_TEMPLATE), pod={"containers": [proxy]}, selector=selector)

    told = call(mesh, edge)

    assert "in its selector" in told["msg"]
    assert mesh.revisions(edge).get("web", {OLD}) == {OLD}
