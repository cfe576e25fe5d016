"""ansible-inventory with the inventory plugin of the collection, run as people run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests import tree


@dataclass
class Inventory:
    """A file for the plugin in a folder."""

    folder: Path

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """ansible-inventory for a file with these options."""
        file = self.folder / "clusters.meshyard.yml"
        file.write_text(yaml.safe_dump({"plugin": "meshyard.istio.clusters", "kubeconfigs": ["*.kubeconfig"], **options}))
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "K8S_AUTH_", "KUBECONFIG"))}
        return subprocess.run(
            [str(Path(sys.executable).parent / "ansible-inventory"), "-i", str(file), *arguments],
            env={**environment, "ANSIBLE_COLLECTIONS_PATH": str(tree.linked()), "ANSIBLE_HOME": str(self.folder / "home")},
            check=False,
            capture_output=True,
            text=True,
            timeout=100,
        )

    def listed(self, **options: Any) -> dict[str, Any]:
        """What C(--list) says."""
        done = self.run("--list", **options)
        assert done.returncode == 0, done.stderr
        return parsed(done.stdout)


def parsed(text: str) -> dict[str, Any]:
    """An inventory as JSON, in which ansible-inventory marks what is no template."""
    found: dict[str, Any] = json.loads(text, object_hook=lambda one: one.get("__ansible_unsafe", one))
    return found
