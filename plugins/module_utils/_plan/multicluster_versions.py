# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about versions: of the istiods, of the proxies that one is to serve, and of Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ansible_collections.meshyard.istio.plugins.module_utils._charts import versions
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.finding import Finding
from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster_scene import Scene, Told, View, refused


def findings(scene: Scene) -> Iterator[Told]:
    """All findings of this file."""
    told = _version(scene.version)
    if told:
        what = f"Istio {told}"
        yield from refused(scene.here.name, "blocker", "version_unsupported", what, partial(versions.check_supported, told))
    yield from _skew(scene)
    yield from _data_plane(scene)
    for view in scene.views:
        yield from _kubernetes(scene, view)


def _skew(scene: Scene) -> Iterator[Told]:
    for one, other in scene.pairs(primaries=True):
        ours, theirs = _istiods(scene, one), _istiods(scene, other)
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


def _data_plane(scene: Scene) -> Iterator[Told]:
    """A remote's proxies must not be newer than the istiod that is to serve them."""
    serving = _serving(scene)
    for view in scene.views:
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


def _kubernetes(scene: Scene, view: View) -> Iterator[Told]:
    running = _version(view.kubernetes)
    serving = _istiods(scene, view) or [found for found in [_serving(scene)] if found]
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


def _serving(scene: Scene) -> versions.Version | None:
    """The version that is to serve the joining cluster: the one told, else the oldest of the primaries'."""
    told = _version(scene.version)
    return told or min((one for view in scene.primaries if view is not scene.here for one in _istiods(scene, view)), default=None)


def _istiods(scene: Scene, view: View) -> list[versions.Version]:
    return [found for plane in scene.planes(view) if (found := _version(plane.version))]


def _version(text: str) -> versions.Version | None:
    try:
        return versions.parse(text)
    except MeshyardError:
        return None
