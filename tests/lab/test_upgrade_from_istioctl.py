"""A mesh with an ingress gateway that istioctl made is upgraded under load; retiring removes the plane that istioctl made."""

from __future__ import annotations

import pytest

from tests.harness.lab import planes, shop, state
from tests.harness.lab.cluster import LabCluster
from tests.harness.lab.playbooks import UPGRADE, Playbooks
from tests.harness.lab.settings import NEW
from tests.harness.lab.traffic import Traffic

GATEWAY = (state.SYSTEM, "istio-ingressgateway")


@pytest.fixture(scope="module")
def istioctl_mesh(cluster: LabCluster) -> LabCluster:
    """What `istioctl install` makes, with the shop."""
    planes.by_istioctl(cluster)
    shop.put(cluster, shop.variables({"istio-injection": "enabled"}, GATEWAY[1], GATEWAY[0]))
    return cluster


@pytest.fixture(scope="module")
def address(istioctl_mesh: LabCluster) -> tuple[str, str]:
    """UID and address of the gateway's Service before the upgrade."""
    return istioctl_mesh.reader.gateway_address(*GATEWAY)


@pytest.fixture(scope="module")
def upgrade(istioctl_mesh: LabCluster, address: tuple[str, str], play: Playbooks) -> Traffic:
    """The upgrade with retire, between the beginning and the end of the load."""
    with Traffic(istioctl_mesh, "upgrade", GATEWAY) as traffic:
        play.run(UPGRADE, canary_upgrade_retire=True)
    return traffic


def test_no_request_fails(upgrade: Traffic) -> None:
    upgrade.proves_no_loss()


def test_every_pod_is_on_the_new_revision(istioctl_mesh: LabCluster, upgrade: Traffic) -> None:
    assert shop.planes(istioctl_mesh, *shop.NAMESPACES) == {NEW}


def test_the_gateway_is_moved_in_place(istioctl_mesh: LabCluster, address: tuple[str, str], upgrade: Traffic) -> None:
    pods = [pod for pod in shop.pods(istioctl_mesh, state.SYSTEM) if pod["metadata"]["labels"].get("istio") == "ingressgateway"]
    assert {pod["metadata"]["annotations"]["istio.io/rev"] for pod in pods} == {NEW}
    assert istioctl_mesh.reader.gateway_address(*GATEWAY) == address


def test_nothing_of_istioctls_plane_is_left_but_what_all_share(istioctl_mesh: LabCluster, upgrade: Traffic) -> None:
    names = state.names(istioctl_mesh)
    gone = {"istiod", "istio", "istio-sidecar-injector", "istio-validator-istio-system", "values"}
    assert not names & gone
    assert {f"istiod-{NEW}", "istiod-default-validator", "istio-reader-service-account"} <= names


def test_the_default_tag_that_istioctl_made_leads_to_the_new_plane(istioctl_mesh: LabCluster, upgrade: Traffic) -> None:
    tag = istioctl_mesh.get("MutatingWebhookConfiguration", "istio-revision-tag-default")
    assert tag is not None
    assert tag["metadata"]["labels"]["istio.io/rev"] == NEW


def test_configuration_is_accepted_after_the_old_plane_is_gone(istioctl_mesh: LabCluster, upgrade: Traffic) -> None:
    spec = {"egress": [{"hosts": ["./*"]}]}
    rule = {"apiVersion": "networking.istio.io/v1", "kind": "Sidecar", "metadata": {"name": "trial", "namespace": "shop-web"}, "spec": spec}
    path = "/apis/networking.istio.io/v1/namespaces/shop-web/sidecars?dryRun=All"
    assert istioctl_mesh.client.request("POST", path, rule)["metadata"]["name"] == "trial"


def test_a_second_run_changes_nothing(play: Playbooks, upgrade: Traffic) -> None:
    again = play.run(UPGRADE, canary_upgrade_retire=True)
    assert again.changed_tasks() == []
