"""Preflight asks by dry runs whether new pods of what an upgrade restarts would be admitted."""

from __future__ import annotations

from typing import Any

import pytest

from lab.client import ApiError
from tests.harness.gateways import REV
from tests.harness.mesh import Mesh
from tests.harness.modules import Call
from tests.harness.moves import NEW, OLD

ADMISSION = "admissionregistration.k8s.io/v1"
POLICY = "no-new-pods"
CODES = ("quota_blocks_surge", "pod_denied", "pod_not_tried")


@pytest.fixture
def restarted(mesh: Mesh) -> str:
    """A namespace on the old revision with a workload of two pods."""
    name = mesh.namespace(mesh.unused("tried"), {REV: OLD})
    mesh.workload(name, "web")
    mesh.settled(name, "web")
    return name


def findings(mesh: Mesh, name: str) -> list[tuple[str, str, str]]:
    """Level, code and message of what preflight found out about new pods of a namespace."""
    options = {**mesh.connection, "version": "1.32.0", "revision": NEW, "from_revision": OLD, "namespaces": [name]}
    told = Call("upgrade_plan", options).run()
    assert not told.get("failed"), told["msg"]
    found: list[dict[str, Any]] = told["findings"]
    return [(one["level"], one["code"], one["message"]) for one in found if one["code"] in CODES]


def quota(mesh: Mesh, name: str) -> None:
    """A quota that the pods which are there use up; its controller does not run here."""
    hard = {"pods": "2"}
    mesh.create({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few", "namespace": name}, "spec": {"hard": hard}})
    mesh.merge_status("ResourceQuota", "few", name, {"status": {"hard": hard, "used": hard}})
    mesh.until(lambda: refused(mesh, name), "The quota is not in force.")


def refused(mesh: Mesh, name: str) -> bool:
    pod = {"metadata": {"name": "any"}, "spec": {"containers": [{"name": "app", "image": "registry.invalid/app:1"}]}}
    try:
        mesh.client.request("POST", f"/api/v1/namespaces/{name}/pods?dryRun=All", pod)
    except ApiError:
        return True
    return False


def test_pods_that_are_admitted_are_no_finding_and_none_is_made(mesh: Mesh, restarted: str) -> None:
    before = {pod["metadata"]["name"] for pod in mesh.items("Pod", restarted)}
    assert findings(mesh, restarted) == []
    assert {pod["metadata"]["name"] for pod in mesh.items("Pod", restarted)} == before


def test_a_quota_that_leaves_no_room_for_the_surge_is_a_blocker(mesh: Mesh, restarted: str) -> None:
    quota(mesh, restarted)
    ((level, code, message),) = findings(mesh, restarted)
    assert (level, code) == ("blocker", "quota_blocks_surge")
    assert f"Deployment {restarted}/web" in message
    assert "exceeded quota: few" in message


def test_a_quota_is_a_warning_where_an_old_pod_may_go_first(mesh: Mesh, restarted: str) -> None:
    strategy = {"rollingUpdate": {"maxUnavailable": 1, "maxSurge": 1}}
    mesh.merge("Deployment", "web", restarted, {"spec": {"strategy": strategy}})
    quota(mesh, restarted)
    assert [found[:2] for found in findings(mesh, restarted)] == [("warning", "quota_blocks_surge")]


def test_pod_security_that_came_after_the_pods_is_a_blocker(mesh: Mesh, restarted: str) -> None:
    mesh.merge("Namespace", restarted, None, {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}})
    mesh.until(lambda: refused(mesh, restarted), "Pod Security is not in force.")
    ((level, code, message),) = findings(mesh, restarted)
    assert (level, code) == ("blocker", "pod_denied")
    assert 'violates PodSecurity "restricted' in message


def test_a_policy_that_denies_pods_is_a_blocker_and_is_named(mesh: Mesh, restarted: str) -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "matchConditions": [{"name": "here", "expression": f"request.namespace == '{restarted}'"}],
        "validations": [{"expression": "false", "message": "not today"}],
    }
    mesh.create({"apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicy", "metadata": {"name": POLICY}, "spec": spec})
    binding = {"policyName": POLICY, "validationActions": ["Deny"]}
    mesh.create({"apiVersion": ADMISSION, "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": POLICY}, "spec": binding})
    mesh.until(lambda: refused(mesh, restarted), "The policy is not in force.")
    try:
        ((level, code, message),) = findings(mesh, restarted)
    finally:
        for kind in ("ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"):
            mesh.delete(kind, POLICY)
    assert (level, code) == ("blocker", "pod_denied")
    assert all(part in message for part in (POLICY, "not today"))
