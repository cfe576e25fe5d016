# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Why clusters cannot become, or are not, one mesh; and what was read of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._plan import (
    multicluster_identity,
    multicluster_networks,
    multicluster_reach,
    multicluster_trust,
    multicluster_versions,
)
from ansible_collections.meshyard.istio.plugins.module_utils._plan.finding import LEVELS
from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster_scene import Scene, Told, View

_TOPICS = (multicluster_reach, multicluster_identity, multicluster_networks, multicluster_versions)


def findings(scene: Scene, now: datetime) -> list[Told]:
    """All findings with their clusters, blockers first; within a level in the order of the topics."""
    found = [*multicluster_trust.findings(scene, now), *(told for topic in _TOPICS for told in topic.findings(scene))]
    return sorted(dict.fromkeys(found), key=lambda told: LEVELS.index(told[1].level))


def possible(found: list[Told]) -> bool:
    """Whether nothing stands against it."""
    return all(finding.level != "blocker" for _cluster, finding in found)


def described(scene: Scene) -> list[dict[str, Any]]:
    """What was read of every cluster, this one first."""
    return [_described(scene, view) for view in (scene.here, *scene.others)]


def _described(scene: Scene, view: View) -> dict[str, Any]:
    planes = scene.planes(view)
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
