"""Playbooks of the collection, run as users run them, against API servers of the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests import tree

_CREDENTIALS = ("K8S_AUTH_", "KUBECONFIG", "MESHYARD_")


def play(name: str, inventory: dict[str, Any], folder: Path, *options: str, **variables: Any) -> str:
    """The output of a playbook that ends well.

    :param inventory: its groups, as in an inventory in YAML. :param folder: for files of this run.
    """
    hosts = folder / "inventory.json"
    hosts.write_text(json.dumps(inventory))
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(_CREDENTIALS)}
    environment = {
        **inherited,
        "ANSIBLE_COLLECTIONS_PATH": str(tree.linked()),
        "ANSIBLE_HOME": str(tree.BUILD / "ansible-home"),
        "ANSIBLE_FORCE_COLOR": "0",
        "ANSIBLE_PIPELINING": "1",
    }
    command = [str(Path(sys.executable).parent / "ansible-playbook"), f"meshyard.istio.{name}", "-i", str(hosts)]
    done = subprocess.run(
        [*command, *options, "-e", json.dumps(variables)],
        check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout
