# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""A run over all clusters that are to be one mesh."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..._charts import versions
from ..._cluster.connect import Cluster
from ..._errors import Abandoned, InvalidOption, MeshyardError
from ..._mesh.revision import check_revision, revision_name
from ..._plan.multicluster.model import Given, MeshClusters, Reach, Role, Serving, View
from ..._plan.remote import secret as remote_secret
from ..._run.multicluster import read as multicluster
from ..._run.probe.source import WaitPolicy
from ..module import Run

_REMOTE = "primary_remote"


class Checking:
    """The clusters of a run.

    :raises MeshyardError: no other cluster has an istiod, or the revision is impossible.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._params = run.params
        self._namespace: str = run.params["control_plane_namespace"]
        self._clusters = [run.cluster]
        self._serving = tuple(_serving(one) for one in _given(run.params))
        if all(item["role"] != "primary" for item in run.params["clusters"]):
            raise InvalidOption(
                f"The option clusters names no primary that cluster {run.cluster.name} could make one mesh with.",
                "Name at least one cluster with role primary, with its connection.",
            )

    @property
    def requests(self) -> int:
        """How many requests were sent to all of them."""
        return sum(cluster.api.requests for cluster in self._clusters)

    def mesh_clusters(self) -> MeshClusters:
        """All clusters as they are, and the answers to probes where they are asked for."""
        topology = self._params["topology"]
        role: Role = "remote" if topology == _REMOTE else "primary"
        given = Given(self._params["cluster_name"], role, self._params["network"], self._params["server"] or "")
        self.run.tell(f"reading cluster {given.name}")
        here = multicluster.view(given, self.run.cluster, self._namespace, given.name)
        others = [self._other(item, here) for item in self._params["clusters"]]
        return MeshClusters(topology, here, others, self._namespace, self._serving)

    def _other(self, item: dict[str, Any], here: View) -> View:
        given = Given(item["name"], item["role"], item["network"], item["server"] or "", item["planned"])
        self.run.tell(f"reading cluster {given.name}")
        try:
            cluster = self.run.connect(item, given.name, item["expected_cluster_uid"])
        except Abandoned:
            raise
        except MeshyardError as problem:
            return multicluster.unreachable(given, item["host"] or "", problem)
        self._clusters.append(cluster)
        seen = multicluster.view(given, cluster, self._namespace, here.name)
        if seen.problem or given.role != "primary":
            return seen
        known = not given.planned or self._params["reach"] == "address"
        if self._params["topology"] == _REMOTE and known:
            seen = dataclasses.replace(seen, reaches=self._reaches(cluster, seen))
        return self._probed(seen, cluster, here)

    def _reaches(self, cluster: Cluster, seen: View) -> tuple[Reach, ...]:
        """The ways to the istiods that are to serve, one for each revision."""
        revisions = [one.revision for one in self._serving] or [""]
        return tuple(multicluster.reach(cluster, self._namespace, one, seen.planes, self._params) for one in revisions)

    def _probed(self, seen: View, cluster: Cluster, here: View) -> View:
        """With what its pods say of the API server of this cluster."""
        if not self._params["probe"] or self.run.check or not _means_one(here):
            return seen
        patience = WaitPolicy(self._params["wait_timeout"], self.run.tell, self.run.alive)
        answered = multicluster.ask(cluster, self._namespace, self._params["probe_image"], here.server, patience)
        return dataclasses.replace(seen, probe=answered)


def _given(params: dict[str, Any]) -> list[dict[str, Any]]:
    """The revisions that the options name, each with its version where that is given."""
    one = {"revision": params["revision"], "version": params["version"]}
    return params["revisions"] or ([one] if any(one.values()) else [])


def _serving(given: dict[str, Any]) -> Serving:
    """A revision that is to serve.

    :raises MeshyardError: its name or its version is impossible.
    """
    if given["version"]:
        versions.parse(given["version"])
    revision = given["revision"] or revision_name(given["version"] or "")
    check_revision(revision)
    return Serving(revision, given["version"] or "")


def _means_one(here: View) -> bool:
    """Whether a pod elsewhere can mean this cluster by its server at all."""
    try:
        remote_secret.check_server(here.server, here.name)
    except MeshyardError:
        return False
    return True
