# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading what a control plane shares with those beside it."""

from __future__ import annotations

from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._mesh import plane
from ..._mesh.revision import Names
from ..._plan.control_plane import common_identity
from ..._plan.objects.steps import Object
from ..objects import rendering


def of_live(cluster: Cluster, names: Names) -> dict[str, str]:
    """What a live control plane says, in three requests; nothing where it does not run here."""
    wanted = (("ConfigMap", names.injector), ("ConfigMap", names.mesh_config), ("Deployment", names.istiod))
    found = [read.get(cluster, kinds.kind(kind), name, names.namespace) for kind, name in wanted]
    objects = [{**obj, "kind": kind} for (kind, _name), obj in zip(wanted, found, strict=True) if obj is not None]
    return common_identity.of_objects(objects, names, rendering.parse_yaml)


def beside(cluster: Cluster, names: Names) -> list[str]:
    """The other revisions that run in the same namespace."""
    deployments = read.objects(cluster, kinds.kind("Deployment"), names.namespace, labels="app=istiod")
    return [one.revision for one in plane.control_planes(deployments) if one.revision != names.revision]


def check(cluster: Cluster, names: Names, targets: list[Object], source: str | None) -> list[str]:
    """What should be known of the difference between a new control plane and those beside it.

    :param source: the revision whose values were carried over; without it, all that run beside it are compared.
    :raises MeshyardError: workloads of the new one and of another would be parted.
    """
    wanted = common_identity.of_objects(targets, names, rendering.parse_yaml)
    warnings: list[str] = []
    for revision in [source] if source else beside(cluster, names):
        live = of_live(cluster, Names(revision, names.namespace))
        warnings += common_identity.refuse_parting(live, wanted, revision, names.revision, cluster.name)
    return warnings
