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
from typing import Any

import yaml

from tests import tree

NAME = "meshyard.istio"
PROGRAMS = Path(sys.executable).parent
PURPOSE = f"package-{tree.ANSIBLE}"
INSTALLED = tree.BUILD / f"installed-{PURPOSE}"
ANSIBLES_OWN = "/ansible/_internal/ansible_collections/ansible/_protomatter"
"""In ansible-core 2.21 `ansible-doc --type role` warns of this part of itself, whatever it is asked."""
Page = dict[str, Any]
NOWHERE = "https://127.0.0.1:9"
PLAY = f"""\
- hosts: localhost
  gather_facts: false
  connection: local
  vars: {{ansible_python_interpreter: "{{{{ ansible_playbook_python }}}}"}}
  module_defaults: {{group/{NAME}.all: {{host: "{NOWHERE}", api_key: none}}}}
  tasks:
    - {NAME}.istio_tag: {{name: prod, revision: 1-32-0}}
      failed_when: false
"""
SANITY = "tests/config.yml"
DEVELOPERS_ONLY = ("tests/", "lab/", "bench/", "demo/", "molecule/", ".", "Makefile", "pyproject.toml", "constraints.txt", "build/")


def main() -> None:
    shutil.rmtree(INSTALLED, ignore_errors=True)
    source = tree.copied(PURPOSE) / tree.COLLECTION
    tarball = _build(source)
    _run("ansible-galaxy", "collection", "install", "--offline", "--collections-path", str(INSTALLED), str(tarball))
    tree.link_dependency(INSTALLED)
    collection = INSTALLED / tree.COLLECTION
    playbooks, modules = _playbooks(collection), _modules(collection)
    if playbooks:
        _run("ansible-playbook", "--syntax-check", "--inventory", "localhost,", *(f"{NAME}.{name}" for name in playbooks))
    _modules_are_watched_and_take_defaults()
    for name, page in _pages("module", modules).items():
        _complete(name, list(_missing_in_module(page)))
    roles = sorted(path.parent.parent.name for path in collection.glob("roles/*/meta/argument_specs.yml"))
    for name, page in _pages("role", roles).items():
        _complete(name, list(_missing_in_role(page)))
    _run("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "dependent", str(source))
    print(f"{tarball.name}: {len(playbooks)} playbooks, {len(modules)} modules and {len(roles)} roles found by their names")


def _build(source: Path) -> Path:
    _run("ansible-galaxy", "collection", "build", "--force", "--output-path", str(source.parents[2]), str(source))
    about = yaml.safe_load((source / "galaxy.yml").read_text())
    tarball = source.parents[2] / f"{about['namespace']}-{about['name']}-{about['version']}.tar.gz"
    with tarfile.open(tarball) as archive:
        names = archive.getnames()
    if SANITY not in names:
        sys.exit(f"{SANITY}, by which ansible-test knows what the modules claim, is not in the tarball")
    surplus = [name for name in names if name.startswith(DEVELOPERS_ONLY) and name != SANITY]
    if surplus:
        sys.exit(f"Files for developers are in the tarball, add them to build_ignore in galaxy.yml: {', '.join(surplus)}")
    return tarball


def _modules_are_watched_and_take_defaults() -> None:
    """A module finds the action plugin that shows its progress, and the connection that is given to all modules at once."""
    play = tree.BUILD / f"play-{PURPOSE}.yml"
    play.write_text(PLAY)
    shown = _run("ansible-playbook", "-vvv", "--inventory", "localhost,", str(play))
    for wanted in ("MESHYARD_PROGRESS_FILE=", f"The API server {NOWHERE}"):
        if wanted not in shown:
            sys.exit(f"{wanted} is missing in what a module was given or answered:\n{shown}")


def _playbooks(collection: Path) -> list[str]:
    files = sorted(collection.glob("playbooks/*.yml"))
    return [path.stem for path in files if isinstance(yaml.safe_load(path.read_text()), list)]


def _modules(collection: Path) -> list[str]:
    return sorted(path.stem for path in collection.glob("plugins/modules/*.py") if path.stem != "__init__")


def _pages(kind: str, names: list[str]) -> dict[str, Page]:
    """What ansible-doc knows of all these modules or roles."""
    if not names:
        return {}
    wanted = [f"{NAME}.{name}" for name in names]
    pages: dict[str, Page] = json.loads(_run("ansible-doc", "--type", kind, "--json", *wanted))
    return {name: pages.get(name) or {} for name in wanted}


def _complete(name: str, missing: list[str]) -> None:
    if missing:
        sys.exit(f"The documentation of {name} is not complete: {', '.join(missing)}")


def _missing_in_module(page: Page) -> Iterator[str]:
    yield from (part for part in ("doc", "examples", "return") if not page.get(part))
    yield from _undescribed(page.get("doc", {}).get("options") or {}, "options")
    yield from _undescribed(page.get("return") or {}, "return")


def _missing_in_role(page: Page) -> Iterator[str]:
    if not page.get("entry_points"):
        yield "entry points"
    for name, entry_point in page.get("entry_points", {}).items():
        yield from (f"{name}: {part}" for part in ("short_description", "description") if not entry_point.get(part))
        yield from _undescribed(entry_point.get("options") or {}, name)


def _undescribed(options: Page, where: str) -> Iterator[str]:
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
        "ANSIBLE_HOME": str(tree.BUILD / "ansible-home"),
        "ANSIBLE_NOCOLOR": "1",
        # antsibull-docs copies what git knows: kubernetes.core must not count as an ignored part of this repository.
        "GIT_CEILING_DIRECTORIES": str(tree.ROOT),
    }
    command = [str(PROGRAMS / program), *arguments]
    # From a folder that is no collection, so that only the installed one can be found.
    done = subprocess.run(command, check=False, cwd=tree.BUILD, env=environment, capture_output=True, text=True)
    told = [line for line in done.stderr.splitlines() if ("WARNING" in line or "ERROR" in line) and ANSIBLES_OWN not in line]
    if done.returncode or told:
        sys.exit(f"{program} {' '.join(arguments)} (status {done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
