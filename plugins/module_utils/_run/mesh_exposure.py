# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Whether a cluster has what an exposure refers to."""

from __future__ import annotations

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import read
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.revision import Names
from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh_exposure import INVENTORY, Wish


def refuse(cluster: Cluster, wish: Wish) -> None:
    """Returns when the objects can be written.

    :raises MeshyardError: Istio's CRDs or the namespace of the objects are missing.
    """
    for name in INVENTORY:
        known = kind(name)
        if not read.exists(cluster, known):
            raise MeshyardError(
                f"Cluster {cluster.name} does not know {known.plural}.{known.group}, a kind of Istio.",
                "Install Istio's CRDs there first, with istio_base.",
            )
    if read.get(cluster, kind("Namespace"), wish.place, metadata_only=True) is None:
        raise MeshyardError(
            f"The namespace {wish.place} does not exist on cluster {cluster.name}.",
            "Create it, or name in gateway_namespace one that exists.",
        )


def warnings(cluster: Cluster, wish: Wish) -> list[str]:
    """What will not work as it is: revisions without a Service to lead to."""
    found = []
    for revision in wish.revisions:
        service = Names(revision, wish.namespace).istiod
        if read.get(cluster, kind("Service"), service, wish.namespace, metadata_only=True) is None:
            found.append(f"Service {wish.namespace}/{service} does not exist on cluster {cluster.name}: its route leads nowhere yet.")
    return found
