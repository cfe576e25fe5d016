# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What stands in the way of moving namespaces, found before the first write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import gateway, injection, labels, policy, raw, workload
from ansible_collections.meshyard.istio.plugins.module_utils._plan import relabel
from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh import Mesh
from ansible_collections.meshyard.istio.plugins.module_utils._plan.relabel import Space, Wish

if TYPE_CHECKING:
    from ansible_collections.meshyard.istio.plugins.module_utils._plan.migrate import Move

DATAPLANE_MODE = "istio.io/dataplane-mode"


def ending(space: Space) -> bool:
    """Whether the namespace is being deleted."""
    return raw.at(space.obj or {}, "metadata", "deletionTimestamp") is not None


def of_spaces(spaces: Iterable[Space], wish: Wish, protected: frozenset[str]) -> list[MeshyardError]:
    """Namespaces that are not there, or that are never moved."""
    found = []
    for space in spaces:
        if space.name in policy.SYSTEM_NAMESPACES or space.name in protected:
            found.append(
                MeshyardError(
                    f"The namespace {space.name} belongs to Kubernetes or to the control plane and is never moved.",
                    "Take it out of the list; a gateway in it is moved by istio_gateway.",
                )
            )
        elif wish.state == "present":
            found += _not_ready(space)
    return found


def _not_ready(space: Space) -> list[MeshyardError]:
    if space.obj is None:
        return [MeshyardError(f"The namespace {space.name} does not exist.", "Correct its name, or create it first.")]
    if ending(space):
        return [MeshyardError(f"The namespace {space.name} is being deleted.", "Take it out of the list.")]
    if space.labels.get(DATAPLANE_MODE) == "ambient":
        return [
            MeshyardError(
                f"The namespace {space.name} is in ambient mode ({DATAPLANE_MODE}=ambient), where sidecars have no place.",
                "Take it out of the list, or remove that label first.",
            )
        ]
    return []


def of_moves(moves: Iterable[Move], wish: Wish, mesh: Mesh) -> list[MeshyardError]:
    """What the oracle foretells: pods that nobody would inject, that would be refused, or that two planes would inject."""
    found: list[MeshyardError] = []
    for move in moves:
        wrong = _target(move, wish, mesh) if wish.state == "present" else None
        found += [wrong] if wrong else _workloads(move, wish, mesh)
    return found


def _target(move: Move, wish: Wish, mesh: Mesh) -> MeshyardError | None:
    """Whether a pod of this namespace would come to the revision that was asked for."""
    pod_labels = {labels.REV: wish.label} if relabel.by_pods(move.space, wish) else {}
    decision = mesh.decide(move.space.name, move.after, pod_labels)
    wanted = mesh.resolve(wish.revision)
    if decision.kind == "revision" and decision.revision == wanted:
        return None
    known = ", ".join(sorted({plane.revision for plane in mesh.planes} | {tag.name for tag in mesh.tags})) or "none"
    if decision.kind == "revision":
        return MeshyardError(
            f"The label {labels.REV}={wish.label} would bring the namespace {move.space.name} to revision {decision.revision}, "
            f"not to {wanted}.",
            "Give a label that leads there: the revision itself, or a tag that points to it.",
        )
    return MeshyardError(
        f"With the label {labels.REV}={wish.label}, pods of the namespace {move.space.name} would not come to revision {wanted}: "
        f"{decision.reason}",
        f"Install the revision or tag and wait until it is ready, or name one of those that are there: {known}.",
    )


def _workloads(move: Move, wish: Wish, mesh: Mesh) -> list[MeshyardError]:
    space = move.space
    found = []
    for obj in space.workloads:
        seen = workload.parse(obj)
        changes = relabel.template_changes(obj, space, wish, mesh, move.after)
        then = relabel.changed(seen.template_labels, changes)
        decision = mesh.decide(space.name, move.after, then, seen.template_annotations, seen.host_network)
        if decision.kind in ("blocked", "double") or (decision.unserved and changes):
            found.append(_foretold(seen, decision))
        elif decision.kind == "none" and wish.state == "absent" and gateway.is_gateway(obj, seen.kind) and not _is_managed(obj):
            found.append(
                MeshyardError(
                    f"{seen} is a gateway and would have no proxy any more once the namespace {space.name} leaves the mesh.",
                    "Give it a revision of its own (istio_gateway), or remove it first.",
                )
            )
    return found or list(_namespace(move, wish))


def _namespace(move: Move, wish: Wish) -> Sequence[MeshyardError]:
    """Labels that are given back must still lead somewhere."""
    decision = move.then
    if wish.state == "former" and (decision.kind in ("blocked", "double") or decision.unserved):
        return [
            MeshyardError(
                f"With its former labels, pods of the namespace {move.space.name} would not start in the mesh: {decision.reason}",
                "Bring that revision or tag back first, or move the namespace to one that is there.",
            )
        ]
    return []


def _foretold(seen: workload.Workload, decision: injection.Decision) -> MeshyardError:
    return MeshyardError(
        f"New pods of {seen} would not start as they should: {decision.reason}",
        "Correct the labels or bring the control plane back, then run again.",
    )


def _is_managed(obj: raw.Raw) -> bool:
    return labels.GATEWAY_MANAGED in raw.labels_of(obj)
