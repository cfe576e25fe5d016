"""What `examples/awx` describes, read as Ansible reads it: braces are filled in, but not those marked C(!unsafe)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2.nativetypes import NativeEnvironment

from tests.tree import ROOT

FOLDER = ROOT / "examples" / "awx"
PROJECT = ROOT / "examples" / "project"
Entry = dict[str, Any]


class _Unsafe(str):
    """A text that Ansible leaves as it is."""

    __slots__ = ()


class _Loader(yaml.SafeLoader):
    """Knows C(!unsafe)."""


_Loader.add_constructor("!unsafe", lambda loader, node: _Unsafe(node.value))


@cache
def read(folder: Path = FOLDER) -> dict[str, Any]:
    """All variables of the folder, by name."""
    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.yml")):
        found |= yaml.load(path.read_text(), _Loader)  # a safe one
    return {name: _filled(value, found) for name, value in found.items()}


def entries(kind: str) -> list[Entry]:
    """Those of one kind, such as C(job_templates)."""
    found: list[Entry] = read()[f"awx_content_{kind}"]
    return found


def questions(template: Entry) -> list[Entry]:
    """What the survey of a job template or a workflow asks."""
    found: list[Entry] = template.get("survey_spec", {}).get("spec", [])
    return found


def variables(playbook: str) -> Entry:
    """The variables of all roles that a playbook of this collection calls, as their argument specs have them."""
    found: Entry = {}
    folder = ROOT / "playbooks"
    tasks = [task for play in yaml.safe_load((folder / playbook).read_text()) for task in play["tasks"]]
    # Those of a playbook that may be recorded lie in a file of their own.
    own = folder / "tasks" / "plain" / playbook
    for task in yaml.safe_load(own.read_text()) if own.exists() else tasks:
        called = next(value for key, value in task.items() if key.endswith(("include_role", "import_role")))
        found |= options(called["name"].rpartition(".")[2], called.get("tasks_from", "main"))
    return found


def options(role: str, entry: str) -> Entry:
    """The variables of an entry point of a role."""
    specs = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    found: Entry = specs[entry].get("options") or {}
    return found


def _filled(value: Any, variables: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(one, variables) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, variables) for one in value]
    if isinstance(value, str) and "{{" in value and not isinstance(value, _Unsafe):
        return _filled(NativeEnvironment().from_string(value).render(variables), variables)  # no page
    return value
