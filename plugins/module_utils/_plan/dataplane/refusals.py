# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What stands in the way of moving namespaces, found before the first write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..._errors import MeshyardError
from ..._mesh import gateway, injection, labels, policy, raw, release, workload
from . import labels as dataplane_labels
from .labels import MoveRequest, NamespaceState
from .mesh import Mesh

if TYPE_CHECKING:
    from .model import Move


def ending(namespace_state: NamespaceState) -> bool:
    """Whether the namespace is being deleted."""
    return raw.at(namespace_state.obj or {}, "metadata", "deletionTimestamp") is not None


def of_namespaces(namespace_states: Iterable[NamespaceState], request: MoveRequest, protected: frozenset[str]) -> list[MeshyardError]:
    """Namespaces that are not there, or that are never moved."""
    found = []
    for namespace_state in namespace_states:
        if namespace_state.name in policy.SYSTEM_NAMESPACES or namespace_state.name in protected:
            found.append(
                MeshyardError(
                    f"The namespace {namespace_state.name} belongs to Kubernetes or to the control plane and is never moved.",
                    "Take it out of the list; a gateway in it is moved by istio_gateway.",
                    code="namespace_protected",
                )
            )
            continue
        if request.state == "present":
            found += _not_ready(namespace_state)
        found += filter(None, map(open_release, namespace_state.workloads))
    return found


def open_release(obj: raw.Raw) -> MeshyardError | None:
    """The release that a workload is in, which judges and replaces its pods by itself: nobody else may restart it meanwhile."""
    problem = release.obstacle(obj) if raw.text(obj, "kind") == "Deployment" else None
    return MeshyardError(problem, release.REMEDY, code="release_open") if problem else None


def _not_ready(namespace_state: NamespaceState) -> list[MeshyardError]:
    if namespace_state.obj is None:
        problem = f"The namespace {namespace_state.name} does not exist."
        return [MeshyardError(problem, "Correct its name, or create it first.", code="namespace_missing")]
    if ending(namespace_state):
        problem = f"The namespace {namespace_state.name} is being deleted."
        return [MeshyardError(problem, "Take it out of the list.", code="namespace_ending")]
    if namespace_state.labels.get(labels.DATAPLANE_MODE) == "ambient":
        return [
            MeshyardError(
                f"The namespace {namespace_state.name} is in ambient mode ({labels.DATAPLANE_MODE}=ambient), where sidecars have no place.",
                "Take it out of the list, or remove that label first.",
                code="namespace_ambient",
            )
        ]
    return []


def of_moves(moves: Iterable[Move], request: MoveRequest, mesh: Mesh) -> list[MeshyardError]:
    """What the oracle predicts: pods that nobody would inject, that would be refused, or that two planes would inject."""
    found: list[MeshyardError] = []
    for move in moves:
        wrong = _target(move, request, mesh) if request.state == "present" else None
        found += [wrong] if wrong else _workloads(move, request)
    return found


def _target(move: Move, request: MoveRequest, mesh: Mesh) -> MeshyardError | None:
    """Whether a pod of this namespace would come to the revision that was asked for."""
    name = move.namespace_state.name
    pod_labels = {labels.REV: request.label} if dataplane_labels.by_pods(move.namespace_state, request) else {}
    decision = mesh.decide(name, move.after, pod_labels)
    wanted = mesh.resolve(request.revision)
    if decision.kind == "revision" and decision.revision == wanted:
        return None
    if decision.kind == "revision":
        return MeshyardError(
            f"The label {labels.REV}={request.label} would bring the namespace {name} to revision {decision.revision}, not to {wanted}.",
            "Give a label that leads there: the revision itself, or a tag that points to it.",
            code="label_leads_elsewhere",
        )
    return MeshyardError(
        f"With the label {labels.REV}={request.label}, pods of the namespace {name} would not come to revision {wanted}: {decision.reason}",
        mesh.choose_revision,
        code=decision_code(decision),
    )


def _workloads(move: Move, request: MoveRequest) -> list[MeshyardError]:
    objects = {(raw.text(obj, "kind"), raw.name(obj)): obj for obj in move.namespace_state.workloads}
    found = []
    for plan in move.workload_plans:
        obj, decision = objects.get(plan.key[1:]), plan.decision
        if obj is None or decision is None:
            continue
        if any(key in plan.workload.selector for key in plan.template):
            found.append(_fixed(plan.workload))
        elif decision.kind in ("blocked", "double") or (decision.unserved and plan.template):
            found.append(_predicted(plan.workload, decision))
        elif decision.kind == "none" and request.state == "absent" and gateway.is_gateway(obj, plan.workload.kind) and not _is_managed(obj):
            found.append(_unproxied(plan.workload))
    return found or list(_namespace(move, request))


def _fixed(seen: workload.Workload) -> MeshyardError:
    return MeshyardError(
        f"{seen} has {labels.REV} or {labels.INJECT} in its selector, which cannot be changed, so that its pods cannot be relabelled.",
        "Make the workload anew without it in the selector, then run again.",
        code="selector_fixed",
    )


def _unproxied(seen: workload.Workload) -> MeshyardError:
    return MeshyardError(
        f"{seen} is a gateway and would have no proxy any more once the namespace {seen.namespace} leaves the mesh.",
        "Give it a revision of its own (istio_gateway), or remove it first.",
        code="gateway_without_proxy",
    )


def _namespace(move: Move, request: MoveRequest) -> Sequence[MeshyardError]:
    """Labels that are given back must still lead somewhere."""
    decision = move.then
    if request.state == "former" and (decision.kind in ("blocked", "double") or decision.unserved):
        return [
            MeshyardError(
                f"With its former labels, pods of the namespace {move.namespace_state.name} would not start in the mesh: {decision.reason}",
                "Bring that revision or tag back first, or move the namespace to one that is there.",
                code=decision_code(decision),
            )
        ]
    return []


def _predicted(seen: workload.Workload, decision: injection.Decision) -> MeshyardError:
    return MeshyardError(
        f"New pods of {seen} would not start as they should: {decision.reason}",
        "Correct the labels or bring the control plane back, then run again.",
        code=decision_code(decision),
    )


def decision_code(decision: injection.Decision) -> str:
    """The code of a decision that keeps pods from coming to a revision."""
    codes = {"blocked": "injection_blocked", "double": "injection_double", "none": "no_webhook", "revision": "label_leads_elsewhere"}
    return codes[decision.kind]


def _is_managed(obj: raw.Raw) -> bool:
    return labels.GATEWAY_MANAGED in raw.labels_of(obj)
