# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Moving namespaces to a revision, out of the mesh, or back to what they were: the whole decision, before the first write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..._errors import MeshyardError
from ..._mesh import gateway, labels, raw, restart, verdict, workload
from ..._words import sentences
from ..objects import merge_patch
from ..objects.steps import Object, Patch, ref_of
from . import gateway_api, previous_labels, refusals, restarts
from . import labels as dataplane_labels
from .labels import MoveRequest, NamespaceState
from .mesh import Mesh
from .model import Migration, Move
from .restarts import Change, WorkloadPlan


def decide(
    namespace_states: Sequence[NamespaceState], request: MoveRequest, mesh: Mesh, protected: frozenset[str] = frozenset()
) -> Migration:
    """The moves of these namespaces.

    :param protected: namespaces of control planes.
    :raises MeshyardError: all that stands in the way, before anything is written.
    """
    there = [
        namespace_state for namespace_state in namespace_states if namespace_state.obj is not None and not refusals.ending(namespace_state)
    ]
    moves = tuple(_move(namespace_state, request, mesh) for namespace_state in there)
    problems = [*refusals.of_namespaces(namespace_states, request, protected), *refusals.of_moves(moves, request, mesh)]
    if problems:
        first = problems[0]
        said = [one.problem for one in problems]
        raise MeshyardError(sentences(said), first.remedy, code=first.code, problems=said)
    gone = [
        f"The namespace {namespace_state.name} does not exist any more: nothing is to be done there."
        for namespace_state in namespace_states
        if namespace_state not in there
    ]
    return Migration(moves, (*gone, *_warnings(moves)))


def _move(namespace_state: NamespaceState, request: MoveRequest, mesh: Mesh) -> Move:
    changes = dataplane_labels.namespace_changes(namespace_state, request, mesh)
    after = dataplane_labels.changed(namespace_state.labels, changes)
    move = Move(
        namespace_state=namespace_state,
        before=mesh.decide(namespace_state.name, namespace_state.labels, {}),
        then=mesh.decide(namespace_state.name, after, {}),
        after=after,
        step=_labelling(namespace_state, request, changes, mesh),
        workload_plans=(),
    )
    return replace(move, workload_plans=tuple(_workload_plans(move, request, mesh, fresh=bool(changes))))


def _labelling(namespace_state: NamespaceState, request: MoveRequest, changes: previous_labels.Labels, mesh: Mesh) -> Patch | None:
    """The namespace's labels and the record of the former ones, in one patch."""
    obj, forget = namespace_state.obj or {}, request.forget or request.state == "former"
    before = dataplane_labels.changed(namespace_state.labels, previous_labels.checked(obj) or {})
    stale = mesh.decide(namespace_state.name, before, {}).unserved is not None
    record = previous_labels.patch(obj, namespace_state.labels, changes and dataplane_labels.KEYS, forget=forget, stale=stale)
    patch: Object = {"labels": dict(changes)} if changes else {}
    if record:
        patch["annotations"] = dict(record)
    if not patch:
        return None
    wrapped = {"metadata": patch}
    reason = _reason(request) if changes else f"{previous_labels.ANNOTATION} is no longer needed"
    version = raw.text(obj, "metadata", "resourceVersion")
    return Patch(ref_of(obj), wrapped, merge_patch.MANAGER, merge_patch.restricted(obj, wrapped), version, reason)


def _reason(request: MoveRequest) -> str:
    return {"present": f"move to {request.label}", "absent": "take out of the mesh", "former": "give back the former labels"}[request.state]


def _workload_plans(move: Move, request: MoveRequest, mesh: Mesh, *, fresh: bool) -> list[WorkloadPlan]:
    namespace_state = move.namespace_state
    pods: dict[tuple[str, str], list[raw.Raw]] = {}
    for pod in namespace_state.live_pods:
        owner = restart.owner_of_pod(pod, namespace_state.owners)
        pods.setdefault((owner.kind, owner.name), []).append(pod)
    workload_plans = []
    for obj in namespace_state.workloads:
        own = pods.pop((raw.text(obj, "kind"), raw.name(obj)), [])
        workload_plans.append(_workload_plan(obj, own, move, request, mesh, fresh=fresh))
    workload_plans += [_of_others(kind, name, own, move, request, mesh) for (kind, name), own in pods.items()]
    return sorted(workload_plans, key=lambda workload_plan: workload_plan.key)


