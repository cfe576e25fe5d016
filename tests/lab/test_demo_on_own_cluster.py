"""The demo on a cluster of one's own: a mesh goes from 1.31.0 to 1.32.0 under load, the old plane is retired, and nothing is lost."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.paths import BIN, CHARTS, FILES, LAB
from tests.harness.lab import audit, shop, state, task_results
from tests.harness.lab.cluster import Body, LabCluster
from tests.harness.lab.settings import GATEWAY_NAMESPACE, NEW, NEW_VERSION, OLD
from tests.tree import ROOT

SYSTEM = state.SYSTEM
FOLDER = "demo-on-own-cluster"
EVIDENCE = LAB / FOLDER / "evidence"
MINUTES = 10


@dataclass(frozen=True)
class Demo:
    """What the demo left: its figures, and the cluster.

    :ivar status: by which it ended.
    """

    cluster: LabCluster
    status: int
    output: str

    @property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((LAB / FOLDER / "result.json").read_text())
        return found

    def writes(self, run: str) -> list[Body]:
        """What the collection wrote during a run of the demo; Leases are no writes of an upgrade."""
        times = [line["time"] for line in task_results.lines(EVIDENCE / f"{run}.tasks.jsonl")]
        begin, end = (datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for at in (times[0], times[-1]))
        found = audit.writes_by(self.cluster.audit(), audit.COLLECTION, begin, end)
        return [event for event in found if event.get("objectRef", {}).get("resource") != "leases"]


@pytest.fixture(scope="module")
def demo(cluster: LabCluster) -> Demo:
    """All of `make demo INVENTORY=...`, without this Python's programs on PATH."""
    inventory = cluster.work / "own.yml"
    host = {"meshyard_kubeconfig": cluster.target.kubeconfig, "meshyard_context": cluster.name}
    inventory.write_text(yaml.safe_dump({"istio_primary": {"hosts": {"mine": host}}}))
    own = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(BIN), *(folder for folder in os.environ["PATH"].split(os.pathsep) if folder != own)]),
        "DEMO_WORK": FOLDER,
        "DEMO_CHARTS": str(CHARTS),
        "DEMO_IMAGE": cluster.target.image,
        "DEMO_VALUES": str(FILES / "istiod-values.yaml"),
        "ANSIBLE_FORCE_COLOR": "0",
    }
    command = [sys.executable, "-m", "demo", "--inventory", str(inventory)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=MINUTES * 60
    )
    (cluster.work / "demo.log").write_text(done.stdout)
    return Demo(cluster, done.returncode, done.stdout)


def test_every_line_of_its_table_is_as_it_should_be(demo: Demo) -> None:
    assert demo.status == 0, demo.output[-3000:]


def test_no_request_fails_and_old_and_new_proxies_answered(demo: Demo) -> None:
    requests = demo.facts["requests"]
    assert requests["failed"] == 0
    assert all(requests["by_plane_pair"].values()), requests


def test_check_mode_writes_nothing_and_says_every_step(demo: Demo) -> None:
    assert demo.writes("check") == []
    check, done = (task_results.steps(EVIDENCE / f"{run}.tasks.jsonl") for run in ("check", "upgrade"))
    assert check == done


def test_istiod_sees_only_proxies_of_the_new_version(demo: Demo) -> None:
    assert list(demo.facts["pods"]["proxy_versions"]) == [NEW_VERSION]


def test_the_gateway_keeps_its_service_and_address(demo: Demo) -> None:
    gateway = demo.facts["gateway"]
    assert gateway["address_before"]
    assert [gateway[f"{key}_before"] for key in ("uid", "address")] == [gateway[f"{key}_after"] for key in ("uid", "address")]
    assert shop.planes(demo.cluster, GATEWAY_NAMESPACE) == {NEW}


def test_nothing_of_the_old_plane_is_left(demo: Demo) -> None:
    assert state.of_revision(state.planes(demo.cluster), OLD) == {}


def test_what_the_new_chart_dropped_is_gone_and_what_it_added_is_there(demo: Demo) -> None:
    maps = {item["metadata"]["name"]: item.get("data", {}) for item in demo.cluster.items("ConfigMap", SYSTEM)}
    assert [name for name in maps if name.startswith("istio-lab-")] == []
    assert "agentgateway-waypoint:" in maps[f"istio-sidecar-injector-{NEW}"]["config"]


def test_crds_went_forward(demo: Demo) -> None:
    crd = demo.cluster.get("CustomResourceDefinition", "sidecars.networking.istio.io")
    assert crd is not None
    specs = [version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"] for version in crd["spec"]["versions"]]
    assert all("http2KeepAlive" in str(spec) for spec in specs)


def test_values_of_the_old_plane_are_carried_over_and_defaults_are_the_new_ones(demo: Demo) -> None:
    config = demo.cluster.get("ConfigMap", f"istio-{NEW}", SYSTEM)
    istiod = demo.cluster.get("Deployment", f"istiod-{NEW}", SYSTEM)
    assert config is not None
    assert istiod is not None
    assert yaml.safe_load(config["data"]["mesh"])["defaultHttpRetryPolicy"] == {"attempts": 0}
    container = istiod["spec"]["template"]["spec"]["containers"][0]
    environment = {item["name"]: item.get("value") for item in container["env"]}
    assert environment["PILOT_ENABLE_ALPN_FILTER"] == "false"
    assert environment["PILOT_TRACE_SAMPLING"] == "0.5"


def test_a_field_broken_by_hand_is_put_back_and_nothing_else(demo: Demo) -> None:
    assert len(demo.facts["drift_run_changed"]) == 1
    assert [event["objectRef"]["name"] for event in demo.writes("drift")] == [f"istio-{NEW}"]
    config = demo.cluster.get("ConfigMap", f"istio-{NEW}", SYSTEM)
    assert config is not None
    assert "accessLogFile" not in config["data"]["mesh"]


def test_a_third_run_changes_nothing(demo: Demo) -> None:
    assert demo.facts["third_run_changed"] == 0
    assert demo.writes("third") == []
