# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about what clusters and their meshes are called."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..._errors import MeshyardError
from ..._mesh import raw, revision
from ..._words import listed
from ..finding import Finding
from ..remote import secret as remote_secret
from ..remote.kubeconfig import Kubeconfig
from .model import ClusterFinding, MeshClusters, Plane, View, refused


def findings(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    """All findings of this file."""
    yield from _names(mesh_clusters)
    yield from _ids(mesh_clusters)
    yield from _remote_secrets(mesh_clusters)
    yield from _unknown(mesh_clusters)
    yield from _mesh_ids(mesh_clusters)
    yield from _trust_domains(mesh_clusters)


def _names(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    for view in (mesh_clusters.here, *mesh_clusters.others):
        yield from refused(view.name, "blocker", "name_invalid", f"cluster {view.name}", partial(revision.check_cluster, view.name))
    for one, other in mesh_clusters.pairs():
        if one.uid == other.uid:
            yield (
                one.name,
                Finding(
                    "blocker",
                    "same_cluster",
                    f"cluster {one.name}",
                    f"The clusters {one.name} and {other.name} are one: namespace kube-system has the UID {one.uid} in both.",
                    "Correct the connection of one of them: each needs a kubeconfig with a context, or a host with an API key, of its own.",
                ),
            )
        elif one.name == other.name:
            yield one.name, _clash(one.name, f"the clusters at {one.host} and {other.host} have the same name {one.name}")


def _ids(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    """Names that the istiods have for their own clusters."""
    for view in mesh_clusters.primaries:
        for other in mesh_clusters.views:
            if other.name != view.name and any(plane.cluster_id == other.name for plane in view.planes):
                yield other.name, _clash(other.name, f"istiod in cluster {view.name} has {other.name} for the ID of its own cluster")
        for plane in mesh_clusters.planes(view):
            if plane.cluster_id != view.name and not view.given.planned:
                yield view.name, _another_id(mesh_clusters, view, plane)


def _clash(name: str, why: str) -> Finding:
    remedy = "Give each cluster of a mesh a name of its own."
    return Finding("blocker", "name_clash", f"cluster {name}", f"{why[0].upper()}{why[1:]}.", remedy)


def _another_id(mesh_clusters: MeshClusters, view: View, plane: Plane) -> Finding:
    several = mesh_clusters.topology == "multi_primary"
    known = f"Cluster {view.name} is {plane.cluster_id} to its own istiod {plane.revision} (CLUSTER_ID)"
    remedy = f"Make a new revision with the value global.multiCluster.clusterName {view.name} and move all pods to it"
    return Finding(
        "blocker" if several else "warning",
        "cluster_id_differs",
        f"istiod {plane.revision}",
        f"{known}; a remote secret of another name would make it two clusters to the others." if several else f"{known}.",
        f"{remedy}, or call it {plane.cluster_id} here." if _possible(plane.cluster_id) else f"{remedy}.",
    )


def _possible(name: str) -> bool:
    """Whether a cluster can have this name: that of an istiod which was told none cannot be kept."""
    try:
        revision.check_cluster(name)
    except MeshyardError:
        return False
    return True


def _remote_secrets(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    """What making the remote secrets would be refused for: of this cluster beside other istiods, and of others beside one here."""
    for holder in mesh_clusters.primaries:
        for reader in mesh_clusters.views:
            between = (holder is mesh_clusters.here) != (reader is mesh_clusters.here)
            if holder.secrets and between and reader.name not in holder.secrets.own_ids:
                yield from _one_secret(holder, holder.secrets, reader)


def _one_secret(holder: View, here: remote_secret.PrimaryState, reader: View) -> Iterator[ClusterFinding]:
    what = f"Secret {here.namespace}/{remote_secret.secret_name(reader.name)}"
    wanted = Kubeconfig(reader.name, reader.server, "")
    try:
        remote_secret.refuse(here, wanted, reader.uid)
    except MeshyardError as problem:
        yield holder.name, Finding("blocker", "remote_secret", what, problem.problem, problem.remedy)
    else:
        yield from _leads_elsewhere(holder, here.secret(reader.name), wanted, reader)
    for secret in here.secrets:
        if raw.name(secret) != remote_secret.secret_name(reader.name) and _uid(secret) == reader.uid:
            yield (
                holder.name,
                Finding(
                    "blocker",
                    "known_by_another_name",
                    f"Secret {raw.qualified(secret)}",
                    f"Cluster {reader.name} (UID {reader.uid}) is known in cluster {holder.name} by Secret {raw.qualified(secret)}, "
                    "under another name: its endpoints would count twice.",
                    "Use that name, or remove that Secret first.",
                ),
            )


def _leads_elsewhere(holder: View, secret: raw.Raw | None, wanted: Kubeconfig, reader: View) -> Iterator[ClusterFinding]:
    """A Secret that somebody else made tells no UID: by another URL it may lead to another cluster."""
    found = remote_secret.kubeconfig_of(secret, reader.name)
    if secret is None or found is None or found.server == wanted.server or _uid(secret) == reader.uid:
        return
    yield (
        holder.name,
        Finding(
            "blocker" if reader.given.server else "warning",
            "remote_secret",
            f"Secret {raw.qualified(secret)}",
            f"Secret {raw.qualified(secret)} of cluster {holder.name} leads to {found.server} for cluster {reader.name}, "
            f"not to {wanted.server}.",
            f"Give {found.server} as server if it is the same cluster; else give the cluster another name, or remove that Secret first.",
        ),
    )


def _uid(secret: raw.Raw) -> str:
    return raw.annotations_of(secret).get(remote_secret.CLUSTER_UID, "")


def _unknown(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    known = {view.name for view in (mesh_clusters.here, *mesh_clusters.others)}
    for holder in mesh_clusters.primaries:
        for secret in holder.secrets.secrets if holder.secrets else ():
            for name in sorted(raw.mapping(secret, "data").keys() - known):
                yield (
                    holder.name,
                    Finding(
                        "info",
                        "cluster_not_given",
                        f"Secret {raw.qualified(secret)}",
                        f"The istiod of cluster {holder.name} also reads a cluster {name}, of which nothing is known here.",
                        "Name it in clusters, with a connection, to have it checked as well.",
                    ),
                )


def _mesh_ids(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    for one, other in mesh_clusters.pairs(primaries=True):
        ours, theirs = (sorted({plane.mesh_id for plane in mesh_clusters.planes(view) if plane.mesh_id}) for view in (one, other))
        if ours and theirs and set(ours) != set(theirs):
            yield one.name, _differs("mesh_ids_differ", "mesh ID", one, other, ours, theirs, "global.meshID")
    for view in mesh_clusters.primaries if len(mesh_clusters.primaries) > 1 else ():
        for plane in mesh_clusters.planes(view):
            if plane.trust_domain and not plane.mesh_id:
                yield (
                    view.name,
                    Finding(
                        "warning",
                        "mesh_id_missing",
                        f"istiod {plane.revision}",
                        f"The istiod {plane.revision} of cluster {view.name} has no mesh ID, and the mesh has several primaries.",
                        "Set the value global.meshID to the same for all primaries.",
                    ),
                )


def _trust_domains(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    for one, other in mesh_clusters.pairs(primaries=True):
        for ours in mesh_clusters.planes(one):
            for theirs in mesh_clusters.planes(other):
                if ours.trust_domain and theirs.trust_domain and not _accepts(ours, theirs):
                    pair = [ours.trust_domain], [theirs.trust_domain]
                    yield one.name, _differs("trust_domains_differ", "trust domain", one, other, *pair, "meshConfig.trustDomain")


def _accepts(one: Plane, other: Plane) -> bool:
    mutual = other.trust_domain in one.aliases and one.trust_domain in other.aliases
    return one.trust_domain == other.trust_domain or mutual


def _differs(code: str, what: str, one: View, other: View, ours: list[str], theirs: list[str], value: str) -> Finding:
    return Finding(
        "blocker",
        code,
        f"cluster {one.name}",
        f"The {what} of cluster {one.name} is {listed(ours, ' and ')}, and that of cluster {other.name} is {listed(theirs, ' and ')}.",
        f"Install a revision with the value {value} that the other cluster has, and move all pods to it.",
    )
