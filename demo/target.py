"""The cluster of the demo: the lab's, or one that the user names by an inventory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from demo.settings import NEW, NEW_VERSION, OLD, OLD_VERSION, ROOT, WORK, Target

USER_IMAGE = "fortio/fortio:1.66.0"
LAB_IMAGE = "meshyard.lab/app:1"


def of_lab(name: str = "central", work: Path = WORK) -> Target:
    """Starts a cluster of the lab and describes it; inventory and variables are written to C(work)."""
    run_lab("up", "--clusters", name)
    said = subprocess.run([sys.executable, "-m", "lab", "env", "--json"], check=True, cwd=ROOT, capture_output=True, text=True)
    cluster = json.loads(said.stdout)["clusters"][name]
    host = {"meshyard_kubeconfig": cluster["kubeconfig"], "meshyard_context": cluster["context"]}
    inventory = work / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"istio_primary": {"hosts": {name: {**host, "ansible_connection": "local"}}}}))
    lab = ROOT / ".lab"
    values = yaml.safe_load((ROOT / "lab" / "files" / "istiod-values.yaml").read_text())
    variables = _variables(LAB_IMAGE, f"{lab}/charts", str(lab / "bin" / "helm"), values, work)
    return Target(inventory, cluster["kubeconfig"], cluster["context"], variables, Path(cluster["audit_log"]), LAB_IMAGE)


def of_empty_lab() -> Target:
    """The lab's cluster C(central), begun anew: what an earlier demo left would be a mesh that is upgraded already."""
    run_lab("down", "--clusters", "central")
    return of_lab()


def run_lab(*arguments: str) -> None:
    """A command of the lab; SystemExit with the lab's own sentence when it refuses."""
    done = subprocess.run([sys.executable, "-m", "lab", *arguments], check=False, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip())


def of_user(inventory: Path) -> Target:
    """A cluster of the user: the inventory's only host, by its variables meshyard_kubeconfig and meshyard_context."""
    listed = subprocess.run(["ansible-inventory", "-i", str(inventory), "--list"], check=True, capture_output=True, text=True)
    hosts = json.loads(listed.stdout)["_meta"]["hostvars"]
    if len(hosts) != 1:
        raise SystemExit(f"The inventory {inventory} has {len(hosts)} hosts: give one with exactly one cluster for the demo.")
    facts = next(iter(hosts.values()))
    kubeconfig = facts.get("meshyard_kubeconfig") or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    image = os.environ.get("DEMO_IMAGE", USER_IMAGE)
    values = os.environ.get("DEMO_VALUES")
    given = yaml.safe_load(Path(values).read_text(encoding="utf-8")) if values else {}
    variables = _variables(image, os.environ.get("DEMO_CHARTS", ""), "", given)
    return Target(inventory, kubeconfig, facts.get("meshyard_context"), variables, None, image)


def _variables(image: str, charts: str, helm: str, values: dict[str, Any], work: Path = WORK) -> Path:
    """The variables file that every playbook of the demo gets."""
    mesh = dict(values.get("meshConfig") or {})
    # Istio repeats a failed request twice by default: that would hide a loss.
    mesh["defaultHttpRetryPolicy"] = {"attempts": 0}
    content: dict[str, object] = {
        "demo_image": image,
        "demo_old_revision": OLD,
        "demo_new_revision": NEW,
        "istio_control_plane_version": OLD_VERSION,
        "istio_control_plane_values": {**values, "meshConfig": mesh},
        "canary_upgrade_version": NEW_VERSION,
    }
    for role in ("istio_control_plane", "canary_upgrade"):
        if charts:
            content[f"{role}_chart_repo_url"] = charts
        if helm:
            content[f"{role}_binary_path"] = helm
    path = work / "variables.yml"
    path.write_text(yaml.safe_dump(content))
    return path
