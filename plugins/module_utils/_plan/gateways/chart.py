# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Gateways that are rendered from the official chart: with which values, and what of them is applied."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..._charts import values
from ..._errors import MeshyardError
from ..._mesh import injection, labels, raw, workload
from ..dataplane import previous_labels, restarts
from ..dataplane.mesh import Mesh
from ..dataplane.restarts import Change, WorkloadPlan
from ..objects import convergence, merge_patch, ownership
from ..objects.steps import Apply, Create, Object, Patch, Plan, Ref, ref_of
from . import move as gateway_move
from . import settings as gateway_settings
from .model import GatewayMoveRequest, GatewayState, Move, owner
from .settings import GatewaySettings

KINDS = ("Deployment", "DaemonSet")
# What the gateway chart may render.
INVENTORY = (
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "Service",
    "Deployment",
    "DaemonSet",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "NetworkPolicy",
)


def refuse_values(found: GatewayState, given: Mapping[str, Any] | None) -> None:
    """Returns unless values are given for a gateway that somebody else made.

    :raises MeshyardError: they are.
    """
    if found.theirs and given:
        raise MeshyardError(
            f"{found} was made by {found.made_by.kind}, not by this module, so that values cannot be applied to it.",
            "Leave values out to move it alone, or change it by the tool that made it.",
            code="not_ours",
            made_by=found.made_by.kind,
        )


def wanted(rendered: Iterable[Object], found: GatewayState, how: GatewaySettings, request: GatewayMoveRequest, mesh: Mesh) -> list[Object]:
    """The rendered objects as they are applied.

    The workload carries the recipe, the record of its former label, and the mark of a restart that is due: so one write does it.
    """
    objects = convergence.stamped(rendered, owner(found.name))
    return [_completed(obj, found, how, request, mesh) if obj["kind"] in KINDS else obj for obj in objects]


def planned(found: GatewayState, objects: Iterable[Object]) -> GatewayState:
    """The gateway as it will be, for the decision about its pods: the rendered workload over the live one."""
    rendered = _workload(objects)
    template = copy.deepcopy(rendered)
    if found.workload is not None:
        live = raw.mapping(found.workload, "spec", "template", "metadata")
        own = raw.mapping(template, "spec", "template", "metadata")
        template["spec"]["template"]["metadata"] = values.merge(live, own)
    return replace(found, workload=template)


def refuse_strangers(found: GatewayState, live: Mapping[Ref, Object], cluster: str) -> None:
    """Returns unless an object of the name is there that somebody else made.

    :raises MeshyardError: there is one; a forced apply would take it away from its owner.
    """
    others = sorted(ref for ref, obj in live.items() if convergence.owner_of(obj) != owner(found.name))
    if others:
        raise MeshyardError(
            f"{others[0]} exists on cluster {cluster} and was not made by this module, so the gateway "
            f"{found.namespace_state.name}/{found.name} cannot be installed.",
            "Remove it, or choose another name.",
            code="not_ours",
            made_by=found.made_by.kind,
        )


def converge(targets: Iterable[Object], live: Mapping[Ref, Object], found: GatewayState) -> Plan:
    """The steps towards the rendered objects."""
    return convergence.converge(targets, live, owner(found.name))


def namespace_step(found: GatewayState, *, create: bool, check: bool) -> Plan:
    """The step that makes the missing namespace; nobody owns it, so nobody takes it away.

    :param check: in check mode an earlier task may be about to make it.
    :raises MeshyardError: it is missing, and nobody asked for it.
    """
    if found.namespace_state.obj is not None or (check and not create):
        return ()
    if not create:
        raise MeshyardError(
            f"The namespace {found.namespace_state.name} of the gateway {found.name} does not exist.",
            "Create it, or set create_namespace to true.",
            code="namespace_missing",
        )
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": found.namespace_state.name}}
    return (Create(body, convergence.CREATOR, "the gateway has no namespace yet"),)


def removal(found: GatewayState, live: Mapping[Ref, Object]) -> Plan:
    """The steps that take away what was rendered for the gateway.

    :raises MeshyardError: there is a gateway of the name that somebody else made.
    """
    if (found.workload is not None and not found.ours) or found.api is not None:
        raise MeshyardError(
            f"{found} was made by {found.made_by.kind}, not by this module, and is not removed by it.",
            "Remove it by the tool that made it.",
            code="not_ours",
            made_by=found.made_by.kind,
        )
    return convergence.removal(live, owner(found.name), "the gateway is to be absent")


def move(found: GatewayState, objects: Iterable[Object], plan: Plan, request: GatewayMoveRequest, mesh: Mesh) -> Move:
    """What becomes of the workload once the plan is carried out.

    :raises MeshyardError: its pods would not come to the revision, or it is paused.
    """
    then = planned(found, objects)
    decision = gateway_move.now(then, mesh)
    gateway_move.refuse_elsewhere(then, request, mesh, decision)
    steps = (*plan, *_forgetting(found, request))
    if found.workload is None or _rolls(plan):
        _refuse_paused(found)
        reason = "its pod template changes" if found.workload else "it is new"
        return Move(found.namespace_state, restarts.rolling(then.workload or {}, mesh.target(decision.revision), reason), decision, steps)
    return Move(found.namespace_state, _restart(found, {}, decision, mesh, wait=request.wait), decision, steps)


