"""The playbook that sets AWX up, against a stand-in for AWX's API: what it makes of the data, and that it makes it once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness import awx_data, playbook
from tests.harness.awx import Awx
from tests.harness.playbook import Outcome

TOKEN, SECRET = "token-of-awx", "kubeconfig-of-all-clusters"
CREDENTIAL = {
    "name": "Mesh clusters",
    "credential_type": "Mesh kubeconfig",
    "inputs": {"kubeconfig": SECRET},
    "update_secrets": False,
}


# Each module takes its time: of the job templates those are made to which others refer, of the rest tests/unit tells that AWX takes it.
NEEDED = ("upgrade", "retire", "rollback", "reconcile", "release_reconcile")
JOB_TEMPLATES = [one for one in awx_data.entries("job_templates") if one["playbook"].removesuffix(".yml") in NEEDED]
KINDS = ("execution_environments", "projects", "credential_types", "inventories", "inventory_sources", "schedules")


@pytest.fixture(scope="module")
def awx() -> Iterator[Awx]:
    with Awx() as awx:
        yield awx


@pytest.fixture(scope="module")
def made(awx: Awx, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return set_up(awx, tmp_path_factory.mktemp("made"), awx_content_job_templates=JOB_TEMPLATES)


def set_up(awx: Awx, folder: Path, **variables: Any) -> Outcome:
    """Runs the playbook over the data of the example."""
    given = {"awx_content_directory": str(awx_data.FOLDER), "awx_content_credentials": [CREDENTIAL], **variables}
    environment = {"CONTROLLER_HOST": awx.url, "CONTROLLER_OAUTH_TOKEN": TOKEN}
    return playbook.play("awx_setup", {}, folder, environment=environment, **given)


@pytest.mark.timeout(300)
def test_all_that_the_data_describes_is_made(awx: Awx, made: Outcome) -> None:
    assert made.status == 0, made.said
    for kind in KINDS:
        assert {one["name"] for one in awx.objects[kind]} == {one["name"] for one in awx_data.entries(kind)}
    assert {one["name"] for one in awx.objects["job_templates"]} == {one["name"] for one in JOB_TEMPLATES}
    upgrade = awx.named("job_templates", "Mesh upgrade")
    assert awx.beside[f"job_templates/{upgrade['id']}/survey_spec"] == JOB_TEMPLATES[0]["survey_spec"]
    assert awx.related("job_templates", "Mesh upgrade", "credentials") == [awx.named("credentials", "Mesh clusters")["id"]]


def test_braces_that_are_for_awx_reach_it_as_they_are(awx: Awx, made: Outcome) -> None:
    kind = awx.named("credential_types", "Mesh kubeconfig")
    assert kind["injectors"] == {
        "file": {"template.kubeconfig": "{{ kubeconfig }}"},
        "extra_vars": {"meshyard_kubeconfig": "{{ tower.filename.kubeconfig }}"},
    }
    assert "{{ job.name }}" in str(awx.named("notification_templates", "Mesh operators")["messages"])


def test_the_workflow_has_its_nodes_its_approvals_and_what_follows_each(awx: Awx, made: Outcome) -> None:
    number = {one["identifier"]: one["id"] for one in awx.objects["workflow_job_template_nodes"]}
    for node in awx_data.entries("workflow_job_templates")[0]["workflow_nodes"]:
        for how in ("success_nodes", "failure_nodes"):
            wanted = {number[one["identifier"]] for one in node.get("related", {}).get(how, [])}
            assert set(awx.related("workflow_job_template_nodes", node["identifier"], how)) == wanted
    assert {one["name"] for one in awx.objects["workflow_approval_templates"]} == {
        "Move the mesh to the new control plane?",
        "Take all of the upgrade back?",
        "Take the old control plane away?",
    }


def test_no_secret_is_shown(made: Outcome) -> None:
    assert TOKEN not in made.said
    assert SECRET not in made.said


@pytest.mark.timeout(300)
def test_what_is_there_already_is_left_alone(awx: Awx, made: Outcome, tmp_path: Path) -> None:
    fewer = {"awx_content_inventories": [], "awx_content_inventory_sources": [], "awx_content_execution_environments": []}
    before = list(awx.writes)
    again = set_up(awx, tmp_path, awx_content_job_templates=JOB_TEMPLATES[:1], **fewer)
    assert (again.status, again.changed) == (0, 0), again.said
    assert awx.writes == before


def test_an_option_that_is_not_known_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with Awx() as awx:
        refused = set_up(awx, tmp_path, awx_content_projects=[{"name": "Mesh", "scm_adress": "https://git.example.com/mesh.git"}])
        assert refused.status == 2
        assert "scm_adress" in refused.said
        assert awx.writes == []
