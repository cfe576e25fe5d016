"""A mesh that Helm made, plain and revisioned planes side by side, is upgraded under load; what Helm made and is not needed goes."""

from __future__ import annotations

import pytest

from tests.harness.lab import planes, shop, state
from tests.harness.lab.cluster import LabCluster
from tests.harness.lab.playbooks import UPGRADE, Outcome, Playbooks
from tests.harness.lab.settings import GATEWAY, GATEWAY_NAMESPACE, NEW, OLD
from tests.harness.lab.traffic import Traffic

PLAIN = "default"
SIDE = "shop-orders"
"""The namespace that follows the revisioned plane; the others follow the plain one."""


@pytest.fixture(scope="module")
def helm_mesh(cluster: LabCluster) -> LabCluster:
    """A plain plane for the gateway and one namespace, a revisioned one for the other namespace."""
    planes.by_helm(cluster)
    planes.by_helm(cluster, OLD)
    planes.gateway_by_helm(cluster)
    cluster.client.create("/api/v1/namespaces", {"metadata": {"name": SIDE, "labels": {"istio.io/rev": OLD}}})
    shop.put(cluster, shop.variables({"istio-injection": "enabled"}))
    cluster.merge("Namespace", SIDE, None, {"metadata": {"labels": {"istio-injection": None, "istio.io/rev": OLD}}})
    cluster.kubectl("rollout", "restart", "-n", SIDE, "deployment")
    cluster.rolled_out(SIDE, "orders")
    return cluster


@pytest.fixture(scope="module")
def ambiguous(helm_mesh: LabCluster, play: Playbooks) -> Outcome:
    """An upgrade that does not say which of the two planes is meant."""
    return play.run(UPGRADE, expect=2)


@pytest.fixture(scope="module")
def upgrades(ambiguous: Outcome, helm_mesh: LabCluster, play: Playbooks) -> Traffic:
    """Both planes are left, one after the other, between the beginning and the end of the load."""
    with Traffic(helm_mesh, "upgrade") as traffic:
        play.run(UPGRADE, canary_upgrade_from_revision=PLAIN, canary_upgrade_retire=True)
        play.run(UPGRADE, canary_upgrade_from_revision=OLD, canary_upgrade_retire=True)
    return traffic


def test_several_planes_and_none_named_is_refused_with_their_names(ambiguous: Outcome) -> None:
    assert PLAIN in ambiguous.said
    assert OLD in ambiguous.said
    assert "canary_upgrade_from_revision" in ambiguous.said or "from_revision" in ambiguous.said


def test_no_request_fails(upgrades: Traffic) -> None:
    upgrades.proves_no_loss()


def test_every_pod_is_on_the_new_revision(helm_mesh: LabCluster, upgrades: Traffic) -> None:
    assert shop.planes(helm_mesh) == {NEW}


def test_namespaces_follow_the_revision_and_no_longer_the_default(helm_mesh: LabCluster, upgrades: Traffic) -> None:
    for name in shop.NAMESPACES:
        namespace_state = helm_mesh.get("Namespace", name)
        assert namespace_state is not None
        labels = namespace_state["metadata"]["labels"]
        assert (labels.get("istio.io/rev"), labels.get("istio-injection")) == (NEW, None)


def test_nothing_of_the_old_planes_is_left_but_what_all_share(helm_mesh: LabCluster, upgrades: Traffic) -> None:
    names = state.names(helm_mesh)
    assert state.of_revision(state.planes(helm_mesh), OLD) == {}
    assert names.isdisjoint({"istiod", "istio", "istio-sidecar-injector", "istio-validator-istio-system", "values", "istio-lab-removed"})
    assert {f"istiod-{NEW}", "istiod-default-validator", "istio-reader-service-account"} <= names


def test_helm_forgets_the_planes_and_keeps_base_and_gateway(helm_mesh: LabCluster, upgrades: Traffic) -> None:
    assert state.releases(helm_mesh) == ["istio-base", GATEWAY]
    assert "istiod" not in helm_mesh.run("helm", "list", "-A", "-q").split()


def test_the_base_stays_helms_and_its_crds_go_forward(helm_mesh: LabCluster, upgrades: Traffic) -> None:
    crd = helm_mesh.get("CustomResourceDefinition", "sidecars.networking.istio.io")
    account = helm_mesh.get("ServiceAccount", "istio-reader-service-account", state.SYSTEM)
    assert crd is not None
    assert account is not None
    assert "http2KeepAlive" in str(crd["spec"]["versions"])
    assert account["metadata"]["annotations"]["meta.helm.sh/release-name"] == "istio-base"


def test_the_gateway_stays_helms_and_can_be_upgraded_by_helm(helm_mesh: LabCluster, upgrades: Traffic) -> None:
    service = helm_mesh.get("Service", GATEWAY, GATEWAY_NAMESPACE)
    assert service is not None
    assert service["metadata"]["annotations"]["meta.helm.sh/release-name"] == GATEWAY
    assert service["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"


def test_configuration_is_accepted_after_the_old_planes_are_gone(helm_mesh: LabCluster, upgrades: Traffic) -> None:
    spec = {"egress": [{"hosts": ["./*"]}]}
    rule = {"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": {"name": "trial", "namespace": SIDE}, "spec": spec}
    path = f"/apis/networking.istio.io/v1/namespaces/{SIDE}/sidecars?dryRun=All"
    assert helm_mesh.client.request("POST", path, rule)["metadata"]["name"] == "trial"


def test_a_second_run_changes_nothing(play: Playbooks, upgrades: Traffic) -> None:
    again = play.run(UPGRADE, canary_upgrade_retire=True)
    assert again.changed_tasks() == []
