"""What holds for the repository as a whole: its metadata agrees with what is in it."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from ansible_collections.meshyard.istio.plugins.module_utils import _libraries as libraries
from tests.tree import ROOT

MODULES = sorted(path for path in ROOT.glob("plugins/modules/*.py") if path.stem != "__init__")
ROLES = sorted(path for path in ROOT.glob("roles/*") if path.is_dir())
GALAXY = yaml.safe_load((ROOT / "galaxy.yml").read_text())
RUNTIME = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
ENVIRONMENTS = ROOT / "tests" / "environments"
PINNED = [ROOT / "requirements-dev.txt", ROOT / "requirements-test.txt", *sorted(ENVIRONMENTS.glob("*.txt"))]

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
each_role = pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)


def documentation(module: Path) -> dict[str, Any]:
    """A module's DOCUMENTATION with this collection's fragments merged into its options and attributes."""
    found = re.search(r'^DOCUMENTATION = r"""\n(.*?)^"""', module.read_text(), re.DOTALL | re.MULTILINE)
    assert found, f"{module} has no DOCUMENTATION"
    page: dict[str, Any] = yaml.safe_load(found.group(1))
    for name in page.get("extends_documentation_fragment", []):
        if name.startswith("meshyard.istio."):
            fragment = documentation_fragment(*name.split(".")[2:])
            for part in ("options", "attributes"):
                own = page.setdefault(part, {})
                for key, value in fragment.get(part, {}).items():
                    own[key] = {**value, **own.get(key, {})}
    return page


def documentation_fragment(name: str, variant: str = "documentation") -> dict[str, Any]:
    path = ROOT / "plugins" / "doc_fragments" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"fragment_{name}", path)
    assert spec, path
    assert spec.loader, path
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text: str = getattr(module.ModuleDocFragment, variant.upper())
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def requirements(path: Path) -> list[Requirement]:
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


LIBRARIES = {
    end: {each.name: each.specifier for each in requirements(ENVIRONMENTS / f"libraries-{end}.txt")} for end in ("oldest", "newest")
}


def version_of(collection: str) -> str:
    manifest = Path(importlib.import_module(f"ansible_collections.{collection}").__path__[0]) / "MANIFEST.json"
    return str(json.loads(manifest.read_text())["collection_info"]["version"])


def test_the_action_group_lists_every_module() -> None:
    assert RUNTIME["action_groups"]["all"] == [module.stem for module in MODULES]


def test_the_installed_ansible_is_in_the_range_that_is_claimed() -> None:
    assert SpecifierSet(RUNTIME["requires_ansible"]).contains(importlib.metadata.version("ansible-core"))


@pytest.mark.parametrize("collection", GALAXY["dependencies"])
def test_an_installed_dependency_is_in_the_range_that_is_claimed(collection: str) -> None:
    assert SpecifierSet(GALAXY["dependencies"][collection]).contains(version_of(collection))


def test_execution_environments_get_what_everybody_installs() -> None:
    assert yaml.safe_load((ROOT / "meta" / "execution-environment.yml").read_text())["dependencies"] == {"python": "requirements.txt"}


def test_the_lower_end_of_each_library_is_what_the_oldest_environment_has() -> None:
    for each in requirements(ROOT / "requirements.txt"):
        lowest = [bound.version for bound in each.specifier if bound.operator == ">="]
        assert [str(LIBRARIES["oldest"][each.name])] == [f"=={version}" for version in lowest]


def test_the_newest_libraries_that_are_tested_are_in_the_range_that_is_claimed() -> None:
    for each in requirements(ROOT / "requirements.txt"):
        (newest,) = LIBRARIES["newest"][each.name]
        assert each.specifier.contains(newest.version)


def test_modules_refuse_what_the_requirements_exclude() -> None:
    claimed = {each.name: each.specifier for each in requirements(ROOT / "requirements.txt")}
    for name, (oldest, broken) in libraries.SUPPORTED.items():
        assert f">={oldest}" in map(str, claimed[name])
        assert set(broken) == {bound.version for bound in claimed[name] if bound.operator == "!="}


def test_the_oldest_and_the_newest_ansible_that_are_claimed_have_an_environment() -> None:
    tested = sorted(Version(path.stem.partition("-")[2]) for path in ENVIRONMENTS.glob("ansible-*.txt"))
    claimed = SpecifierSet(RUNTIME["requires_ansible"])
    assert str(claimed) == str(SpecifierSet(f">={tested[0]}.0,<{tested[-1].major}.{tested[-1].minor + 1}.0"))


@pytest.mark.parametrize("path", PINNED, ids=lambda path: path.name)
def test_every_requirement_of_the_tests_is_pinned_to_one_version(path: Path) -> None:
    assert all([bound.operator for bound in each.specifier] == ["=="] for each in requirements(path))


@each_module
def test_a_module_that_promises_check_mode_supports_it(module: Path) -> None:
    promised = documentation(module)["attributes"]["check_mode"]["support"] in ("full", "partial")
    assert promised == ("supports_check_mode=True" in module.read_text())


@each_module
def test_a_module_documents_all_attributes(module: Path) -> None:
    attributes = documentation(module)["attributes"]
    assert attributes.keys() >= {"check_mode", "diff_mode", "idempotent", "action_group"}
    assert attributes["action_group"]["membership"] == ["meshyard.istio.all"]


@each_module
def test_a_partly_supported_attribute_says_what_is_missing(module: Path) -> None:
    attributes = documentation(module)["attributes"]
    assert [name for name, each in attributes.items() if each["support"] == "partial" and not each.get("details")] == []


@each_module
def test_a_module_that_waits_has_an_action_plugin_that_shows_progress(module: Path) -> None:
    if "wait" in documentation(module)["options"]:
        assert RUNTIME["plugin_routing"]["modules"][module.stem] == {"action_plugin": "meshyard.istio.istio_revision"}


def returned(module: Path) -> dict[str, Any]:
    found = re.search(r'^RETURN = r"""\n(.*?)^"""', module.read_text(), re.DOTALL | re.MULTILINE)
    assert found, module
    values: dict[str, Any] = yaml.safe_load(found.group(1))
    return values


@each_module
def test_a_module_that_asks_a_cluster_returns_which_one(module: Path) -> None:
    asks = "meshyard.istio.connection" in documentation(module)["extends_documentation_fragment"]
    assert asks == ("cluster" in returned(module))


@each_module
def test_each_value_that_a_module_returns_is_shown_by_a_sample(module: Path) -> None:
    """Of the value itself, or of each of its parts."""
    shown = {
        name: "sample" in value or ("contains" in value and all("sample" in part for part in value["contains"].values()))
        for name, value in returned(module).items()
    }
    assert [name for name, sample in shown.items() if not sample] == []


@each_role
def test_a_role_checks_its_arguments(role: Path) -> None:
    entry_points = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    tasks = {path.stem for path in role.glob("tasks/*.yml")}
    assert entry_points
    assert entry_points.keys() <= tasks


@each_role
def test_the_variables_of_a_role_begin_with_its_name(role: Path) -> None:
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    names = {name for entry_point in specs.values() for name in entry_point.get("options") or {}}
    assert [name for name in sorted(names) if not name.startswith(f"{role.name}_")] == []


@each_role
def test_a_default_of_a_role_is_the_one_that_its_documentation_names(role: Path) -> None:
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text()) or {}
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    documented: dict[str, Any] = {}
    for entry_point in specs.values():
        documented |= entry_point.get("options") or {}
    public = {name: value for name, value in defaults.items() if not name.startswith("_")}
    assert public.keys() <= documented.keys()
    named = {name: option["default"] for name, option in documented.items() if "default" in option}
    # A default that is computed by a template cannot be compared with the words that describe it.
    fixed = {name: value for name, value in public.items() if "{{" not in str(value)}
    assert {name: named.get(name) for name in fixed} == fixed


@each_role
def test_a_list_of_a_role_may_be_text_unless_its_parts_are_checked(role: Path) -> None:
    """A survey knows no lists. Text passes the argument spec, which does not look at the parts then, and a filter reads it."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    lists = {
        name: option
        for entry_point in specs.values()
        for name, option in (entry_point.get("options") or {}).items()
        if option["type"] == "list" and option.get("elements") != "str"
    }
    file = role / "vars" / "main.yml"
    variables = file.read_text() if file.exists() else ""
    assert [name for name, option in lists.items() if option["elements"] == "dict" and "options" not in option] == []
    read = {name for name in lists if f"{name} | meshyard.istio.as_list(elements=" in variables}
    assert {name for name, option in lists.items() if "options" not in option} == read


@each_role
def test_no_result_is_registered_under_the_name_of_a_variable(role: Path) -> None:
    """It would stand in the variable's place from then on."""
    registered = {name for tasks in role.glob("tasks/*.yml") for name in re.findall(r"^ *register: (\S+)", tasks.read_text(), re.MULTILINE)}
    files = [role / folder / "main.yml" for folder in ("defaults", "vars")]
    assert not registered & {name for file in files if file.exists() for name in yaml.safe_load(file.read_text())}


def test_every_make_target_has_a_line_of_help() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][\w-]*):", text, re.MULTILINE))
    assert targets == set(re.findall(r"^([a-z][\w-]*):.*## \S", text, re.MULTILINE))
    assert targets >= {"setup", "lab-up", "lab-down", "lab-status", "demo", "test", "test-unit", "lint"}


def test_the_changelog_describes_the_version_that_is_built() -> None:
    released = yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text())["releases"]
    assert GALAXY["version"] in released
    assert f"v{GALAXY['version']}" in (ROOT / "CHANGELOG.rst").read_text()
