"""The collection as users get it: built, installed from the tarball, and used by its names from there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests import tree

NAME = "meshyard.istio"
PROGRAMS = Path(sys.executable).parent
INSTALLED = tree.BUILD / "installed"
DEVELOPERS_ONLY = ("tests/", "lab/", "molecule/", ".", "Makefile", "pyproject.toml", "build/")


def main() -> None:
    shutil.rmtree(INSTALLED, ignore_errors=True)
    source = tree.copied() / tree.COLLECTION
    tarball = _build(source)
    _run("ansible-galaxy", "collection", "install", "--offline", "--collections-path", str(INSTALLED), str(tarball))
    tree.link_dependency(INSTALLED)
    collection = INSTALLED / tree.COLLECTION
    playbooks, modules = _playbooks(collection), _modules(collection)
    for playbook in playbooks:
        _run("ansible-playbook", "--syntax-check", "--inventory", "localhost,", f"{NAME}.{playbook}")
    for module in modules:
        _documented("module", f"{NAME}.{module}")
    roles = sorted(path.parent.parent.name for path in collection.glob("roles/*/meta/argument_specs.yml"))
    for role in roles:
        _documented("role", f"{NAME}.{role}")
    _run("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "dependent", str(source))
    print(f"{tarball.name}: {len(playbooks)} playbooks, {len(modules)} modules and {len(roles)} roles found by their names")


def _build(source: Path) -> Path:
    _run("ansible-galaxy", "collection", "build", "--force", "--output-path", str(tree.BUILD), str(source))
    about = yaml.safe_load((source / "galaxy.yml").read_text())
    tarball = tree.BUILD / f"{about['namespace']}-{about['name']}-{about['version']}.tar.gz"
    with tarfile.open(tarball) as archive:
        surplus = [name for name in archive.getnames() if name.startswith(DEVELOPERS_ONLY)]
    if surplus:
        sys.exit(f"Files for developers are in the tarball, add them to build_ignore in galaxy.yml: {', '.join(surplus)}")
    return tarball


def _playbooks(collection: Path) -> list[str]:
    return sorted(path.stem for path in collection.glob("playbooks/*.yml") if isinstance(yaml.safe_load(path.read_text()), list))


def _modules(collection: Path) -> list[str]:
    return sorted(path.stem for path in collection.glob("plugins/modules/*.py") if path.stem != "__init__")


def _documented(kind: str, name: str) -> None:
    """Every option has a description, for a module also every return value; a module shows how it is used."""
    shown = json.loads(_run("ansible-doc", "--type", kind, "--json", name))
    page = shown.get(name)
    if not page:
        sys.exit(f"ansible-doc shows nothing for the {kind} {name}.")
    if kind == "module":
        missing = [part for part in ("doc", "examples", "return") if not page.get(part)]
        missing += list(_undescribed(page["doc"].get("options", {}), "options"))
        missing += list(_undescribed(page.get("return") or {}, "return"))
    else:
        missing = [f"{entry}: {where}" for entry, spec in page["entry_points"].items() for where in _incomplete(spec)]
    if missing:
        sys.exit(f"The documentation of the {kind} {name} is not complete: {', '.join(missing)}")


def _incomplete(entry_point: dict[str, object]) -> Iterator[str]:
    yield from (part for part in ("short_description", "description") if not entry_point.get(part))
    options = entry_point.get("options") or {}
    assert isinstance(options, dict)
    yield from _undescribed(options, "options")


def _undescribed(options: dict[str, dict[str, object]], where: str) -> Iterator[str]:
    for name, option in options.items():
        if not option.get("description"):
            yield f"{where}.{name}"
        for below in ("options", "suboptions", "contains"):
            inner = option.get(below)
            if isinstance(inner, dict):
                yield from _undescribed(inner, f"{where}.{name}")


def _run(program: str, *arguments: str) -> str:
    environment = {
        **os.environ,
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(INSTALLED),
        "ANSIBLE_NOCOLOR": "1",
        # antsibull-docs copies what git knows: kubernetes.core must not count as an ignored part of this repository.
        "GIT_CEILING_DIRECTORIES": str(tree.ROOT),
    }
    command = [str(PROGRAMS / program), *arguments]
    # From a folder that is no collection, so that only the installed one can be found.
    done = subprocess.run(command, check=False, cwd=tree.BUILD, env=environment, capture_output=True, text=True)
    told = [line for line in done.stderr.splitlines() if "WARNING" in line or "ERROR" in line]
    if done.returncode or told:
        sys.exit(f"{program} {' '.join(arguments)} (status {done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
