# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Whether a cluster has what an exposure refers to."""

from __future__ import annotations

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._errors import MeshyardError
from ..._mesh.revision import Names
from ..._plan.remote.exposure import INVENTORY, ExposureRequest


def refuse(cluster: Cluster, request: ExposureRequest) -> None:
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
    if read.get(cluster, kind("Namespace"), request.place, metadata_only=True) is None:
        raise MeshyardError(
            f"The namespace {request.place} does not exist on cluster {cluster.name}.",
            "Create it, or name in gateway_namespace one that exists.",
            code="namespace_missing",
        )


def warnings(cluster: Cluster, request: ExposureRequest) -> list[str]:
    """What will not work as it is: revisions without a Service to lead to."""
    found = []
    for revision in request.revisions:
        service = Names(revision, request.namespace).istiod
        if read.get(cluster, kind("Service"), service, request.namespace, metadata_only=True) is None:
            found.append(f"Service {request.namespace}/{service} does not exist on cluster {cluster.name}: its route leads nowhere yet.")
    return found
