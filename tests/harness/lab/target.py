"""How playbooks and programs reach one cluster; the lab's clusters are started and described here."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lab.paths import CHARTS, FILES, PROJECT, program
from tests.harness.lab import access_log
from tests.harness.lab.settings import NEW, NEW_VERSION, OLD, OLD_VERSION

LAB_IMAGE = "meshyard.lab/app:1"


@dataclass(frozen=True)
class Target:
    """One cluster.

    :ivar inventory: an Ansible inventory with one host.
    :ivar kubeconfig: how programs reach the cluster. :ivar context: the context in it, or None for the current one.
    :ivar variables: extra variables for the playbooks: chart source, image of the sample applications, values.
    :ivar audit_log: the API server's audit log, or None on a cluster that keeps it elsewhere.
    """

    inventory: Path
    kubeconfig: str
    context: str | None
    variables: Path
    audit_log: Path | None
    image: str


def of_lab(name: str, work: Path) -> Target:
    """Starts a cluster of the lab and describes it; inventory and variables are written to C(work)."""
    run_lab("up", "--clusters", name)
    said = subprocess.run([sys.executable, "-m", "lab", "env", "--json"], check=True, cwd=PROJECT, capture_output=True, text=True)
    cluster = json.loads(said.stdout)["clusters"][name]
    host = {"meshyard_kubeconfig": cluster["kubeconfig"], "meshyard_context": cluster["context"]}
    inventory = work / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"istio_primary": {"hosts": {name: {**host, "ansible_connection": "local"}}}}))
    given = variables(LAB_IMAGE, str(CHARTS), str(program("helm")), istiod_values(), work)
    return Target(inventory, cluster["kubeconfig"], cluster["context"], given, Path(cluster["audit_log"]), LAB_IMAGE)


def kubectl(where: Target, *arguments: str, given: str | None = None) -> str:
    """The output of kubectl on a cluster.

    :raises SystemExit: it failed.
    """
    context = ["--context", where.context] if where.context else []
    command = [str(program("kubectl")), "--kubeconfig", where.kubeconfig, *context, *arguments]
    done = subprocess.run(command, input=given, check=False, capture_output=True, text=True, timeout=180)
    if done.returncode:
        raise SystemExit(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def istiod_values() -> dict[str, Any]:
    """Helm values with which istiod serves the lab; a request that failed is not repeated, which would hide a loss.

    Proxies write no line for a request unless a Telemetry asks for it.
    """
    given: dict[str, Any] = yaml.safe_load((FILES / "istiod-values.yaml").read_text())
    given["meshConfig"]["defaultHttpRetryPolicy"] = {"attempts": 0}
    given["meshConfig"]["extensionProviders"] = [access_log.provider()]
    return given


def run_lab(*arguments: str) -> None:
    """A command of the lab; SystemExit with the lab's own sentence when it refuses."""
    done = subprocess.run([sys.executable, "-m", "lab", *arguments], check=False, cwd=PROJECT, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(done.stderr.strip())


def variables(image: str, charts: str, helm: str, values: dict[str, Any], work: Path) -> Path:
    """The variables file that every playbook gets."""
    content: dict[str, object] = {
        "sample_image": image,
        "sample_old_revision": OLD,
        "sample_new_revision": NEW,
        "istio_control_plane_version": OLD_VERSION,
        "istio_control_plane_values": values,
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