def _refuse_paused(found: GatewayState) -> None:
    if found.workload is not None and workload.parse(found.workload).paused:
        raise MeshyardError(
            f"{found} is paused, so that a change of its pod template would not roll.",
            "Resume it first (kubectl rollout resume); where its changes wait for releases, disable that first (workload_canary).",
            code="not_restartable",
        )


def _restart(
    found: GatewayState, template: previous_labels.Labels, decision: injection.Decision, mesh: Mesh, *, wait: bool = True
) -> WorkloadPlan:
    """What the live pods of the workload call for."""
    change = Change(mesh.target(decision.revision), mesh.mark(decision.revision), template, {}, fresh=bool(template), wait=wait)
    return restarts.decide(found.workload or {}, found.namespace_state.live_pods, change)


def _rolls(plan: Plan) -> bool:
    """Whether a step changes a pod template."""
    return any(
        isinstance(step, Apply) and step.ref.kind in KINDS and any(path.startswith("spec.template") for path in step.fields)
        for step in plan
    )


def _forgetting(found: GatewayState, request: GatewayMoveRequest) -> Plan:
    """The patch that drops the record where a patch wrote it; one that was applied goes with the next apply."""
    obj = found.workload or {}
    if not request.forget or previous_labels.checked(obj) is None or _applied(found, "metadata", previous_labels.ANNOTATION):
        return ()
    patch: Object = {"metadata": {"annotations": {previous_labels.ANNOTATION: None}}}
    reason = f"{previous_labels.ANNOTATION} is no longer needed"
    return (Patch(ref_of(obj), patch, merge_patch.MANAGER, merge_patch.restricted(obj, patch), "", reason),)


def _completed(obj: Object, found: GatewayState, how: GatewaySettings, request: GatewayMoveRequest, mesh: Mesh) -> Object:
    changed = copy.deepcopy(obj)
    _annotate(changed, {gateway_settings.ANNOTATION: how.text()})
    if found.workload is None:
        return changed
    label = raw.mapping(obj, "spec", "template", "metadata", "labels").get(labels.REV)
    is_now = raw.mapping(found.workload, "spec", "template", "metadata", "labels").get(labels.REV)
    changing = {labels.REV: label} if is_now != label else {}
    _annotate(changed, _record(found, request, changing, mesh))
    _annotate(changed["spec"]["template"], _mark(found, changing, gateway_move.now(planned(found, [obj]), mesh), mesh))
    return changed


def _annotate(obj: Object, annotations: Mapping[str, str]) -> None:
    if annotations:
        meta = obj.setdefault("metadata", {})
        meta["annotations"] = {**(meta.get("annotations") or {}), **annotations}


def _record(found: GatewayState, request: GatewayMoveRequest, changing: previous_labels.Labels, mesh: Mesh) -> dict[str, str]:
    """The new record where the label changes, and the one that an apply must name to keep it."""
    if request.forget:
        return {}
    new = gateway_move.record(found, request, changing, mesh).get(previous_labels.ANNOTATION)
    kept = raw.annotations_of(found.workload or {}).get(previous_labels.ANNOTATION)
    record = new or (kept if _applied(found, "metadata", previous_labels.ANNOTATION) else None)
    return {previous_labels.ANNOTATION: record} if record else {}


def _mark(found: GatewayState, changing: previous_labels.Labels, decision: injection.Decision, mesh: Mesh) -> dict[str, str]:
    """The mark of a restart that is due, else the one that an apply must name to keep it."""
    workload_plan = _restart(found, changing, decision, mesh)
    if workload_plan.status == "restarted":
        return {labels.RESTARTED_FOR: workload_plan.mark}
    kept = workload_plan.workload.restarted_for
    return {labels.RESTARTED_FOR: kept} if kept and _applied(found, "template", labels.RESTARTED_FOR) else {}


def _applied(found: GatewayState, where: str, annotation: str) -> bool:
    """Whether an apply of ours wrote an annotation of the workload, or of its pod template."""
    fields = ownership.applied_fields(dict(found.workload or {}), convergence.manager_of(owner(found.name))) or {}
    path = ("f:spec", "f:template", "f:metadata") if where == "template" else ("f:metadata",)
    return raw.at(fields, *path, "f:annotations", f"f:{annotation}") is not None


def _workload(objects: Iterable[Object]) -> Object:
    found = [obj for obj in objects if obj["kind"] in KINDS]
    if len(found) != 1:
        raise MeshyardError(
            f"The chart renders {len(found)} workloads, and a gateway has one.",
            "Use the official gateway chart, and its value kind.",
            code="chart_unusable",
        )
    return found[0]
