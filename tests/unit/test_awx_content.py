"""The data of `examples/awx`: surveys ask what roles take, templates play what there is, and AWX knows every word."""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from dateutil.rrule import rrulestr

from tests.harness import awx_data
from tests.harness.awx_data import Entry
from tests.tree import ROOT

ROLE = ROOT / "roles" / "awx_content"
KINDS = [name.removeprefix("awx_content_") for name in yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())][1:]
TASKS = yaml.safe_load((ROLE / "tasks" / "objects.yml").read_text())
JOB_TEMPLATES = {one["name"]: one for one in awx_data.entries("job_templates")}
(WORKFLOW,) = awx_data.entries("workflow_job_templates")
NODES = {one["identifier"]: one for one in WORKFLOW["workflow_nodes"]}
# What an answer may be given to: the kinds of questions, and the types of variables that their answers become.
ANSWERS = {
    "text": {"str", "list", "raw", "path"},
    "textarea": {"str", "list", "raw"},
    "multiplechoice": {"str", "bool"},
    "multiselect": {"list"},
    "integer": {"int", "float"},
    "float": {"float"},
}
SURVEYS = [*((one["playbook"], one) for one in JOB_TEMPLATES.values()), ("upgrade.yml", WORKFLOW)]
QUESTIONS = [(playbook, question) for playbook, template in SURVEYS for question in awx_data.questions(template)]

each_question = pytest.mark.parametrize(
    ("playbook", "question"), QUESTIONS, ids=lambda one: one if isinstance(one, str) else one["variable"]
)


def option(playbook: str, question: Entry) -> Entry:
    """The variable that a question is about, which some playbooks set for their roles."""
    found: Entry = awx_data.variables(playbook)[question["variable"]]
    return found


@each_question
def test_a_survey_asks_for_a_variable_of_the_role_in_a_form_that_it_takes(playbook: str, question: Entry) -> None:
    assert option(playbook, question)["type"] in ANSWERS[question["type"]]
    assert all(question[key] for key in ("question_name", "question_description"))


@each_question
def test_the_default_of_a_question_is_that_of_the_role(playbook: str, question: Entry) -> None:
    if question["required"] and "default" not in question:
        return
    wanted = option(playbook, question).get("default")
    given = question["default"]
    if question["type"] == "multiselect":
        given = given.split("\n")
    elif isinstance(wanted, list):
        given = [int(part) for part in given.split(",") if part.strip()]
    elif isinstance(wanted, bool):
        given = yaml.safe_load(given)
    assert given == wanted


@each_question
def test_the_choices_of_a_question_are_those_of_the_role(playbook: str, question: Entry) -> None:
    asked = option(playbook, question)
    known = asked.get("choices") or (["true", "false"] if asked["type"] == "bool" else None)
    if known:
        assert question["choices"] == known
    if question["type"] == "multiselect":
        assert all(f"V({choice})" in str(asked["description"]) for choice in question["choices"])


def test_what_a_role_cannot_do_without_is_asked() -> None:
    for name, template in JOB_TEMPLATES.items():
        needed = {key for key, one in awx_data.variables(template["playbook"]).items() if one.get("required")}
        assert needed <= {question["variable"] for question in awx_data.questions(template)}, name


def test_each_playbook_of_the_project_has_a_job_template() -> None:
    playbooks = {path.name for path in awx_data.PROJECT.glob("*.yml")} - {"requirements.yml"}
    assert {one["playbook"] for one in JOB_TEMPLATES.values()} == playbooks


def test_job_templates_use_what_the_data_makes() -> None:
    named = {kind: {one["name"] for one in awx_data.entries(kind)} for kind in KINDS if f"awx_content_{kind}" in awx_data.read()}
    for one in JOB_TEMPLATES.values():
        assert one["project"] in named["projects"]
        assert one["inventory"] in named["inventories"]
        assert one["execution_environment"] in named["execution_environments"]
        assert set(one["notification_templates_error"]) <= named["notification_templates"]
    assert {one["unified_job_template"] for one in awx_data.entries("schedules")} <= JOB_TEMPLATES.keys()


