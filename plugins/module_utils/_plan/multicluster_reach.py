# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about ways between clusters: to the API server of one, and to the istiod of another."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.revision import Names
from ansible_collections.meshyard.istio.plugins.module_utils._plan import remote, remote_secret
from ansible_collections.meshyard.istio.plugins.module_utils._plan.finding import Finding, Level
from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster_scene import Reach, Scene, Told, View, refused


def findings(scene: Scene) -> Iterator[Told]:
    """All findings of this file."""
    for view in (scene.here, *scene.others):
        if view.problem is not None:
            yield view.name, Finding("blocker", "unreachable", f"cluster {view.name}", _named(view, view.problem), view.problem.remedy)
        for sentence in view.unread:
            remedy = "Give the account of this run the right to read it, for a full check."
            yield view.name, Finding("warning", "unread", f"cluster {view.name}", sentence, remedy)
    yield from _servers(scene)
    for view in scene.primaries:
        if view is not scene.here:
            yield from _probe(scene, view)
            if scene.topology == "primary_remote":
                yield from _istiod(scene, view)


def _named(view: View, problem: MeshyardError) -> str:
    return f"Cluster {view.name} could not be read: {problem.problem}"


def _servers(scene: Scene) -> Iterator[Told]:
    """The API servers that istiods elsewhere have to read."""
    readers = len(scene.primaries)
    for view in scene.views:
        if view is scene.here or readers - view.is_primary > 0:
            what = f"server {view.server}"
            yield from refused(view.name, "blocker", "server", what, partial(remote_secret.check_server, view.server, view.name))


def _probe(scene: Scene, view: View) -> Iterator[Told]:
    server, name = scene.here.server, scene.here.name
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


def _istiod(scene: Scene, view: View) -> Iterator[Told]:
    """Whether this primary's istiod can serve the joining cluster, and by which addresses it is reached."""
    if not view.given.planned:
        yield from _serving(scene, view)
    yield from _addresses(view, view.reach)


def _serving(scene: Scene, view: View) -> Iterator[Told]:
    planes = [plane for plane in scene.planes(view) if not scene.revision or plane.revision == scene.revision]
    some = any(plane.serves_others for plane in planes)
    for plane in planes:
        if not plane.serves_others:
            istiod = remote.Istiod(plane.cluster_id, False)
            yield from _refusal(scene, view, "warning" if some else "blocker", "serves_itself_only", plane.revision, istiod)
    if not planes:
        yield from _refusal(scene, view, "blocker", "istiod_missing", scene.revision, None)


def _refusal(scene: Scene, view: View, level: Level, code: str, revision: str, istiod: remote.Istiod | None) -> Iterator[Told]:
    names = Names(revision, scene.namespace)
    check = partial(remote.refuse_istiod, istiod, scene.here.name, names, view.name)
    yield from refused(view.name, level, code, f"Deployment {names.namespace}/{names.istiod}", check)


def _addresses(view: View, reach: Reach | None) -> Iterator[Told]:
    if reach is None:
        return
    if reach.problem is not None:
        yield view.name, Finding("blocker", "no_way_to_istiod", f"cluster {view.name}", reach.problem.problem, reach.problem.remedy)
        return
    check = partial(remote.refuse_addresses, reach.addresses, reach.source)
    yield from refused(view.name, "blocker", "address_of_istiod", reach.source, check)
