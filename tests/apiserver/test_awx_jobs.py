"""Every job template as AWX starts it, on a mesh whose istiods answer: checked, run, cancelled, out of time, and launched again."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import awx_data, leases
from tests.harness.awx_job import Controller, Ended
from tests.harness.upgrade_mesh import LIMITS, NEW, OLD, UpgradeMesh, everywhere, upgrade_mesh

UPGRADE, ROLLBACK = "Mesh upgrade", "Mesh rollback"
# Two waves of one namespace each, and nothing else that takes time.
ANSWERS = {
    "canary_upgrade_version": "1.32.0",
    "canary_upgrade_waves": "cart\npay",
    "canary_upgrade_gateways": "skip",
    "canary_upgrade_phases": ["prepare", "waves"],
}
WORKLOADS = "[{namespace: shop, name: web}]"
NO_SERVICE = "so that there is no traffic to move"


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpgradeMesh]:
    with upgrade_mesh(tmp_path_factory.mktemp("awx")) as mesh:
        yield mesh


@pytest.fixture(scope="module")
def controller(mesh: UpgradeMesh, tmp_path_factory: pytest.TempPathFactory) -> Controller:
    """With a kubeconfig for its credential, whose token is the only way in."""
    server = mesh.planes.server
    cluster = {"name": "one", "cluster": {"server": server.host, "certificate-authority-data": encoded(server.ca_cert)}}
    user = {"name": "job", "user": {"token": server.token}}
    contexts = [{"name": "eu", "context": {"cluster": "one", "user": "job"}}]
    config = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "users": [user], "contexts": contexts}
    hosts = {"istio_primary": {"eu": {"ansible_connection": "local", "meshyard_context": "eu"}}}
    secrets = {"Mesh kubeconfig": {"kubeconfig": yaml.safe_dump(config)}}
    return Controller(tmp_path_factory.mktemp("jobs"), hosts, secrets, {**mesh.settings, **LIMITS})


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def shows_nothing_secret(mesh: UpgradeMesh, job: Ended) -> None:
    assert job.said
    assert job.mentions(mesh.planes.server.token) == []


def answers_for(template: dict[str, Any]) -> dict[str, Any]:
    """To the questions for which a survey proposes nothing."""
    known = {"canary_upgrade_version": "1.31.0", "workload_canary_workloads": WORKLOADS}
    return {one["variable"]: known[one["variable"]] for one in awx_data.questions(template) if "default" not in one}


@pytest.mark.parametrize("template", awx_data.entries("job_templates"), ids=lambda one: one["playbook"].removesuffix(".yml"))
def test_a_job_of_type_check_writes_nothing_and_shows_no_secret(
    mesh: UpgradeMesh, controller: Controller, template: dict[str, Any]
) -> None:
    before = mesh.written()
    job_answers = answers_for(template)
    job = controller.job(template["name"], job_answers, check=True)
    shows_nothing_secret(mesh, job)
    assert mesh.written() == before
    # Nothing routes to the workload that releases are asked for here.
    wanted = "failed" if WORKLOADS in job_answers.values() else "successful"
    assert (job.status, job.handed_on) == (wanted, {}), job.said
    assert (NO_SERVICE in job.said) == (wanted == "failed")


@pytest.mark.timeout(300)
def test_a_job_that_is_cancelled_in_mid_wave_moves_nothing_more_and_goes_on_when_it_is_launched_again(
    mesh: UpgradeMesh, controller: Controller
) -> None:
    cut = controller.job(UPGRADE, ANSWERS, cancelled=lambda said: "Wave 1 of 2" in said and mesh.labels()["cart"] == NEW)
    assert cut.status == "canceled"
    assert (mesh.labels()["pay"], mesh.revisions("pay")) == (OLD, {OLD})
    shows_nothing_secret(mesh, cut)
    leases.expire(mesh.planes.client)
    again = controller.job(UPGRADE, ANSWERS)
    assert (again.status, again.handed_on) == ("successful", {}), again.said
    assert mesh.everywhere() == {**everywhere(OLD), "cart": {NEW}, "pay": {NEW}}
    shows_nothing_secret(mesh, again)


@pytest.mark.timeout(300)
def test_a_job_that_runs_out_of_its_time_is_launched_again_as_it_was(mesh: UpgradeMesh, controller: Controller) -> None:
    cut = controller.job(ROLLBACK, seconds=5)
    assert cut.status == "timeout"
    leases.expire(mesh.planes.client)
    again = controller.job(ROLLBACK)
    assert again.status == "successful", again.said
    assert mesh.everywhere() == everywhere(OLD)
    shows_nothing_secret(mesh, again)
