"""Rules for every file of the repository that no linter knows."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tree import ROOT, repository_files

FILE_LINES = 250
FUNCTION_LINES = 40
MODULE_CODE_LINES = 150

FILES = [ROOT / name for name in repository_files()]
PYTHON = [path for path in FILES if path.suffix == ".py"]
PLUGINS = [path for path in PYTHON if path.is_relative_to(ROOT / "plugins")]
TEST_FOLDERS = tuple(ROOT / name for name in ("tests", "molecule"))
HEADER = (
    "# Copyright (c) 2026, Meshyard contributors\n"
    "# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)\n"
)
# Written in pieces, so that this file does not hold what it looks for.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.}])/(work|fa" + r"rm)/\w|/root/\."),
    "the host of a package registry": re.compile(r"pypi\." + r"org|pythonhosted\." + r"org|galaxy\.ansible\." + "com"),
    "something left to do": re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b|NotImplemented" + "Error"),
}
CHECKSUMS = (".sum",)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            yield called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def documentation_lines(tree: ast.AST) -> set[int]:
    """The lines of docstrings, and of the strings in which a module keeps its documentation."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        string = None
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node):
            string = node.body[0]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            string = node if node.targets[0].id in ("DOCUMENTATION", "EXAMPLES", "RETURN") else None
        if string is not None:
            lines |= set(range(string.lineno, (string.end_lineno or string.lineno) + 1))
    return lines


def code_lines(source: str) -> set[int]:
    """The lines that hold code: no blank ones, no comments, no documentation."""
    silent = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in silent:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return lines - documentation_lines(ast.parse(source))


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    """Modules are judged by their code alone: their documentation is as long as it needs to be."""
    files = [path for path in PYTHON if not path.is_relative_to(ROOT / "plugins" / "modules")]
    lengths = {relative(path): len(path.read_text().splitlines()) for path in files}
    assert {name: length for name, length in lengths.items() if length > FILE_LINES} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long: dict[str, int] = {}
    for path in PYTHON:
        tree = ast.parse(path.read_text())
        documented = documentation_lines(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = len(set(range(node.lineno, (node.end_lineno or node.lineno) + 1)) - documented)
                if length > FUNCTION_LINES:
                    long[f"{relative(path)}: {node.name}"] = length
    assert long == {}


def test_no_module_holds_more_than_its_four_steps() -> None:
    lengths = {path.name: len(code_lines(path.read_text())) for path in ROOT.glob("plugins/modules/*.py")}
    assert {name: length for name, length in lengths.items() if length > MODULE_CODE_LINES} == {}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_contains(what: str) -> None:
    found: list[str] = []
    for path in FILES:
        if path.suffix in CHECKSUMS or path.is_symlink():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if FORBIDDEN[what].search(line):
                found.append(f"{relative(path)}:{number}: {line.strip()}")
    assert found == []


def test_no_test_sleeps() -> None:
    tests = [path for path in PYTHON if path.is_relative_to(TEST_FOLDERS[0]) or path.is_relative_to(TEST_FOLDERS[1])]
    assert [relative(path) for path in tests if "sleep" in calls(ast.parse(path.read_text()))] == []


def test_no_task_hides_its_failure() -> None:
    hidden = re.compile("ignore_" + r"errors|failed_when:\s*(false|no)\b", re.IGNORECASE)
    tasks = [path for path in FILES if path.suffix in (".yml", ".yaml")]
    assert [relative(path) for path in tasks if hidden.search(path.read_text())] == []


def test_roles_and_playbooks_decide_nothing_in_jinja() -> None:
    """Loops and nested conditions are filters or modules, which are typed and tested."""
    tasks = [path for path in FILES if path.is_relative_to(ROOT / "roles") or path.is_relative_to(ROOT / "playbooks")]
    assert [relative(path) for path in tasks if path.suffix == ".yml" and "{%" in path.read_text()] == []


def test_every_plugin_names_its_license() -> None:
    sources = {path: path.read_text().removeprefix("#!/usr/bin/python\n") for path in PLUGINS}
    assert [relative(path) for path, text in sources.items() if text and not text.startswith(HEADER)] == []


def test_every_private_package_says_so() -> None:
    private = [path for path in PLUGINS if "module_utils" in path.parts or "plugin_utils" in path.parts]
    line = "# Private to this collection: may change at any time.\n"
    assert [relative(path) for path in private if path.read_text() and line not in path.read_text()] == []


def test_every_folder_of_private_code_is_a_package() -> None:
    """The import contracts overlook a folder without `__init__.py`."""
    folders = {path.parent for path in PLUGINS if path.parent.parent.name == "module_utils"}
    assert [relative(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
    nested = {path.parent for path in PLUGINS if path.parent.parent.parent.name == "module_utils"}
    assert [relative(folder) for folder in sorted(nested) if not (folder / "__init__.py").exists()] == []


def test_kubernetes_core_is_imported_only_where_clusters_are_connected() -> None:
    allowed = (ROOT / "plugins/module_utils/_cluster", ROOT / "plugins/module_utils/_ansible/arguments.py")
    imported = re.compile(r"^\s*(from|import) ansible_collections\.kubernetes", re.MULTILINE)
    users = [path for path in PLUGINS if imported.search(path.read_text())]
    assert [relative(path) for path in users if not any(path.is_relative_to(place) for place in allowed)] == []


def test_what_scenarios_are_made_of_knows_nothing_of_the_demo() -> None:
    """The demo is made of the same pieces; its own are tested in tests/unit/demo alone."""
    others = [path for path in PYTHON if path.is_relative_to(ROOT / "tests") and not path.is_relative_to(ROOT / "tests/unit/demo")]
    imported = re.compile(r"^\s*(from|import) demo\b", re.MULTILINE)
    assert [relative(path) for path in others if imported.search(path.read_text())] == []
