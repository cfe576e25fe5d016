# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The cluster in which the istiods run that serve another one: they are asked for the proxies of that other cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._errors import MeshyardError
from ..._mesh import plane, syncz
from ..survey import proxies


@dataclass
class Primary:
    """A primary, connected once it answers.

    C(served) is the name by which its istiods know the cluster that they serve. C(connect) is tried again each time that the
    primary is asked and was not reached before.
    """

    served: str
    connect: Callable[[], Cluster]
    cluster: Cluster | None = None

    @property
    def requests(self) -> int:
        """How many requests were sent to it since it was connected."""
        return self.cluster.api.requests if self.cluster else 0

    def connections(self, revision: str) -> syncz.Connections:
        """The proxies that the istiods of a revision know, of all clusters.

        :raises MeshyardError: it cannot be reached, or has no such revision.
        """
        self.cluster = self.cluster or self.connect()
        deployments = read.objects(self.cluster, kind("Deployment"), labels=proxies.ISTIOD)
        asked = [one for one in plane.control_planes(deployments) if one.revision == revision]
        if not asked:
            raise MeshyardError(f"The primary cluster {self.cluster.name} has no istiod of revision {revision}.", code="revision_missing")
        return proxies.connections(self.cluster, asked)
