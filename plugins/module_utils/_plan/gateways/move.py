# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Moving a gateway to a revision by the smallest patch, whoever made it, and bringing it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..._errors import MeshyardError
from ..._mesh import gateway, injection, labels, raw, restart, rolling, verdict, workload
from ..dataplane import gateway_api, previous_labels, restarts, selectors
from ..dataplane import labels as dataplane_labels
from ..dataplane.labels import NamespaceState
from ..dataplane.mesh import Mesh
from ..dataplane.previous_labels import Labels
from ..dataplane.refusals import decision_code, open_release
from ..dataplane.restarts import Change
from ..dataplane.selectors import LabelChange
from ..objects import merge_patch
from ..objects.steps import Object, Patch, Plan, ref_of
from . import addresses as gateway_addresses
from . import uninjected
from .model import GatewayMoveRequest, GatewayState, Move


def now(found: GatewayState, mesh: Mesh) -> injection.Decision:
    """What a new pod of the gateway gets as it is."""
    if found.api is not None:
        return gateway_api.decision(found.api, found.namespace_state.labels, mesh)
    return _decision(found, mesh, {})


def move(found: GatewayState, request: GatewayMoveRequest, mesh: Mesh) -> Move:
    """The smallest change that brings a gateway to the revision, or back to the former one.

    :raises MeshyardError: it is no gateway, cannot be moved by a patch, or would not come to the revision.
    """
    if found.api is not None:
        return _move_api(found, request, mesh)
    if uninjected.is_written(found):
        return _warned(found, uninjected.move(found, request, mesh))
    if found.workload is None:
        raise MeshyardError(
            f"There is no {found}.", "Correct its name or namespace, or give version, to install it by its chart.", code="workload_missing"
        )
    if not gateway.is_gateway(found.workload, raw.text(found.workload, "kind")):
        raise MeshyardError(
            f"{found} is not an Istio gateway: its pods are neither injected with the template gateway nor is their proxy a router.",
            "Name the Deployment of a gateway, or move its namespace with namespace_revision.",
            code="not_a_gateway",
        )
    template = changes(found, request, mesh)
    decision = _decision(found, mesh, template)
    if request.state == "present":
        refuse_elsewhere(found, request, mesh, decision)
    _refuse_unmovable(found, template)
    kept = record(found, request, template, mesh)
    target, mark = mesh.target(decision.revision), mesh.mark(decision.revision)
    workload_plan = restarts.decide(
        found.workload, found.namespace_state.live_pods, Change(target, mark, template, kept, fresh=bool(template), wait=request.wait)
    )
    return _warned(found, Move(found.namespace_state, workload_plan, decision))


def refuse_release(found: GatewayState) -> None:
    """Returns unless a release of the gateway is open.

    :raises MeshyardError: it is; or its record cannot be read.
    """
    begun = open_release(found.workload or {})
    if begun:
        raise begun


def refuse_stuck(move: Move) -> None:
    """Returns unless the gateway would have to be restarted and nobody can.

    :raises MeshyardError: its workload is paused, owned by another program, or rolls on deletion only.
    """
    for workload_plan in move.workload_plans:
        if workload_plan.status == "not_restartable":
            raise MeshyardError(workload_plan.reason, "Settle that first, then run again.", code="not_restartable")


def describe(found: GatewayState, move: Move) -> dict[str, Any]:
    """The gateway as it is returned, with what its Service is known by and how its pods are."""
    none = dict.fromkeys(("service", "uid", "cluster_ip", "address", "node_ports"))
    target = move.workload_plan.target if move.workload_plan else None
    pods = found.namespace_state.live_pods
    right = [pod for pod in pods if target and verdict.is_right(pod, target)]
    rolled = found.workload is not None and workload.rolled_out(workload.parse(found.workload)).done
    return {
        "name": found.name,
        "namespace": found.namespace_state.name,
        "revision": move.decision.revision,
        **(gateway_addresses.serves(found.service) or none),
        "pods": {"total": len(pods), "on_target": len(right)},
        "endpoints": found.endpoints,
        "ready": rolled and len(right) == len(pods) and found.served,
    }


def label_changes(found: GatewayState, move: Move) -> list[LabelChange]:
    """The pod labels that the move changes; istiod gives pods of a Gateway of the Gateway API the labels of that."""
    if found.workload is None:
        return []
    if found.api is None:
        return selectors.changes(move.steps, [found.workload])
    before, present = _template(found), raw.labels_of(found.api)
    named = {key: value for step in move.plan if isinstance(step, Patch) for key, value in raw.labels_of(step.patch).items()}
    inherited = {key: value for key, value in named.items() if key in before and before[key] == present.get(key)}
    change = LabelChange(str(found), found.namespace_state.name, before, dataplane_labels.changed(before, inherited))
    return [change] if change.keys else []


def changes(found: GatewayState, request: GatewayMoveRequest, mesh: Mesh) -> Labels:
    """The labels of the pod template that change."""
    template = _template(found)
    if request.state == "former":
        recorded = previous_labels.checked(found.workload or {}) or {}
        return {key: value for key, value in recorded.items() if template.get(key) != value}
    ignored = any(key in found.namespace_state.labels for key in dataplane_labels.KEYS)
    here = labels.REV not in template and _decision(found, mesh, {}).revision == mesh.resolve(request.revision)
    return {} if ignored or here or template.get(labels.REV) == request.revision else {labels.REV: request.revision}


