"""The cluster of the demo: the lab's, or one that the user names by an inventory."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from demo.settings import WORK
from tests.harness.lab import ansible_playbook, target
from tests.harness.lab.target import Target


def of_empty_lab() -> Target:
    """The lab's cluster C(central), begun anew: what an earlier demo left would be a mesh that is upgraded already."""
    target.run_lab("down", "--clusters", "central")
    return target.of_lab("central", WORK)


def of_user(inventory: Path) -> Target:
    """A cluster of the user: the inventory's only host, by its variables meshyard_kubeconfig and meshyard_context."""
    facts = _only_host(inventory)
    kubeconfig = facts.get("meshyard_kubeconfig") or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    image = os.environ.get("DEMO_IMAGE")
    if not image:
        raise SystemExit("No image for the shop is given: set DEMO_IMAGE to one with fortio and a shell, see docs/own-clusters.md.")
    values = os.environ.get("DEMO_VALUES")
    given = yaml.safe_load(Path(values).read_text(encoding="utf-8")) if values else {}
    # Istio repeats a failed request twice by default: that would hide a loss.
    given["meshConfig"] = {**(given.get("meshConfig") or {}), "defaultHttpRetryPolicy": {"attempts": 0}}
    variables = target.variables(image, os.environ.get("DEMO_CHARTS", ""), "", given, WORK)
    return Target(inventory, kubeconfig, facts.get("meshyard_context"), variables, None, image)


def _only_host(inventory: Path) -> dict[str, Any]:
    """The variables of the only host of an inventory."""
    command = [ansible_playbook.program("ansible-inventory"), "-i", str(inventory), "--list"]
    listed = subprocess.run(command, check=False, capture_output=True, text=True)
    if listed.returncode or not inventory.exists():
        raise SystemExit(f"The inventory {inventory} cannot be read: {listed.stderr.strip()}")
    groups = json.loads(listed.stdout)
    known = groups.pop("_meta")["hostvars"]  # without the hosts that have no variables
    hosts = {name for group in groups.values() for name in group.get("hosts", ())}
    if len(hosts) != 1:
        raise SystemExit(f"The inventory {inventory} has {len(hosts)} hosts: give one with exactly one cluster for the demo.")
    return dict(known.get(hosts.pop(), {}))
