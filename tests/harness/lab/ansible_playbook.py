"""Running the collection's playbooks as a user does, from the built and installed collection."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from lab.paths import PROJECT
from tests.harness.lab.target import Target

CALLBACKS = Path(__file__).parent / "callbacks"
SETTINGS = PROJECT / "examples" / "project" / "ansible.cfg"
"""What users are told to begin with."""


def install_collection(work: Path) -> Path:
    """Builds the tarball and installs it beside nothing else; the folder of collections below C(work)."""
    build, collections = work / "build", work / "collections"
    build.mkdir(parents=True, exist_ok=True)
    _run([program("ansible-galaxy"), "collection", "build", str(PROJECT), "--output-path", str(build), "--force"], work / "galaxy.log")
    tarball = max(build.glob("meshyard-istio-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    arguments = [str(tarball), "--collections-path", str(collections), "--force", "--offline", "--no-deps"]
    _run([program("ansible-galaxy"), "collection", "install", *arguments], work / "galaxy.log")
    return collections


def play(name: str, playbook: str, target: Target, *arguments: str, evidence: Path, collections: Path, expect: int = 0) -> Path:
    """Runs a playbook, shows its output, and keeps it with the task results as evidence.

    :param name: the name of the evidence. :param playbook: a playbook of the collection by its name, or a path.
    :param evidence: the folder for what it leaves. :param collections: where the collection is installed.
    :param expect: the status with which it must end.
    :returns: the file of task results.
    :raises SystemExit: it ended otherwise.
    """
    evidence.mkdir(parents=True, exist_ok=True)
    tasks = evidence / f"{name}.tasks.jsonl"
    print(f"\n$ ansible-playbook {playbook} {' '.join(arguments)}", flush=True)
    settings = {"ANSIBLE_CONFIG": str(SETTINGS), **environment(tasks, collections)}
    _run(command(playbook, target, *arguments), evidence / f"{name}.log", settings, show=True, expect=expect)
    return tasks


def command(playbook: str, target: Target, *arguments: str) -> list[str]:
    """The command line of a playbook."""
    return [program("ansible-playbook"), playbook, "-i", str(target.inventory), "-e", f"@{target.variables}", *arguments]


def environment(tasks: Path, collections: Path) -> dict[str, str]:
    """The environment in which a playbook of the installed collection leaves its task results in a file, made empty here."""
    tasks.write_text("")
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
        "ANSIBLE_CALLBACKS_ENABLED": "evidence",
        "ANSIBLE_NOCOWS": "1",
        "EVIDENCE_TASKS_FILE": str(tasks),
    }


def program(name: str) -> str:
    """A program of Ansible's beside this Python, which may not be on PATH."""
    return str(Path(sys.executable).parent / name)


def _run(command: list[str], log: Path, environment: dict[str, str] | None = None, *, show: bool = False, expect: int = 0) -> None:
    with (
        log.open("w", encoding="utf-8") as target,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=log.parent) as process,
    ):
        for line in process.stdout or ():
            target.write(line)
            if show:
                print(line, end="", flush=True)
    if process.returncode != expect:
        raise SystemExit(f"{' '.join(command[:2])} ended with {process.returncode}: its output is in {log}.")
