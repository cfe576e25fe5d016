"""Playbooks of this collection, run from the working tree against API servers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import tree

_CREDENTIALS = ("K8S_AUTH_", "KUBECONFIG", "MESHYARD_", "ANSIBLE_")


@dataclass(frozen=True)
class Outcome:
    """A playbook that has ended: its exit status, and all that it said in one line."""

    status: int
    said: str

    @property
    def changed(self) -> int:
        """How many tasks changed something, on all hosts."""
        return sum(map(int, re.findall(r"\bchanged=(\d+)", self.said)))


def play(name: str, groups: Mapping[str, Mapping[str, Mapping[str, Any]]], folder: Path, *arguments: str, **variables: Any) -> Outcome:
    """Runs a playbook to its end.

    :param groups: host variables by host by group. :param folder: for the inventory. :param arguments: further ones.
    :param variables: extra variables.
    """
    inventory = folder / "inventory.json"
    inventory.write_text(json.dumps({group: {"hosts": dict(hosts)} for group, hosts in groups.items()}))
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(_CREDENTIALS)}
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(tree.linked()),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": "1",
    }
    command = [str(Path(sys.executable).parent / "ansible-playbook"), str(tree.ROOT / "playbooks" / f"{name}.yml"), "-i", str(inventory)]
    extra = ["-e", json.dumps(variables), *arguments]
    ended = subprocess.run([*command, *extra], check=False, capture_output=True, text=True, env={**inherited, **environment}, timeout=280)
    return Outcome(ended.returncode, re.sub(r"\s+", " ", ended.stdout + ended.stderr))
