"""Releases before an upgrade or a rollback: those that are open stop it, and changes that wait for one are told."""

from __future__ import annotations

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels, release
from ansible_collections.meshyard.istio.plugins.module_utils._plan.finding import Finding
from ansible_collections.meshyard.istio.plugins.module_utils._plan.preflight import checks as preflight_checks
from ansible_collections.meshyard.istio.plugins.module_utils._plan.preflight import releases
from tests.unit.plan.preflight.test_checks import findings, given, mesh
from tests.unit.plan.several import NEW, OLD, Cluster, upgrade_steps

RECORD = release.Record(phase="prepared", run="nightly", template="0" * 16, service="web").dump()


def releasing(record: str = RECORD) -> Cluster:
    """A mesh in which a release of C(shop/web) is open."""
    cluster = mesh()
    cluster.worlds["shop"].workloads["Deployment", "web"]["metadata"]["annotations"] = {release.RECORD: record}
    return cluster


def opened(found: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.level, one.code, one.object) for one in found if one.code.startswith("release_")]


def test_a_release_in_a_namespace_that_would_move_is_a_blocker_and_says_who_began_it() -> None:
    found = findings(given(releasing()))["release_open"]
    assert (found.level, found.object, "nightly" in found.message, "abort" in found.remedy) == (
        "blocker",
        "Deployment shop/web",
        True,
        True,
    )


def test_a_release_in_a_namespace_that_does_not_move_is_no_finding() -> None:
    cluster = releasing()
    cluster.worlds["shop"].namespace["metadata"]["labels"] = {}
    cluster.worlds["shop"].roll("Deployment", "web")
    cluster.worlds["shop"].roll("Deployment", "api")
    assert opened(preflight_checks.findings(given(cluster))) == []


def test_a_record_that_cannot_be_read_is_a_blocker() -> None:
    assert opened(preflight_checks.findings(given(releasing("prod")))) == [("blocker", "release_unreadable", "Deployment shop/web")]


def test_a_release_of_a_gateway_that_is_moved_by_itself_is_a_blocker() -> None:
    cluster = mesh()
    edge = cluster.namespace("edge", workloads=[])
    gate = edge.add("gate", {labels.REV: OLD}, annotations={labels.TEMPLATES: "gateway"})
    assert opened(preflight_checks.findings(given(cluster))) == []
    gate["metadata"]["annotations"] = {release.RECORD: RECORD}
    assert opened(preflight_checks.findings(given(cluster))) == [("blocker", "release_open", "Deployment edge/gate")]


def test_a_release_that_was_begun_after_an_upgrade_is_a_blocker_of_its_rollback() -> None:
    cluster = Cluster(OLD, NEW, tags={"prod": OLD})
    cluster.namespace("shop", {"istio.io/rev": OLD})
    for step in upgrade_steps(cluster):
        step()
    cluster.worlds["shop"].workloads["Deployment", "web"]["metadata"]["annotations"] = {release.RECORD: RECORD}
    planned = cluster.plan("rollback")
    assert opened(list(releases.against(planned.left, cluster.evidence()))) == [("blocker", "release_open", "Deployment shop/web")]


def test_a_deployment_at_rest_between_releases_is_restarted_and_one_with_a_waiting_change_is_told() -> None:
    cluster = mesh()
    for name, updated in (("web", 1), ("api", 0)):
        found = cluster.worlds["shop"].workloads["Deployment", name]
        found["metadata"]["annotations"] = {labels.RELEASE_ENABLED: '{"paused":false}'}
        found["spec"]["paused"] = True
        found["status"]["updatedReplicas"] = updated
    told = preflight_checks.findings(given(cluster))
    assert [(one.object, "waits for a release" in one.message) for one in told if one.code == "not_restartable"] == [
        ("Deployment shop/api", True)
    ]
    assert [one.workload.name for one in given(cluster).restarted if one.workload.namespace == "shop"] == ["web"]
    assert "not_ready" not in findings(given(cluster))
