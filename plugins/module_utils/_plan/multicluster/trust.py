# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about certificates: clusters are one mesh only where all trust one root."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ..finding import Finding
from .model import ClusterFinding, MeshClusters, Trust, View

SOON = timedelta(days=30)
_COMMON = (
    "Make an intermediate certificate for each cluster from one root, put it there as Secret cacerts, restart istiod and then the "
    "workloads; while that lasts let root-cert.pem hold both roots."
)


def findings(mesh_clusters: MeshClusters, now: datetime) -> Iterator[ClusterFinding]:
    """All findings of this file."""
    yield from _missing(mesh_clusters)
    yield from _different(mesh_clusters)
    for view in mesh_clusters.views:
        if view.is_primary:
            yield from _not_taken(view)
        else:
            yield from _remote(mesh_clusters, view)
        yield from _expiry(view, now)


def _missing(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    """A primary without a root gets one that nobody else has."""
    for view in mesh_clusters.primaries:
        if view.trust is None and view.ca_read and len(mesh_clusters.primaries) > 1:
            yield (
                view.name,
                Finding(
                    "warning" if view.given.planned else "blocker",
                    "root_missing",
                    f"Secret {mesh_clusters.namespace}/cacerts",
                    f"Cluster {view.name} has no CA certificate yet: its istiod would make a root of its own, which no other trusts.",
                    f"Put Secret cacerts, of the root of the others, into namespace {mesh_clusters.namespace} before istiod is installed.",
                ),
            )


def _different(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    for one, other in mesh_clusters.pairs(primaries=True):
        if one.trust and other.trust and not one.trust.fingerprints & other.trust.fingerprints:
            yield (
                one.name,
                Finding(
                    "blocker",
                    "roots_differ",
                    one.trust.object,
                    f"The clusters {one.name} and {other.name} have no root certificate in common: "
                    f"{_said(one.trust)} in the one, {_said(other.trust)} ({other.trust.object}) in the other.",
                    _COMMON,
                ),
            )


def _not_taken(view: View) -> Iterator[ClusterFinding]:
    """The Secret was changed, and istiod still hands out what it read before."""
    if view.own and view.shown and view.planes and not view.own.fingerprints & view.shown.fingerprints:
        yield (
            view.name,
            Finding(
                "warning",
                "root_not_in_use",
                view.own.object,
                f"The istiod of cluster {view.name} hands out another root ({_said(view.shown)} in {view.shown.object}) than that of "
                f"{view.own.object} ({_said(view.own)}).",
                "Restart istiod, so that it reads the Secret, and then the workloads.",
            ),
        )


def _remote(mesh_clusters: MeshClusters, view: View) -> Iterator[ClusterFinding]:
    """A remote gets its certificates from its primary: roots of its own are left over from before."""
    roots = {root for primary in mesh_clusters.primaries if primary.trust for root in primary.trust.fingerprints}
    if not roots:
        return
    if view.own and not view.own.fingerprints & roots:
        yield view.name, _left_over(view, view.own)
    elif view.shown and not view.shown.fingerprints & roots:
        yield (
            view.name,
            Finding(
                "warning",
                "root_replaced",
                view.shown.object,
                f"{view.shown.object} of cluster {view.name} has another root ({_said(view.shown)}) than the primaries; "
                "the istiod that joins it writes its own there.",
                "Restart the workloads with proxies after joining: until then they trust the old root alone.",
            ),
        )


def _left_over(view: View, own: Trust) -> Finding:
    said = f"{own.object} of the remote cluster {view.name} has a root ({_said(own)}) that no primary has"
    if not view.planes:
        remedy = "Delete that Secret if no istiod is to run there."
        return Finding("warning", "root_left_over", own.object, f"{said}; nothing reads it now, but an istiod there would.", remedy)
    running = " and ".join(plane.revision for plane in view.planes)
    remedy = "Give all clusters a common root first, or uninstall that istiod."
    return Finding("blocker", "root_left_over", own.object, f"{said}, and the istiod {running} there hands it out.", remedy)


def _expiry(view: View, now: datetime) -> Iterator[ClusterFinding]:
    for root in view.trust.roots if view.trust else ():
        if root.ends > now + SOON:
            continue
        over = root.ends <= now
        yield (
            view.name,
            Finding(
                "warning",
                "root_expired" if over else "root_expires_soon",
                view.trust.object if view.trust else "",
                f"The root certificate {root.fingerprint[:12]} of cluster {view.name} {'ended' if over else 'ends'} "
                f"at {root.ends:%Y-%m-%d %H:%M} UTC.",
                "Bring in a new root beside it in all clusters, then new intermediate certificates, then take the old root out.",
            ),
        )


def _said(trust: Trust) -> str:
    return " and ".join(sorted(one[:12] for one in trust.fingerprints)) or "none that can be read"
