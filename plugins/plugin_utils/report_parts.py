# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Who reads which clusters for a report: a primary its remote clusters with itself, for only its istiod knows their proxies."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..module_utils._cluster.connection_options import VARIABLES
from ..module_utils._plan.mesh_report.part import Part
from .mesh_inventory import Cluster, Inventory, Own, Variables

Hostvars = Mapping[str, Variables]
Groups = Mapping[str, Sequence[str]]
_ANSWERS = ("answer", "facts", "releases", "endpoints")
_JOBS = ("awx_job_id", "tower_job_id")


@dataclass(frozen=True)
class Reading:
    """What one host of a run reads.

    :ivar name: of its cluster in the mesh. :ivar told_by: the primary that reads its control planes and workloads; empty where it
        does so itself. :ivar primary: the connection to that primary. :ivar remotes: the clusters that it reads beside its own, as the
        filter C(mesh) describes them.
    """

    name: str
    told_by: str = ""
    primary: dict[str, Any] = field(default_factory=dict)
    remotes: list[dict[str, Any]] = field(default_factory=list)


def reading(hostvars: Hostvars, groups: Groups, host: str, run: Sequence[str]) -> dict[str, Any]:
    """What a host reads, as a dictionary for templates.

    :param run: the hosts that take part.
    """
    return asdict(readings(hostvars, groups, run)[host])


def readings(hostvars: Hostvars, groups: Groups, run: Sequence[str]) -> dict[str, Reading]:
    """What each host of a run reads."""
    inventory = Inventory(hostvars, groups)
    told = {host: _primary(inventory, host, run) for host in run}
    found = {}
    for host in run:
        primary = told[host]
        own = [inventory.mesh(remote, run, Own()).own.describe() for remote, known in told.items() if known and known.host == host]
        found[host] = Reading(inventory.name(host), primary.host if primary else "", primary.connection if primary else {}, own)
    return found


def parts(hostvars: Hostvars, groups: Groups, run: Sequence[str], variables: Sequence[str]) -> list[Part]:
    """What the clusters of a run answered.

    :param variables: those in which a host keeps what C(istio_revision_info), C(mesh_info), C(workload_canary_info) and
        C(remote_endpoints) returned.
    """
    known = readings(hostvars, groups, run)
    found = []
    for host in run:
        answers: dict[str, Any] = {kind: hostvars[host].get(name) or {} for kind, name in zip(_ANSWERS, variables, strict=False)}
        own = known[host]
        names = {own.name: host, **{remote["name"]: remote["host"] for remote in own.remotes}}
        answered = any("cluster" in one for one in answers.values())
        kubeconfig = _kubeconfig(hostvars[host]) if answered else ""
        found.append(Part(host, own.told_by, names, kubeconfig=kubeconfig, **answers))
    return found


def _kubeconfig(variables: Variables) -> str:
    """The kubeconfig files of a host; those that AWX makes are gone after the job."""
    given = variables.get(VARIABLES["kubeconfig"])
    if not isinstance(given, str) or any(variables.get(name) for name in _JOBS):
        return ""
    return os.pathsep.join(os.path.abspath(os.path.expanduser(one)) for one in given.split(os.pathsep) if one)


def _primary(inventory: Inventory, host: str, run: Sequence[str]) -> Cluster | None:
    """The primary of a remote cluster where it takes part in the run."""
    if host not in inventory.remotes:
        return None
    primary = inventory.mesh(host, run, Own()).primary
    return primary if primary and primary.host in run and primary.host not in inventory.remotes else None
