# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about ways between clusters: to the API server of one, and to the istiod of another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..._errors import MeshyardError
from ..._mesh.revision import Names
from ..finding import Finding, Level
from ..remote import control_plane as remote_control_plane
from ..remote import secret as remote_secret
from .model import ClusterFinding, MeshClusters, Reach, View, refused


def findings(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    """All findings of this file."""
    for view in (mesh_clusters.here, *mesh_clusters.others):
        if view.problem is not None:
            yield view.name, Finding("blocker", "unreachable", f"cluster {view.name}", _named(view, view.problem), view.problem.remedy)
        for sentence in view.unread:
            remedy = "Give the account of this run the right to read it, for a full check."
            yield view.name, Finding("warning", "unread", f"cluster {view.name}", sentence, remedy)
    yield from _servers(mesh_clusters)
    for view in mesh_clusters.primaries:
        if view is not mesh_clusters.here:
            yield from _probe(mesh_clusters, view)
            if mesh_clusters.topology == "primary_remote":
                yield from _istiod(mesh_clusters, view)


def _named(view: View, problem: MeshyardError) -> str:
    return f"Cluster {view.name} could not be read: {problem.problem}"


def _servers(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    """The API servers that istiods elsewhere have to read."""
    readers = len(mesh_clusters.primaries)
    for view in mesh_clusters.views:
        if view is mesh_clusters.here or readers - view.is_primary > 0:
            what = f"server {view.server}"
            yield from refused(view.name, "blocker", "server", what, partial(remote_secret.check_server, view.server, view.name))


def _probe(mesh_clusters: MeshClusters, view: View) -> Iterator[ClusterFinding]:
    server, name = mesh_clusters.here.server, mesh_clusters.here.name
    probe = view.probe
    if probe is None:
        yield (
            view.name,
            Finding(
                "info",
                "server_not_tried",
                f"server {server}",
                f"It was not tried whether {server}, the API server of cluster {name}, answers pods of cluster {view.name}.",
                "Set probe to true, with a probe_image, to try it by a pod there that is removed again.",
            ),
        )
    elif probe.answered is None:
        yield (
            view.name,
            Finding(
                "warning",
                "probe_impossible",
                f"server {server}",
                f"No pod of cluster {view.name} could try {server}: {probe.why.rstrip('.')}.",
                "Correct probe_image, or what keeps pods in the control plane namespace from starting.",
            ),
        )
    elif not probe.answered:
        yield (
            view.name,
            Finding(
                "blocker",
                "server_unreachable",
                f"server {server}",
                f"Asked by a pod of cluster {view.name}, {server} does not answer, which is to be the API server of cluster {name}: "
                f"{probe.why.rstrip('.')}.",
                "Give server as a URL that pods there reach, or open the way (routes, firewalls, the allowed networks of the API server).",
            ),
        )


def _istiod(mesh_clusters: MeshClusters, view: View) -> Iterator[ClusterFinding]:
    """Whether this primary's istiod can serve the joining cluster, and by which addresses it is reached."""
    if not view.given.planned:
        yield from _serving(mesh_clusters, view)
    for reach in dict.fromkeys(view.reaches):
        yield from _addresses(view, reach)


def _serving(mesh_clusters: MeshClusters, view: View) -> Iterator[ClusterFinding]:
    named = mesh_clusters.revisions
    planes = [plane for plane in view.planes if not named or plane.revision in named]
    some = not named and any(plane.serves_others for plane in planes)
    for plane in planes:
        if not plane.serves_others:
            istiod = remote_control_plane.Istiod(plane.cluster_id, False)
            yield from _refusal(mesh_clusters, view, "warning" if some else "blocker", "serves_itself_only", plane.revision, istiod)
    missing = [one for one in named if one not in [plane.revision for plane in planes]]
    for revision in missing or ([] if planes else [""]):
        yield from _refusal(mesh_clusters, view, "blocker", "istiod_missing", revision, None)


def _refusal(
    mesh_clusters: MeshClusters, view: View, level: Level, code: str, revision: str, istiod: remote_control_plane.Istiod | None
) -> Iterator[ClusterFinding]:
    names = Names(revision, mesh_clusters.namespace)
    check = partial(remote_control_plane.refuse_istiod, istiod, mesh_clusters.here.name, names, view.name)
    yield from refused(view.name, level, code, f"Deployment {names.namespace}/{names.istiod}", check)


def _addresses(view: View, reach: Reach) -> Iterator[ClusterFinding]:
    if reach.problem is not None:
        yield view.name, Finding("blocker", "no_way_to_istiod", f"cluster {view.name}", reach.problem.problem, reach.problem.remedy)
        return
    check = partial(remote_control_plane.refuse_addresses, reach.addresses, reach.source)
    yield from refused(view.name, "blocker", "address_of_istiod", reach.source, check)
