# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Why clusters cannot become, or are not, one mesh; and what was read of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..finding import LEVELS
from . import identity, networks, reach, trust, versions
from .model import ClusterFinding, MeshClusters, View

_TOPICS = (reach, identity, networks, versions)


def findings(mesh_clusters: MeshClusters, now: datetime) -> list[ClusterFinding]:
    """All findings with their clusters, blockers first; within a level in the order of the topics."""
    found = [*trust.findings(mesh_clusters, now), *(finding for topic in _TOPICS for finding in topic.findings(mesh_clusters))]
    return sorted(dict.fromkeys(found), key=lambda finding: LEVELS.index(finding[1].level))


def possible(found: list[ClusterFinding]) -> bool:
    """Whether nothing stands against it."""
    return all(finding.level != "blocker" for _cluster, finding in found)


def described(mesh_clusters: MeshClusters) -> list[dict[str, Any]]:
    """What was read of every cluster, this one first."""
    return [_described(mesh_clusters, view) for view in (mesh_clusters.here, *mesh_clusters.others)]


def _described(mesh_clusters: MeshClusters, view: View) -> dict[str, Any]:
    planes = mesh_clusters.planes(view)
    return {
        "name": view.name,
        "role": view.given.role,
        "reachable": view.problem is None,
        "host": view.host or None,
        "uid": view.uid or None,
        "network": view.network or None,
        "mesh_id": next((plane.mesh_id for plane in planes if plane.mesh_id), None),
        "trust_domain": next((plane.trust_domain for plane in planes if plane.trust_domain), None),
        "roots": sorted(view.trust.fingerprints) if view.trust else [],
        "kubernetes": view.kubernetes or None,
        "planes": [
            {"revision": one.revision, "version": one.version, "cluster_id": one.cluster_id, "serves_others": one.serves_others}
            for one in view.planes
        ],
        "gateways": [{"service": one.object, "network": one.network, "addresses": list(one.addresses)} for one in view.gateways],
    }
