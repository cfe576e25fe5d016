"""What stands against a move is found before its first write: who denies a change, and what would lose its pods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lab.client import ApiError
from tests.harness import gateways
from tests.harness.gateways import REV
from tests.harness.mesh import Mesh
from tests.harness.moves import NEW, OLD, marks, move

POLICY = "keep-it-as-it-is"
ADMISSION = "admissionregistration.k8s.io/v1"
BY_REVISION = {"app": "web", REV: OLD}
PORTS = [{"port": 80}]


def policy(mesh: Mesh, namespace: str, resource: str, expression: str) -> None:
    """A ValidatingAdmissionPolicy that denies updates of a resource in one namespace, or of that namespace."""
    group, field = ("apps", "object.metadata.namespace") if resource == "deployments" else ("", "object.metadata.name")
    rule = {"apiGroups": [group], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": [resource]}
    spec = {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "one", "expression": f"{field} == '{namespace}'"}],
        "validations": [{"expression": expression, "message": "ask the platform team"}],
    }
    mesh.create({"apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": POLICY}, "spec": spec})
    binding = {"policyName": POLICY, "validationActions": ["Deny"]}
    mesh.create({"apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": POLICY}, "spec": binding})


def holds(mesh: Mesh, kind: str, name: str, namespace: str | None, patch: dict[str, Any]) -> None:
    """Waits until the policy is in force."""

    def denied() -> bool:
        try:
            mesh.client.merge(f"{_path(kind, namespace, name)}?dryRun=All", patch)
        except ApiError:
            return True
        return False

    mesh.until(denied, "The policy is not in force.")


def _path(kind: str, namespace: str | None, name: str) -> str:
    return f"/api/v1/namespaces/{name}" if kind == "Namespace" else f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"


@pytest.fixture
def two(mesh: Mesh) -> Iterator[tuple[str, str]]:
    """Two namespaces of a wave, of which a policy keeps the second one as it is."""
    names = mesh.unused("pol"), mesh.unused("pol")
    for name in names:
        mesh.namespace(name, {REV: OLD})
        mesh.workload(name, "web", replicas=1)
        mesh.settled(name, "web")
    yield names
    for kind in ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"):
        mesh.delete(kind, POLICY)


@pytest.mark.parametrize("check", [False, True])
def test_a_policy_that_denies_one_namespace_of_a_wave_stops_all_of_it_before_the_first_write(
    mesh: Mesh, two: tuple[str, str], check: bool
) -> None:
    policy(mesh, two[1], "namespaces", "object.metadata.labels == oldObject.metadata.labels")
    holds(mesh, "Namespace", two[1], None, {"metadata": {"labels": {"any": "label"}}})
    before = mesh.snapshot(*two)

    told = move(mesh, *two, check=check)

    assert (told["failed"], told["code"], told["verdict"]) == (True, "admission_denied", "error")
    assert [(one["kind"], one["name"], one["by"]) for one in told["denials"]] == [
        ("Namespace", two[1], f"ValidatingAdmissionPolicy {POLICY}")
    ]
    assert all(part in told["msg"] for part in (two[1], POLICY, "ask the platform team"))
    assert mesh.snapshot(*two) == before


def test_a_policy_that_denies_a_pod_template_is_met_before_a_namespace_is_labelled(mesh: Mesh, two: tuple[str, str]) -> None:
    policy(mesh, two[1], "deployments", "object.spec.template == oldObject.spec.template")
    template = {"metadata": {"annotations": {"any": "annotation"}}}
    holds(mesh, "Deployment", "web", two[1], {"spec": {"template": template}})

    told = move(mesh, *two)

    assert [(one["kind"], one["namespace"]) for one in told["denials"]] == [("Deployment", two[1])]
    assert [marks(mesh, name)[REV] for name in two] == [OLD, OLD]


SELECTING: list[tuple[str, str, dict[str, Any]]] = [
    ("v1", "Service", {"type": "LoadBalancer", "selector": BY_REVISION, "ports": PORTS}),
    ("policy/v1", "PodDisruptionBudget", {"selector": {"matchLabels": BY_REVISION}, "minAvailable": 1}),
    ("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {"matchExpressions": [{"key": REV, "operator": "In", "values": [OLD]}]}}),
    ("networking.k8s.io/v1", "NetworkPolicy", {"podSelector": {}, "ingress": [{"from": [{"podSelector": {"matchLabels": BY_REVISION}}]}]}),
]


@pytest.mark.parametrize("selecting", SELECTING, ids=["service", "budget", "policy", "peer"])
def test_what_selects_a_gateway_by_its_revision_stops_its_move_before_the_first_write(
    mesh: Mesh, theirs: str, selecting: tuple[str, str, dict[str, Any]]
) -> None:
    version, kind, spec = selecting
    mesh.create({"apiVersion": version, "kind": kind, "metadata": {"name": "front", "namespace": theirs}, "spec": spec})
    before = mesh.snapshot(theirs)

    told = gateways.call(mesh, theirs)

    assert (told["failed"], told["code"], told["verdict"]) == (True, "selector_loses_pods", "error")
    assert [(one["kind"], one["name"], one["labels"]) for one in told["selectors"]] == [(kind, "front", [REV])]
    assert f"{kind} {theirs}/front" in told["msg"]
    assert gateways.call(mesh, theirs, check=True)["code"] == "selector_loses_pods"
    assert mesh.snapshot(theirs) == before


def test_a_gateway_that_moved_is_ready_with_the_endpoints_of_its_service(mesh: Mesh, theirs: str) -> None:
    told = gateways.call(mesh, theirs)
    assert (told["gateway"]["endpoints"], told["gateway"]["ready"]) == (2, True)


def test_a_service_that_selects_by_a_label_which_a_namespace_move_changes_stops_it(mesh: Mesh, edge: str) -> None:
    mesh.workload(edge, "web", marks={REV: OLD})
    mesh.settled(edge, "web")
    spec = {"selector": BY_REVISION, "ports": PORTS}
    mesh.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": edge}, "spec": spec})

    told = move(mesh, edge)
    mesh.merge("Service", "web", edge, {"spec": {"selector": {REV: None}}})

    assert (told["code"], told["selectors"][0]["name"]) == ("selector_loses_pods", "web")
    assert mesh.revisions(edge) == {"web": {OLD}}
    assert move(mesh, edge)["changed"]
    assert mesh.revisions(edge) == {"web": {NEW}}
