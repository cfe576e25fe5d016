# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Moving namespaces to a revision, out of the mesh, or back to what they were: the whole decision, before the first write."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import gateway, injection, labels, raw, restart, workload
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.verdict import Target
from ansible_collections.meshyard.istio.plugins.module_utils._plan import former, managed, refusals, relabel, restarts
from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh import Mesh
from ansible_collections.meshyard.istio.plugins.module_utils._plan.relabel import Space, Wish
from ansible_collections.meshyard.istio.plugins.module_utils._plan.restarts import Change, Fate
from ansible_collections.meshyard.istio.plugins.module_utils._plan.steps import Object, Patch, Plan, ref_of


class Placed(Protocol):
    """A namespace, and what becomes of workloads in it."""

    @property
    def space(self) -> Space:
        """The namespace as it was seen."""

    @property
    def fates(self) -> tuple[Fate, ...]:
        """What becomes of its workloads."""


@dataclass(frozen=True)
class Move:
    """What becomes of one namespace.

    :ivar after: its labels as they will be. :ivar step: the patch of it, None where none is needed.
    """

    space: Space
    before: injection.Decision
    then: injection.Decision
    after: dict[str, str]
    step: Patch | None
    fates: tuple[Fate, ...]

    def describe(self, pods: Sequence[raw.Raw]) -> dict[str, Any]:
        """The namespace as it is returned, with the pods as they are now."""
        judged = [(pod, fate) for pod, fate in paired(pods, self) if fate.target]
        right = [pod for pod, fate in judged if fate.target and restarts.is_right(pod, fate.target)]
        return {
            "name": self.space.name,
            "revision_before": self.before.revision,
            "revision": self.then.revision,
            "labels_before": relabel.injection_labels(self.space.labels),
            "labels": relabel.injection_labels(self.after),
            "workloads": [fate.describe() for fate in self.fates],
            "pods": {"total": len(judged), "on_target": len(right)},
        }


@dataclass(frozen=True)
class Migration:
    """The moves of all namespaces, and what the user should know."""

    moves: tuple[Move, ...]
    warnings: tuple[str, ...] = ()

    @property
    def labelling(self) -> Plan:
        """The patches of namespaces."""
        return tuple(move.step for move in self.moves if move.step)

    @property
    def restarts(self) -> Plan:
        """The patches of workloads."""
        return tuple(fate.step for fate in self.fates if fate.step)

    @property
    def plan(self) -> Plan:
        """All steps, in their order."""
        return (*self.labelling, *self.restarts)

    @property
    def settled(self) -> bool:
        """Whether there is neither anything to write nor anything to wait for."""
        return not self.plan and not any(fate.waits for fate in self.fates)

    @property
    def fates(self) -> tuple[Fate, ...]:
        """What becomes of every workload."""
        return tuple(fate for move in self.moves for fate in move.fates)


def decide(spaces: Sequence[Space], wish: Wish, mesh: Mesh, protected: frozenset[str] = frozenset()) -> Migration:
    """The moves of these namespaces.

    :param protected: namespaces of control planes.
    :raises MeshyardError: all that stands in the way, before anything is written.
    """
    there = [space for space in spaces if space.obj is not None and not refusals.ending(space)]
    moves = tuple(_move(space, wish, mesh) for space in there)
    problems = [*refusals.of_spaces(spaces, wish, protected), *refusals.of_moves(moves, wish, mesh)]
    if problems:
        first = problems[0]
        told = " ".join(one.problem for one in problems[:5]) + (f" And {len(problems) - 5} more." if len(problems) > 5 else "")
        raise MeshyardError(told, first.remedy, problems=[one.problem for one in problems])
    gone = [f"The namespace {space.name} does not exist any more: nothing is to be done there." for space in spaces if space not in there]
    return Migration(moves, (*gone, *_warnings(moves)))


def paired(pods: Sequence[raw.Raw], move: Placed) -> list[tuple[raw.Raw, Fate]]:
    """Every pod with the fate of its workload; those of workloads that nobody has seen yet are left out."""
    fates = {fate.key[1:]: fate for fate in move.fates}
    owners = [(pod, restart.owner_of_pod(pod, move.space.owners)) for pod in pods]
    return [(pod, fates[owner.kind, owner.name]) for pod, owner in owners if (owner.kind, owner.name) in fates]


def _move(space: Space, wish: Wish, mesh: Mesh) -> Move:
    changes = relabel.namespace_changes(space, wish, mesh)
    after = relabel.changed(space.labels, changes)
    move = Move(
        space=space,
        before=mesh.decide(space.name, space.labels, {}),
        then=mesh.decide(space.name, after, {}),
        after=after,
        step=_labelling(space, wish, changes, mesh),
        fates=(),
    )
    return replace(move, fates=tuple(_fates(move, wish, mesh, fresh=bool(changes))))


