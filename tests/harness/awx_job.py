"""Jobs as AWX starts them: ansible-runner in a folder with the project, an inventory, variables, settings and credential files."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner
from jinja2 import Environment

from tests import tree
from tests.harness import awx_data
from tests.harness.playbook import DROPPED, Groups

PROGRAMS = Path(sys.executable).parent
Judge = Callable[[str], bool]


def _never(_said: str) -> bool:
    return False


@dataclass(frozen=True)
class Ended:
    """A job that has ended.

    :ivar status: as AWX shows it. :ivar said: what it said, in one line. :ivar handed_on: what it hands on to the next node of a workflow.
    :ivar folder: all that AWX could keep of it.
    """

    status: str
    said: str
    handed_on: dict[str, Any]
    folder: Path

    def mentions(self, secret: str) -> list[str]:
        """The files in which a secret stands."""
        return [str(path) for path in self.folder.rglob("*") if path.is_file() and secret in path.read_text(errors="replace")]


@dataclass(frozen=True)
class Controller:
    """What AWX knows: an inventory, and credentials by the name of their type.

    :ivar folder: for the jobs. :ivar variables: of all hosts, besides those of the inventory.
    """

    folder: Path
    groups: Groups
    credentials: Mapping[str, Mapping[str, str]]
    variables: Mapping[str, Any] = field(default_factory=dict)

    def job(
        self,
        template: str,
        answers: Mapping[str, Any] | None = None,
        *,
        check: bool = False,
        limit: str = "",
        seconds: int = 0,
        cancelled: Judge = _never,
    ) -> Ended:
        """Starts a job and waits until it has ended.

        :param answers: to questions of the survey; the others get what the survey proposes. :param check: as a job of type check.
        :param seconds: the time that the job has. :param cancelled: whether somebody cancels it, who sees what was said until then.
        """
        known = next(one for one in awx_data.entries("job_templates") if one["name"] == template)
        assert check <= known["ask_job_type_on_launch"]
        assert bool(limit) <= known.get("ask_limit_on_launch", False)
        place = self.folder / f"job-{len(list(self.folder.iterdir()))}"
        options = [*(["--check"] if check else []), *(["--limit", limit] if limit else [])]
        self._lay(place, self._extra_variables(place, known, answers or {}), options)
        return _run(place, known["playbook"], seconds, cancelled)

    def _extra_variables(self, place: Path, template: dict[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
        questions = awx_data.questions(template)
        assert answers.keys() <= {one["variable"] for one in questions}
        proposed = {one["variable"]: _answer(one) for one in questions if "default" in one}
        given = {**template.get("extra_vars", {}), **proposed, **answers}
        for name, inputs in self.credentials.items():
            given |= _injected(place, next(one for one in awx_data.entries("credential_types") if one["name"] == name), inputs)
        return given

    def _lay(self, place: Path, extra: dict[str, Any], options: list[str]) -> None:
        (place / "inventory").mkdir(parents=True)
        (place / "env").mkdir(exist_ok=True)
        (place / "project").symlink_to(awx_data.PROJECT)
        groups: dict[str, Any] = {name: {"hosts": list(hosts)} for name, hosts in self.groups.items()}
        hosts = {host: {**self.variables, **variables} for group in self.groups.values() for host, variables in group.items()}
        script = place / "inventory" / "hosts"
        listed = json.dumps({**groups, "_meta": {"hostvars": hosts}})
        script.write_text(f"#! /usr/bin/env python3\nprint({listed!r})\n")
        script.chmod(0o700)
        (place / "env" / "extravars").write_text(json.dumps(extra))
        (place / "env" / "cmdline").write_text(" ".join(options))
        (place / "env" / "envvars").write_text(json.dumps(_environment(place)))


def _environment(place: Path) -> dict[str, str]:
    return {
        "ANSIBLE_COLLECTIONS_PATH": str(tree.linked()),
        "ANSIBLE_HOME": str(place / "home"),
        "ANSIBLE_FORCE_COLOR": "false",
        "ANSIBLE_PIPELINING": "1",
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
    }


def _answer(question: dict[str, Any]) -> Any:
    """What AWX makes of the answer that a survey proposes."""
    proposed = question["default"]
    return proposed.split("\n") if question["type"] == "multiselect" else proposed


def _injected(place: Path, kind: dict[str, Any], inputs: Mapping[str, str]) -> dict[str, Any]:
    """The extra variables that a credential of this type gives, and its files."""
    (place / "env").mkdir(parents=True, exist_ok=True)
    files: dict[str, str] = {}
    for name, text in kind["injectors"].get("file", {}).items():
        path = place / "env" / f"tmp-{name}"
        path.touch(0o600)
        path.write_text(Environment().from_string(text).render(inputs))
        files[name.removeprefix("template.")] = str(path)
    known = {**inputs, "tower": {"filename": files}}
    return {name: Environment().from_string(text).render(known) for name, text in kind["injectors"]["extra_vars"].items()}


def _run(place: Path, playbook: str, seconds: int, cancelled: Judge) -> Ended:
    kept = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith(DROPPED)}
    said: list[str] = []
    handed_on: dict[str, Any] = {}

    def hear(event: dict[str, Any]) -> bool:
        said.append(event.get("stdout", ""))
        handed_on.update(event.get("event_data", {}).get("artifact_data", {}))
        return True

    try:
        ran = ansible_runner.run(
            private_data_dir=str(place),
            playbook=playbook,
            ident="job",
            quiet=True,
            event_handler=hear,
            cancel_callback=lambda: cancelled(" ".join(said)),
            settings={"job_timeout": seconds or None, "pexpect_timeout": 1},
        )
    finally:
        os.environ.update(kept)
    text = " ".join(" ".join(said).split())
    return Ended(ran.status, text, handed_on, place / "artifacts")
