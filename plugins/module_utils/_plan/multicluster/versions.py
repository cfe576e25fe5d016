# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about versions: of the istiods, of the proxies that one is to serve, and of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ..._charts import versions
from ..._errors import MeshyardError
from ..finding import Finding
from .model import ClusterFinding, MeshClusters, View, refused


def findings(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    """All findings of this file."""
    for version in _given(mesh_clusters):
        what = f"Istio {version}"
        yield from refused(mesh_clusters.here.name, "blocker", "version_unsupported", what, partial(versions.check_supported, version))
    yield from _skew(mesh_clusters)
    yield from _data_plane(mesh_clusters)
    for view in mesh_clusters.views:
        yield from _kubernetes(mesh_clusters, view)


def _skew(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    for one, other in mesh_clusters.pairs(primaries=True):
        ours, theirs = _istiods(mesh_clusters, one), _istiods(mesh_clusters, other)
        apart = [(a, b) for a in ours for b in theirs if (a.major, a.minor) != (b.major, b.minor) and abs(a.minor - b.minor) > 1]
        for a, b in apart[:1]:
            yield (
                one.name,
                Finding(
                    "warning",
                    "primaries_apart",
                    f"cluster {one.name}",
                    f"The istiods of cluster {one.name} ({a}) and cluster {other.name} ({b}) are more than one minor version apart, "
                    "of which Istio says nothing.",
                    "Upgrade the older one, or try it with clusters that nobody needs.",
                ),
            )


def _data_plane(mesh_clusters: MeshClusters) -> Iterator[ClusterFinding]:
    """A remote's proxies must not be newer than any istiod that is to serve them."""
    serving = _newest(mesh_clusters)
    for view in mesh_clusters.views:
        if view.is_primary or serving is None:
            continue
        by_version: dict[str, list[str]] = {}
        for proxy in view.proxies:
            by_version.setdefault(proxy.version, []).append(str(proxy))
        for text, pods in sorted(by_version.items()):
            found = _version(text)
            if found and (found.major, found.minor) > (serving.major, serving.minor):
                yield (
                    view.name,
                    Finding(
                        "blocker",
                        "data_plane_newer",
                        f"Pod {pods[0]}",
                        f"{len(pods)} proxies of cluster {view.name}, such as that of pod {pods[0]}, are of version {text}, and the istiod "
                        f"that is to serve them is {serving}: a data plane must not be newer.",
                        "Upgrade the primaries first, or let the cluster join a newer revision.",
                    ),
                )


def _kubernetes(mesh_clusters: MeshClusters, view: View) -> Iterator[ClusterFinding]:
    running = _version(view.kubernetes)
    serving = _istiods(mesh_clusters, view) or _given(mesh_clusters) or [found for found in [_oldest(mesh_clusters)] if found]
    for istio in sorted(set(serving)) if running else ():
        what = f"Kubernetes {running}"
        try:
            warning = versions.check_kubernetes(istio, running) if running else None
        except MeshyardError as problem:
            yield view.name, Finding("blocker", "kubernetes_unsupported", what, f"{_there(view)}{problem.problem}", problem.remedy)
        else:
            if warning:
                remedy = "Try it on such a cluster that nobody needs."
                yield view.name, Finding("warning", "kubernetes_unseen", what, f"{_there(view)}{warning}", remedy)


def _there(view: View) -> str:
    return f"Cluster {view.name}: "


def _given(mesh_clusters: MeshClusters) -> list[versions.Version]:
    """The versions that are to serve the joining cluster, as far as they are given, the oldest first."""
    return sorted({found for one in mesh_clusters.serving if (found := _version(one.version))})


def _newest(mesh_clusters: MeshClusters) -> versions.Version | None:
    """The newest version that is to serve the joining cluster, by which the proxies that are there are judged."""
    return next(reversed(_given(mesh_clusters)), None) or _oldest(mesh_clusters)


def _oldest(mesh_clusters: MeshClusters) -> versions.Version | None:
    """The oldest version of the other primaries."""
    others = [view for view in mesh_clusters.primaries if view is not mesh_clusters.here]
    return min((one for view in others for one in _istiods(mesh_clusters, view)), default=None)


def _istiods(mesh_clusters: MeshClusters, view: View) -> list[versions.Version]:
    return [found for plane in mesh_clusters.planes(view) if (found := _version(plane.version))]


def _version(text: str) -> versions.Version | None:
    try:
        return versions.parse(text)
    except MeshyardError:
        return None