def record(found: GatewayState, request: GatewayMoveRequest, template: Labels, mesh: Mesh) -> Labels:
    """The annotation of the workload that keeps its former label, as far as it changes."""
    obj, present = found.workload or {}, _template(found)
    before = dataplane_labels.changed(present, previous_labels.checked(obj) or {})
    stale = mesh.decide(found.namespace_state.name, found.namespace_state.labels, before).unserved is not None
    return previous_labels.patch(obj, present, template, forget=request.forget or request.state == "former", stale=stale)


def refuse_elsewhere(found: GatewayState, request: GatewayMoveRequest, mesh: Mesh, decision: injection.Decision) -> None:
    """Returns when new pods of the gateway come to the revision that was asked for.

    :raises MeshyardError: they do not; what decides instead is named.
    """
    wanted = mesh.resolve(request.revision)
    if decision.kind == "revision" and decision.revision == wanted:
        return
    namespace_state = found.namespace_state
    deciding = [f"{key}={namespace_state.labels[key]}" for key in dataplane_labels.KEYS if key in namespace_state.labels]
    if deciding:
        raise MeshyardError(
            f"The namespace {namespace_state.name} has the label {' and '.join(deciding)}, which outweighs any label "
            f"of the pods of {found}: they would not come to {wanted}. {decision.reason}",
            "Move the namespace instead, with namespace_revision.",
            code="label_leads_elsewhere",
        )
    raise MeshyardError(
        f"Pods of {found} would not come to {wanted}: {decision.reason}",
        mesh.choose_revision,
        code=decision_code(decision),
    )


def _move_api(found: GatewayState, request: GatewayMoveRequest, mesh: Mesh) -> Move:
    """A Gateway of the Gateway API: its label decides, and istiod rolls its Deployment."""
    api = found.api or {}
    present = raw.labels_of(api)
    wanted: Labels = {labels.REV: request.revision} if request.state == "present" else previous_labels.checked(api) or {}
    here = gateway_api.revision(api, found.namespace_state.labels, mesh) == mesh.resolve(request.revision) and labels.REV not in present
    changing = {} if here and request.state == "present" else {key: value for key, value in wanted.items() if present.get(key) != value}
    after = dataplane_labels.changed(present, changing)
    decision = gateway_api.decision({"metadata": {"labels": after}}, found.namespace_state.labels, mesh)
    revision = decision.revision
    if request.state == "present":
        refuse_elsewhere(GatewayState(found.name, NamespaceState(found.namespace_state.name, {}), api=api), request, mesh, decision)
    record = previous_labels.patch(api, present, changing, forget=request.forget or request.state == "former")
    workload_plan = None
    if found.workload is not None and revision:
        workload_plan = gateway_api.rolled_by(found.workload, found.namespace_state.live_pods, revision, mesh)
    return Move(found.namespace_state, workload_plan, decision, _api_patch(api, changing, record, revision))


def _api_patch(api: raw.Raw, changing: Labels, record: Labels, revision: str | None) -> Plan:
    meta: Object = {**({"labels": dict(changing)} if changing else {}), **({"annotations": dict(record)} if record else {})}
    if not meta:
        return ()
    patch = {"metadata": meta}
    reason = f"move to {revision}" if changing else f"{previous_labels.ANNOTATION} is no longer needed"
    version = raw.text(api, "metadata", "resourceVersion")
    return (Patch(ref_of(api), patch, merge_patch.MANAGER, merge_patch.restricted(api, patch), version, reason),)


def _decision(found: GatewayState, mesh: Mesh, template: Labels) -> injection.Decision:
    if found.workload is None:
        return injection.Decision("none", None, None, (), "The gateway does not exist.")
    seen = workload.parse(found.workload)
    then = dataplane_labels.changed(seen.template_labels, template)
    return mesh.decide(found.namespace_state.name, found.namespace_state.labels, then, seen.template_annotations, seen.host_network)


def _template(found: GatewayState) -> Mapping[str, str]:
    return workload.parse(found.workload).template_labels if found.workload else {}


def _refuse_unmovable(found: GatewayState, template: Labels) -> None:
    seen = workload.parse(found.workload or {})
    if template and labels.REV in seen.selector:
        raise MeshyardError(
            f"{found} has {labels.REV} in its selector, which cannot be changed, so that its pods cannot be relabelled.",
            "Install a gateway without it beside this one under the same labels, then remove this one.",
            code="selector_fixed",
        )
    obstacle = restart.restartable(seen) if template else None
    if obstacle:
        raise MeshyardError(obstacle, "Settle that first, then run again.", code="not_restartable")


def _warned(found: GatewayState, move: Move) -> Move:
    return replace(move, warnings=tuple(_warnings(found)) if move.workload_plan and move.workload_plan.status == "restarted" else ())


def _warnings(found: GatewayState) -> list[str]:
    made, notes = found.made_by, []
    if made.gitops:
        notes.append(f"{found} is kept by {made.gitops}: give its source the same revision, or it moves the gateway back.")
    elif made.kind == "helm":
        notes.append(f"{found} was made by the Helm release {made.name}: its next upgrade must set the same revision, or it moves it back.")
    elif made.kind == "istioctl":
        notes.append(f"{found} was made by istioctl: its next run must name the same revision, or it moves it back.")
    if rolling.may_drop(workload.parse(found.workload or {}), found.workload or {}):
        notes.append(f"The update strategy of {found} lets all of its pods go at once: requests may fail while it rolls.")
    return notes