def _workload_plan(obj: raw.Raw, pods: list[raw.Raw], move: Move, request: MoveRequest, mesh: Mesh, *, fresh: bool) -> WorkloadPlan:
    """What becomes of a workload, with the oracle's decision about its new pods, which refusals read."""
    seen = workload.parse(obj)
    left = _is_left(obj, seen, move, request)
    template = {} if left else dataplane_labels.template_changes(obj, move.namespace_state, request, mesh, move.after)
    then = dataplane_labels.changed(seen.template_labels, template)
    decision = mesh.decide(seen.namespace, move.after, then, seen.template_annotations, seen.host_network)
    if gateway_api.is_managed(obj):
        plan = gateway_api.workload_plan(obj, pods, move.namespace_state.gateways, move.after, mesh)
    elif left:
        plan = WorkloadPlan(seen, None, "left", f"{seen} is a gateway with a revision of its own: istio_gateway moves it.")
    elif decision.kind == "none" and request.state == "present":
        plan = WorkloadPlan(seen, None, "already", f"{seen} is not in the mesh: {decision.reason}")
    else:
        plan = restarts.decide(obj, pods, _change(obj, seen, request, template, decision.revision, mesh, fresh=fresh))
    return replace(plan, decision=decision, template=template)


def _is_left(obj: raw.Raw, seen: workload.Workload, move: Move, request: MoveRequest) -> bool:
    """Whether a workload is a gateway that labels of its namespace do not move, or that istiod makes."""
    if gateway_api.is_managed(obj) or gateway.is_written(obj, seen.kind):
        return True
    return move.then.kind == "none" and request.state != "former" and gateway.is_gateway(obj, seen.kind)


def _change(
    obj: raw.Raw,
    seen: workload.Workload,
    request: MoveRequest,
    template: previous_labels.Labels,
    revision: str | None,
    mesh: Mesh,
    *,
    fresh: bool,
) -> Change:
    return Change(
        target=mesh.target(revision),
        mark=mesh.mark(revision),
        template=template,
        record=_record(obj, seen, request, template, mesh),
        fresh=fresh or bool(template),
        restart=request.restart,
        wait=request.wait and request.restart,
    )


def _record(
    obj: raw.Raw, seen: workload.Workload, request: MoveRequest, template: previous_labels.Labels, mesh: Mesh
) -> previous_labels.Labels:
    """The record of the former pod labels; that of a gateway which is rendered here belongs to its own module."""
    if labels.OWNER in seen.labels:
        return {}
    before = dataplane_labels.changed(seen.template_labels, previous_labels.checked(obj) or {})
    stale = mesh.decide(seen.namespace, {}, before).unserved is not None
    return previous_labels.patch(obj, seen.template_labels, template, forget=request.forget or request.state == "former", stale=stale)


def _of_others(kind: str, name: str, pods: list[raw.Raw], move: Move, request: MoveRequest, mesh: Mesh) -> WorkloadPlan:
    """Bare pods, Jobs, Rollouts and whatever else owns pods: they can be judged, not restarted."""
    stand_in = replace(workload.parse(pods[0], "Pod"), kind=kind, name=name, owner=None)
    decision = mesh.decide(move.namespace_state.name, move.after, stand_in.labels, raw.annotations_of(pods[0]), stand_in.host_network)
    if decision.kind == "none" and request.state == "present":
        return WorkloadPlan(stand_in, None, "already", f"{stand_in} is not in the mesh: {decision.reason}")
    target = mesh.target(decision.revision)
    if all(verdict.is_right(pod, target) for pod in pods):
        return WorkloadPlan(stand_in, target, "already")
    return WorkloadPlan(stand_in, target, "not_restartable", restart.restartable(stand_in) or f"{stand_in} cannot be restarted here.")


def _warnings(moves: Sequence[Move]) -> list[str]:
    warnings = []
    for move in moves:
        stuck = [workload_plan for workload_plan in move.workload_plans if workload_plan.status == "not_restartable"]
        if stuck:
            warnings.append(f"In namespace {move.namespace_state.name} not restarted: {sentences(one.reason for one in stuck)}")
        left = [workload_plan.reason for workload_plan in move.workload_plans if workload_plan.status == "left"]
        if left:
            warnings.append(f"In namespace {move.namespace_state.name} left as they are: {sentences(left)}")
    return warnings