def test_what_is_about_all_clusters_has_neither_limit_nor_slices() -> None:
    whole = [one for one in JOB_TEMPLATES.values() if one["playbook"].startswith(("upgrade", "rollback", "retire"))]
    assert len(whole) == 4
    assert [one["name"] for one in whole if "ask_limit_on_launch" in one or "limit" in one or one["job_slice_count"] != 1] == []


def followers(node: Entry, how: str) -> set[str]:
    return {one["identifier"] for one in node.get("related", {}).get(how, [])}


def test_nodes_of_the_workflow_start_job_templates_with_answers_that_their_surveys_know() -> None:
    for node in NODES.values():
        if node["unified_job_template"]["type"] == "workflow_approval":
            assert node["unified_job_template"]["timeout"] > 0
            continue
        asked = {one["variable"]: one for one in awx_data.questions(JOB_TEMPLATES[node["unified_job_template"]["name"]])}
        for variable, value in node.get("extra_data", {}).items():
            assert set(value) <= set(asked[variable]["choices"])
    after = {name for node in NODES.values() for how in ("success_nodes", "failure_nodes") for name in followers(node, how)}
    assert after == NODES.keys() - {"prepare"}


def test_the_workflow_runs_all_phases_and_moves_back_or_retires_only_with_an_approval() -> None:
    phases = [phase for node in NODES.values() for phase in node.get("extra_data", {}).get("canary_upgrade_phases", [])]
    assert phases == ["preflight", "prepare", "gateways", "waves", "verify"]
    before = {name: {one for one in NODES if name in followers(NODES[one], "success_nodes")} for name in NODES}
    for name in ("move", "retire", "rollback"):
        assert before[name]
        assert all(NODES[one]["unified_job_template"]["type"] == "workflow_approval" for one in before[name])
    assert followers(NODES["approve-move"], "failure_nodes") == {"rollback"}
    assert followers(NODES["move"], "failure_nodes") == {"approve-rollback"}


@pytest.mark.parametrize("schedule", awx_data.entries("schedules"), ids=lambda one: one["name"])
def test_a_schedule_is_one_that_awx_takes(schedule: Entry) -> None:
    assert re.fullmatch(r"DTSTART:\d{8}T\d{6}Z RRULE:FREQ=(MINUTELY|HOURLY|DAILY|WEEKLY);INTERVAL=\d+(;\S+)?", schedule["rrule"])
    assert rrulestr(schedule["rrule"].replace(" ", "\n"))


def test_the_role_hands_on_each_option_that_it_takes() -> None:
    known = awx_data.options("awx_content", "objects")
    for kind, task in zip(KINDS, TASKS, strict=True):
        (module,) = (value for key, value in task.items() if key.startswith("awx.awx."))
        assert task["loop"] == f"{{{{ awx_content_{kind} }}}}"
        assert module.keys() - {"organization"} == known[f"awx_content_{kind}"]["options"].keys()


def modules() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for kind, task in zip(KINDS, TASKS, strict=True):
        (name,) = (key for key in task if key.startswith("awx.awx."))
        yield kind, name.rpartition(".")[2], task[name]


@pytest.mark.parametrize(("kind", "module", "given"), list(modules()), ids=KINDS)
def test_awx_awx_takes_what_the_data_gives(kind: str, module: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """By the argument specs of its modules, which begin by making one of these classes."""
    if importlib.util.find_spec("ansible_collections.awx") is None:
        pytest.skip("this Ansible comes without awx.awx; another one of tests/environments has it")
    found = importlib.import_module(f"ansible_collections.awx.awx.plugins.modules.{module}")
    seen: list[dict[str, Any]] = []

    def stop(argument_spec: dict[str, Any], **_further: Any) -> None:
        seen.append(argument_spec)
        raise InterruptedError

    monkeypatch.setattr(found, "ControllerAPIModule", stop)
    with pytest.raises(InterruptedError):
        found.main()
    (spec,) = seen
    assert given.keys() <= spec.keys()
    for entry in awx_data.read().get(f"awx_content_{kind}", []):
        assert (
            ArgumentSpecValidator(spec).validate({**entry, "organization": "Default"} if "organization" in given else entry).error_messages
            == []
        )