def _labelling(space: Space, wish: Wish, changes: former.Labels, mesh: Mesh) -> Patch | None:
    """The namespace's labels and the record of the former ones, in one patch."""
    obj, forget = space.obj or {}, wish.forget or wish.state == "former"
    before = relabel.changed(space.labels, former.checked(obj) or {})
    stale = mesh.decide(space.name, before, {}).unserved is not None
    record = former.patch(obj, space.labels, changes and relabel.KEYS, forget=forget, stale=stale)
    patch: Object = {"labels": dict(changes)} if changes else {}
    if record:
        patch["annotations"] = dict(record)
    if not patch:
        return None
    wrapped = {"metadata": patch}
    reason = _reason(wish) if changes else f"{former.ANNOTATION} is no longer needed"
    version = raw.text(obj, "metadata", "resourceVersion")
    return Patch(ref_of(obj), wrapped, restarts.MANAGER, restarts.restricted(obj, wrapped), version, reason)


def _reason(wish: Wish) -> str:
    return {"present": f"move to {wish.label}", "absent": "take out of the mesh", "former": "give back the former labels"}[wish.state]


def _fates(move: Move, wish: Wish, mesh: Mesh, *, fresh: bool) -> list[Fate]:
    space = move.space
    pods: dict[tuple[str, str], list[raw.Raw]] = {}
    for pod in space.live_pods:
        owner = restart.owner_of_pod(pod, space.owners)
        pods.setdefault((owner.kind, owner.name), []).append(pod)
    fates = []
    for obj in space.workloads:
        own = pods.pop((raw.text(obj, "kind"), raw.name(obj)), [])
        fates.append(_fate(obj, own, move, wish, mesh, fresh=fresh))
    fates += [_of_others(kind, name, own, move, wish, mesh) for (kind, name), own in pods.items()]
    return sorted(fates, key=lambda fate: fate.key)


def _fate(obj: raw.Raw, pods: list[raw.Raw], move: Move, wish: Wish, mesh: Mesh, *, fresh: bool) -> Fate:
    seen = workload.parse(obj)
    if managed.is_managed(obj):
        return managed.fate(obj, pods, move.space.gateways, move.after, mesh)
    written = gateway.is_written(obj, seen.kind)
    if written or (move.then.kind == "none" and wish.state != "former" and gateway.is_gateway(obj, seen.kind)):
        return Fate(seen, None, "left", f"{seen} is a gateway with a revision of its own: istio_gateway moves it.")
    template = relabel.template_changes(obj, move.space, wish, mesh, move.after)
    labels_then = relabel.changed(seen.template_labels, template)
    decision = mesh.decide(seen.namespace, move.after, labels_then, seen.template_annotations, seen.host_network)
    if decision.kind == "none" and wish.state == "present":
        return Fate(seen, None, "already", f"{seen} is not in the mesh: {decision.reason}")
    change = Change(
        target=mesh.target(decision.revision),
        mark=mesh.mark(decision.revision),
        template=template,
        record=_record(obj, seen, wish, template, mesh),
        fresh=fresh or bool(template),
        restart=wish.restart,
    )
    return restarts.decide(obj, pods, change)


def _record(obj: raw.Raw, seen: workload.Workload, wish: Wish, template: former.Labels, mesh: Mesh) -> former.Labels:
    """The record of the former pod labels; that of a gateway which is rendered here belongs to its own module."""
    if labels.OWNER in seen.labels:
        return {}
    before = relabel.changed(seen.template_labels, former.checked(obj) or {})
    stale = mesh.decide(seen.namespace, {}, before).unserved is not None
    return former.patch(obj, seen.template_labels, template, forget=wish.forget or wish.state == "former", stale=stale)


def _of_others(kind: str, name: str, pods: list[raw.Raw], move: Move, wish: Wish, mesh: Mesh) -> Fate:
    """Bare pods, Jobs, Rollouts and whatever else owns pods: they can be judged, not restarted."""
    stand_in = replace(workload.parse(pods[0], "Pod"), kind=kind, name=name, owner=None)
    decision = mesh.decide(move.space.name, move.after, stand_in.labels, raw.annotations_of(pods[0]), stand_in.host_network)
    if decision.kind == "none" and wish.state == "present":
        return Fate(stand_in, None, "already", f"{stand_in} is not in the mesh: {decision.reason}")
    target = Target(decision.revision, mesh.target(decision.revision).version)
    if all(restarts.is_right(pod, target) for pod in pods):
        return Fate(stand_in, target, "already")
    return Fate(stand_in, target, "not_restartable", restart.restartable(stand_in) or f"{stand_in} cannot be restarted here.")


def _warnings(moves: Sequence[Move]) -> list[str]:
    told = []
    for move in moves:
        stuck = [fate for fate in move.fates if fate.status == "not_restartable"]
        if stuck:
            told.append(f"In namespace {move.space.name} not restarted: {' '.join(fate.reason for fate in stuck)}")
        left = [fate.reason for fate in move.fates if fate.status == "left"]
        if left:
            told.append(f"In namespace {move.space.name} left as they are: {' '.join(left)}")
    return told
