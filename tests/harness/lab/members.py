"""The two clusters of the lab as one mesh: an inventory in which one host is one cluster, and what playbooks are given."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.harness.lab import ansible_playbook, target
from tests.harness.lab.reader import Reader
from tests.harness.lab.settings import OLD_VERSION
from tests.harness.lab.target import Target

PRIMARY, REMOTE = "central", "remote"
NAMES = (PRIMARY, REMOTE)
STATUS = {PRIMARY: "200", REMOTE: "202"}
"""The status by which the echo of each cluster answers."""

NAMESPACE = "echo"
INGRESS, INGRESS_NAMESPACE = "ingress", "echo-ingress"
# The chart's placeholder image has no tag, for which Kubernetes would always ask the registry.
_INGRESS_VALUES = {"imagePullPolicy": "IfNotPresent", "labels": {"istio": "gateway"}}
_ROLES = ("istio_control_plane", "remote_cluster", "canary_upgrade", "locality")


@dataclass(frozen=True)
class Members:
    """The clusters by name: how playbooks reach all of them, and a client for each.

    :ivar target: the inventory and variables of both. :ivar evidence: the folder for what is seen.
    :ivar collections: where the collection is installed.
    """

    target: Target
    targets: Mapping[str, Target]
    readers: Mapping[str, Reader]
    evidence: Path
    collections: Path

    def play(self, name: str, playbook: str, *options: str, **variables: Any) -> Path:
        """Runs a playbook over both clusters; the file of its task results."""
        given = ["-e", json.dumps(variables)] if variables else []
        return ansible_playbook.play(name, playbook, self.target, *options, *given, evidence=self.evidence, collections=self.collections)


def of_lab(
    work: Path, collections: Path, hosts: Mapping[str, Mapping[str, Any]] | None = None, primaries: tuple[str, ...] = (PRIMARY,)
) -> Members:
    """Starts both clusters of the lab and describes them as one mesh.

    :param work: the folder for inventory, variables and evidence. :param collections: where the collection is installed.
    :param hosts: further variables of the inventory's hosts. :param primaries: those with an istiod of their own.
    """
    targets = {}
    for name in NAMES:
        (work / name).mkdir(parents=True, exist_ok=True)
        targets[name] = target.of_lab(name, work / name)
    evidence = work / "evidence"
    evidence.mkdir(exist_ok=True)
    inventory, variables = work / "inventory.yml", work / "variables.yml"
    inventory.write_text(yaml.safe_dump(_inventory(targets, hosts or {}, primaries)))
    variables.write_text(yaml.safe_dump(_variables(targets[PRIMARY])))
    both = dataclasses.replace(targets[PRIMARY], inventory=inventory, variables=variables)
    return Members(both, targets, {name: Reader(where) for name, where in targets.items()}, evidence, collections)


def _inventory(targets: Mapping[str, Target], hosts: Mapping[str, Mapping[str, Any]], primaries: tuple[str, ...]) -> dict[str, Any]:
    base = yaml.safe_load(targets[PRIMARY].variables.read_text())["istio_control_plane_values"]
    groups: dict[str, Any] = {}
    for name, where in targets.items():
        group = "istio_primary" if name in primaries else "istio_remote"
        facts: dict[str, Any] = {"ansible_connection": "local", "meshyard_kubeconfig": where.kubeconfig, "meshyard_context": where.context}
        if name == PRIMARY:
            facts["istio_control_plane_gateways"] = [{"name": INGRESS, "namespace": INGRESS_NAMESPACE, "values": _INGRESS_VALUES}]
        given = dict(hosts.get(name, {}))
        facts["istio_control_plane_values"] = _values(base, name, given.get("meshyard_network", ""))
        groups.setdefault(group, {"hosts": {}})["hosts"][name] = {**facts, **given}
    return groups


def _values(base: Mapping[str, Any], name: str, network: str) -> dict[str, Any]:
    """Helm values with which an istiod serves a mesh of several clusters."""
    values: dict[str, Any] = copy.deepcopy(dict(base))
    values["global"] |= {"meshID": "lab", "multiCluster": {"clusterName": name}, "externalIstiod": True}
    if network:
        values["global"]["network"] = network
    return values


def _variables(where: Target) -> dict[str, Any]:
    given = yaml.safe_load(where.variables.read_text())
    kept = {key: value for key, value in given.items() if not key.startswith(("sample_", "istio_control_plane_values"))}
    tools = {word: given[f"canary_upgrade_{word}"] for word in ("chart_repo_url", "binary_path")}
    return {
        **kept,
        **{f"{role}_{word}": value for role in _ROLES for word, value in tools.items()},
        "istio_control_plane_version": OLD_VERSION,
    }
