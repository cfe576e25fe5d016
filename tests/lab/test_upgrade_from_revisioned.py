"""A mesh that the collection made goes from 1.31.0 to 1.32.0 under load, the old plane is retired, and nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import yaml

from tests.harness.lab import shop, state
from tests.harness.lab.istiod import break_one_field, proxies
from tests.harness.lab.mesh import Mesh
from tests.harness.lab.playbooks import UPGRADE, Outcome, writes
from tests.harness.lab.settings import GATEWAY, GATEWAY_NAMESPACE, NEW, NEW_VERSION, OLD
from tests.harness.lab.traffic import Traffic

SYSTEM = state.SYSTEM


@dataclass(frozen=True)
class Upgrade:
    """What was seen of the upgrade."""

    mesh: Mesh
    gateway_before: tuple[str, str]
    check: Outcome
    done: Outcome
    traffic: Traffic


@pytest.fixture(scope="module")
def upgrade(mesh: Mesh) -> Upgrade:
    """Check mode first, then the upgrade itself between the beginning and the end of the load."""
    before = mesh.cluster.reader.gateway_address(GATEWAY_NAMESPACE, GATEWAY)
    check = mesh.play.run(UPGRADE, "--check", "--diff", canary_upgrade_retire=True)
    with Traffic(mesh.cluster, "upgrade") as traffic:
        done = mesh.play.run(UPGRADE, canary_upgrade_retire=True)
    return Upgrade(mesh, before, check, done, traffic)


def test_check_mode_writes_nothing(upgrade: Upgrade) -> None:
    assert writes(upgrade.mesh.cluster, upgrade.check.begin, upgrade.check.end) == []


def test_check_mode_predicts_every_step(upgrade: Upgrade) -> None:
    assert upgrade.check.changes == upgrade.done.changes


def test_no_request_fails(upgrade: Upgrade) -> None:
    upgrade.traffic.proves_no_loss()


def test_old_and_new_proxies_answered_during_the_upgrade(upgrade: Upgrade) -> None:
    assert all(upgrade.traffic.codes()[code] for code in ("200", "202"))


def test_every_pod_is_on_the_new_revision(upgrade: Upgrade) -> None:
    assert shop.planes(upgrade.mesh.cluster) == {NEW}


def test_istiod_sees_only_proxies_of_the_new_version(upgrade: Upgrade) -> None:
    seen = proxies(upgrade.mesh.cluster.reader, upgrade.mesh.cluster.work / "syncz.json")
    assert {proxy["istio_version"] for proxy in seen} == {NEW_VERSION}
    assert len(seen) >= len(shop.NAMESPACES) + 1


def test_the_gateway_keeps_its_service_and_address(upgrade: Upgrade) -> None:
    assert upgrade.mesh.cluster.reader.gateway_address(GATEWAY_NAMESPACE, GATEWAY) == upgrade.gateway_before


def test_nothing_of_the_old_plane_is_left(upgrade: Upgrade) -> None:
    assert state.of_revision(state.planes(upgrade.mesh.cluster), OLD) == {}


def test_what_the_new_chart_dropped_is_gone_and_what_it_added_is_there(upgrade: Upgrade) -> None:
    maps = {item["metadata"]["name"]: item.get("data", {}) for item in upgrade.mesh.cluster.items("ConfigMap", SYSTEM)}
    assert [name for name in maps if name.startswith("istio-lab-")] == []
    assert "agentgateway-waypoint:" in maps[f"istio-sidecar-injector-{NEW}"]["config"]


def test_crds_went_forward(upgrade: Upgrade) -> None:
    crd = upgrade.mesh.cluster.get("CustomResourceDefinition", "sidecars.networking.istio.io")
    assert crd is not None
    specs = [version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"] for version in crd["spec"]["versions"]]
    assert all("http2KeepAlive" in str(spec) for spec in specs)


def test_values_of_the_old_plane_are_carried_over_and_defaults_are_the_new_ones(upgrade: Upgrade) -> None:
    config = upgrade.mesh.cluster.get("ConfigMap", f"istio-{NEW}", SYSTEM)
    istiod = upgrade.mesh.cluster.get("Deployment", f"istiod-{NEW}", SYSTEM)
    assert config is not None
    assert istiod is not None
    assert yaml.safe_load(config["data"]["mesh"])["defaultHttpRetryPolicy"] == {"attempts": 0}
    container = istiod["spec"]["template"]["spec"]["containers"][0]
    environment = {item["name"]: item.get("value") for item in container["env"]}
    assert environment["PILOT_ENABLE_ALPN_FILTER"] == "false"
    assert environment["PILOT_TRACE_SAMPLING"] == "0.5"


def test_a_second_run_changes_nothing(upgrade: Upgrade) -> None:
    again = upgrade.mesh.play.run(UPGRADE, canary_upgrade_retire=True)
    assert again.changed_tasks() == []
    assert writes(upgrade.mesh.cluster, again.begin, again.end) == []


def test_a_field_broken_by_hand_is_put_back_and_nothing_else(upgrade: Upgrade) -> None:
    broken = break_one_field(upgrade.mesh.cluster.reader)
    repaired = upgrade.mesh.play.run(UPGRADE, canary_upgrade_retire=True)
    assert len(repaired.changes) == 1, repaired.changes
    assert broken.split()[1] in repaired.changes[0]
    written = writes(upgrade.mesh.cluster, repaired.begin, repaired.end)
    assert [event["objectRef"]["name"] for event in written] == [f"istio-{NEW}"]
    config = upgrade.mesh.cluster.get("ConfigMap", f"istio-{NEW}", SYSTEM)
    assert config is not None
    assert "accessLogFile" not in config["data"]["mesh"]
