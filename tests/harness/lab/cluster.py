"""A real cluster of the lab, as tests see it and as people with kubectl, helm and istioctl change it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from lab import cleanup
from lab import cluster as lab_cluster
from lab.addresses import chosen
from lab.client import ApiError
from lab.paths import program
from tests.harness.lab import audit, target
from tests.harness.lab.reader import Reader

Body = dict[str, Any]


class LabCluster:
    """One running cluster.

    :ivar work: the folder for its inventory and for evidence. :ivar target: how playbooks reach it.
    :ivar client: requests as the lab itself, which the audit log does not show when they read.
    :ivar reader: another client, which can run programs in pods.
    """

    def __init__(self, name: str, work: Path) -> None:
        self.name, self.work = name, work
        work.mkdir(parents=True, exist_ok=True)
        self.target = target.of_lab(name, work)
        self.client = lab_cluster.client(chosen(name)[0])
        self.reader = Reader(self.target)

    def run(self, name: str, *arguments: str, given: str | None = None, seconds: float = 180) -> str:
        """The output of a program of the lab that speaks to this cluster; AssertionError with its words when it fails."""
        connection = {"helm": ["--kube-context", self.name], "kubectl": ["--context", self.name], "istioctl": ["--context", self.name]}
        command = [str(program(name)), "--kubeconfig", self.target.kubeconfig, *connection[name], *arguments]
        done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=seconds, check=False)
        assert done.returncode == 0, f"{name} {' '.join(arguments)}: {done.stderr}{done.stdout}"
        return done.stdout

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        return self.run("kubectl", *arguments, given=given)

    def apply(self, text: str) -> None:
        """Applies YAML or JSON documents."""
        self.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", given=text)

    def rolled_out(self, namespace: str, *names: str) -> None:
        """Waits until Deployments run completely."""
        for name in names:
            self.kubectl("rollout", "status", "-n", namespace, f"deployment/{name}", "--timeout=120s")

    def get(self, kind: str, name: str, namespace: str | None = None) -> Body | None:
        """An object, or None when there is no such."""
        try:
            return self.client.get(kinds.kind(kind).path(namespace, name))
        except ApiError as problem:
            if problem.status == 404:
                return None
            raise

    def items(self, kind: str, namespace: str | None = None) -> list[Body]:
        """All objects of a kind."""
        found: list[Body] = self.client.get(kinds.kind(kind).path(namespace))["items"]
        return found

    def merge(self, kind: str, name: str, namespace: str | None, patch: Body) -> Body:
        return self.client.merge(kinds.kind(kind).path(namespace, name), patch)

    def delete(self, kind: str, name: str, namespace: str | None = None) -> None:
        self.client.request("DELETE", kinds.kind(kind).path(namespace, name))

    def audit(self) -> list[Body]:
        """The events of the API server's audit log."""
        return audit.events(Path(str(self.target.audit_log)))


def recreate(name: str, work: Path) -> LabCluster:
    """An empty cluster in place of whatever there was."""
    # What clusters share stays: `down` would take it away and put the host's settings back each time.
    cleanup.clear(chosen(name)[0])
    return LabCluster(name, work)
