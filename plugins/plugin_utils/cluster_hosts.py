# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The inventory hosts of clusters: their variables, and the groups in which the playbooks look for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..module_utils._cluster.connection_options import EXPECTED_UID, VARIABLES
from ..module_utils._plan.multicluster.discovery import ClusterSeen, Member, members
from .kubeconfig_contexts import Context
from .mesh_inventory import PRIMARY_GROUP, REMOTE_GROUP, UNREACHABLE_GROUP
from .side_by_side import Problem

ALL_GROUP = "meshyard_clusters"
GROUPS = (ALL_GROUP, PRIMARY_GROUP, REMOTE_GROUP, UNREACHABLE_GROUP)
REACHABLE = "meshyard_reachable"
_BY_ROLE = {"primary": PRIMARY_GROUP, "remote": REMOTE_GROUP}


@dataclass(frozen=True)
class Discovery:
    """What was found out by looking at clusters.

    :ivar variables: of the hosts that could be reached. :ivar groups: the hosts of each group. :ivar warnings: in sentences.
    """

    variables: dict[str, dict[str, Any]]
    groups: dict[str, list[str]]
    warnings: list[str]


def discovery(named: Mapping[str, Context], found: Mapping[str, ClusterSeen | Problem]) -> Discovery:
    """What follows from what each cluster has.

    :param named: the contexts by host. :param found: what each has, or why it could not be looked at.
    """
    seen = {host: one for host, one in found.items() if isinstance(one, ClusterSeen)}
    parts = members(seen)
    groups: dict[str, list[str]] = {PRIMARY_GROUP: [], REMOTE_GROUP: [], UNREACHABLE_GROUP: []}
    for host in found:
        role = parts[host].role if host in parts else None
        if host not in parts:
            groups[UNREACHABLE_GROUP].append(host)
        elif role:
            groups[_BY_ROLE[role]].append(host)
    variables = {host: _variables(parts[host]) if host in parts else {REACHABLE: False} for host in found}
    return Discovery(variables, groups, list(_warnings(named, found, parts)))


def worth_keeping(named: Mapping[str, Context], found: Mapping[str, ClusterSeen | Problem]) -> dict[str, dict[str, Any]]:
    """What a cache keeps, by kubeconfig and context: a cluster that gave no answer is asked again the next time."""
    kept: dict[str, dict[str, Any]] = {}
    for host, one in found.items():
        if isinstance(one, ClusterSeen):
            kept.setdefault(named[host].kubeconfig, {})[named[host].name] = one.describe()
    return kept


def roles(named: Sequence[str], primaries: Sequence[str], remotes: Sequence[str], found: Discovery | None) -> dict[str, list[str]]:
    """The hosts of each group: what the user says of a host stands, whatever was found."""
    said = {*primaries, *remotes}
    groups = found.groups if found else {}
    given = {PRIMARY_GROUP: primaries, REMOTE_GROUP: remotes}
    merged = {
        group: [host for host in named if host in mine or (host in groups.get(group, ()) and host not in said)]
        for group, mine in given.items()
    }
    return {ALL_GROUP: list(named), **merged, **({UNREACHABLE_GROUP: groups[UNREACHABLE_GROUP]} if found else {})}


def _variables(part: Member) -> dict[str, Any]:
    known = {
        VARIABLES[EXPECTED_UID]: part.uid,
        "meshyard_cluster_name": part.name,
        "meshyard_network": part.network,
        "remote_cluster_primary": part.primary,
    }
    return {REACHABLE: True, **{name: value for name, value in known.items() if value}}


def _warnings(named: Mapping[str, Context], found: Mapping[str, ClusterSeen | Problem], parts: Mapping[str, Member]) -> Iterator[str]:
    for host, one in found.items():
        if isinstance(one, Problem):
            reason = named[host].without_secrets(one.message)
            yield (
                f"Cluster {host} (context {named[host].name}) cannot be reached: {reason}. Its part in the mesh is not known, so it is in "
                f"the group {UNREACHABLE_GROUP}, and in {PRIMARY_GROUP} or {REMOTE_GROUP} only where the inventory says so."
            )
            continue
        for problem in one.unread:
            yield f"Cluster {host}: {named[host].without_secrets(problem)} Its part in the mesh is told by what could be read."
    for host, part in parts.items():
        if part.role == "remote" and not part.primary:
            yield f"Which primary serves cluster {host} is not clear. Set remote_cluster_primary for it where there are several."
    same: dict[str, list[str]] = {}
    for host, part in parts.items():
        same.setdefault(part.uid, []).append(host)
    for hosts in same.values():
        if len(hosts) > 1:
            yield f"The hosts {', '.join(hosts)} are one cluster. Leave all but one of them out by the option exclude."
