# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Moving a gateway to a revision by the smallest patch, whoever made it, and bringing it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import gateway, injection, labels, raw, restart, workload
from ansible_collections.meshyard.istio.plugins.module_utils._plan import exposure, former, gateway_written, managed, relabel, restarts
from ansible_collections.meshyard.istio.plugins.module_utils._plan.former import Labels
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateway_state import Found, Move, Wish
from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh import Mesh
from ansible_collections.meshyard.istio.plugins.module_utils._plan.relabel import Space
from ansible_collections.meshyard.istio.plugins.module_utils._plan.restarts import Change
from ansible_collections.meshyard.istio.plugins.module_utils._plan.steps import Object, Patch, Plan, ref_of


def now(found: Found, mesh: Mesh) -> injection.Decision:
    """What a new pod of the gateway gets as it is."""
    if found.api is not None:
        return _of_gateway(managed.revision(found.api, found.space.labels, mesh))
    return _decision(found, mesh, {})


def move(found: Found, wish: Wish, mesh: Mesh) -> Move:
    """The smallest change that brings a gateway to the revision, or back to the former one.

    :raises MeshyardError: it is no gateway, cannot be moved by a patch, or would not come to the revision.
    """
    if found.api is not None:
        return _move_api(found, wish, mesh)
    if gateway_written.is_written(found):
        return _warned(found, gateway_written.move(found, wish, mesh))
    if found.workload is None or not gateway.is_gateway(found.workload, raw.text(found.workload, "kind")):
        raise MeshyardError(
            f"{found} is not an Istio gateway: its pods are neither injected with the template gateway nor is their proxy a router.",
            "Name the Deployment of a gateway, or move its namespace with namespace_revision.",
        )
    template = changes(found, wish, mesh)
    decision = _decision(found, mesh, template)
    if wish.state == "present":
        refuse_elsewhere(found, wish, mesh, decision)
    _refuse_unmovable(found, template)
    kept = record(found, wish, template, mesh)
    target, mark = mesh.target(decision.revision), mesh.mark(decision.revision)
    fate = restarts.decide(found.workload, found.space.live_pods, Change(target, mark, template, kept, fresh=bool(template)))
    return _warned(found, Move(found.space, fate, decision))


def refuse_stuck(move: Move) -> None:
    """Returns unless the gateway would have to be restarted and nobody can.

    :raises MeshyardError: its workload is paused, owned by another program, or rolls on deletion only.
    """
    for fate in move.fates:
        if fate.status == "not_restartable":
            raise MeshyardError(fate.reason, "Settle that first, then run again.")


def describe(found: Found, move: Move) -> dict[str, Any]:
    """The gateway as it is returned, with what its Service is known by and how its pods are."""
    none = dict.fromkeys(("service", "uid", "cluster_ip", "address", "node_ports"))
    target = move.fate.target if move.fate else None
    pods = found.space.live_pods
    right = [pod for pod in pods if target and restarts.is_right(pod, target)]
    rolled = found.workload is not None and workload.rolled_out(workload.parse(found.workload)).done
    return {
        "name": found.name,
        "namespace": found.space.name,
        "revision": move.decision.revision,
        **(exposure.serves(found.service) or none),
        "pods": {"total": len(pods), "on_target": len(right)},
        "ready": rolled and len(right) == len(pods),
    }


def changes(found: Found, wish: Wish, mesh: Mesh) -> Labels:
    """The labels of the pod template that change."""
    template = _template(found)
    if wish.state == "former":
        recorded = former.checked(found.workload or {}) or {}
        return {key: value for key, value in recorded.items() if template.get(key) != value}
    ignored = any(key in found.space.labels for key in relabel.KEYS)
    here = labels.REV not in template and _decision(found, mesh, {}).revision == mesh.resolve(wish.revision)
    return {} if ignored or here or template.get(labels.REV) == wish.revision else {labels.REV: wish.revision}


def record(found: Found, wish: Wish, template: Labels, mesh: Mesh) -> Labels:
    """The annotation of the workload that keeps its former label, as far as it changes."""
    obj, present = found.workload or {}, _template(found)
    before = relabel.changed(present, former.checked(obj) or {})
    stale = mesh.decide(found.space.name, found.space.labels, before).unserved is not None
    return former.patch(obj, present, template, forget=wish.forget or wish.state == "former", stale=stale)


def refuse_elsewhere(found: Found, wish: Wish, mesh: Mesh, decision: injection.Decision) -> None:
    """Returns when new pods of the gateway come to the revision that was asked for.

    :raises MeshyardError: they do not; what decides instead is named.
    """
    wanted = mesh.resolve(wish.revision)
    if decision.kind == "revision" and decision.revision == wanted:
        return
    space = found.space
    deciding = [f"{key}={space.labels[key]}" for key in relabel.KEYS if key in space.labels]
    if deciding:
        raise MeshyardError(
            f"The namespace {space.name} has the label {' and '.join(deciding)}, which outweighs any label of the pods of {found}: "
            f"they would not come to {wanted}. {decision.reason}",
            "Move the namespace instead, with namespace_revision.",
        )
    known = ", ".join(sorted({plane.revision for plane in mesh.planes} | {tag.name for tag in mesh.tags})) or "none"
    raise MeshyardError(
        f"Pods of {found} would not come to {wanted}: {decision.reason}",
        f"Install the revision or tag and wait until it is ready, or name one of those that are there: {known}.",
    )


def _move_api(found: Found, wish: Wish, mesh: Mesh) -> Move:
    """A Gateway of the Gateway API: its label decides, and istiod rolls its Deployment."""
    api = found.api or {}
    present = raw.labels_of(api)
    wanted: Labels = {labels.REV: wish.revision} if wish.state == "present" else former.checked(api) or {}
    here = managed.revision(api, found.space.labels, mesh) == mesh.resolve(wish.revision) and labels.REV not in present
    changing = {} if here and wish.state == "present" else {key: value for key, value in wanted.items() if present.get(key) != value}
    after = relabel.changed(present, changing)
    revision = managed.revision({"metadata": {"labels": after}}, found.space.labels, mesh)
    decision = _of_gateway(revision)
    if wish.state == "present":
        refuse_elsewhere(Found(found.name, Space(found.space.name, {}), api=api), wish, mesh, decision)
    record = former.patch(api, present, changing, forget=wish.forget or wish.state == "former")
    fate = None
    if found.workload is not None and revision:
        fate = managed.rolled_by(found.workload, found.space.live_pods, revision, mesh)
    return Move(found.space, fate, decision, _api_patch(api, changing, record, revision))


def _api_patch(api: raw.Raw, changing: Labels, record: Labels, revision: str | None) -> Plan:
    meta: Object = {**({"labels": dict(changing)} if changing else {}), **({"annotations": dict(record)} if record else {})}
    if not meta:
        return ()
    patch = {"metadata": meta}
    reason = f"move to {revision}" if changing else f"{former.ANNOTATION} is no longer needed"
    version = raw.text(api, "metadata", "resourceVersion")
    return (Patch(ref_of(api), patch, restarts.MANAGER, restarts.restricted(api, patch), version, reason),)


def _of_gateway(revision: str | None) -> injection.Decision:
    if revision is None:
        return injection.Decision("none", None, None, (), "No control plane owns the Gateway.")
    return injection.Decision("revision", revision, None, (), f"The Gateway belongs to revision {revision}.")


def _decision(found: Found, mesh: Mesh, template: Labels) -> injection.Decision:
    if found.workload is None:
        return injection.Decision("none", None, None, (), "The gateway does not exist.")
    seen = workload.parse(found.workload)
    then = relabel.changed(seen.template_labels, template)
    return mesh.decide(found.space.name, found.space.labels, then, seen.template_annotations, seen.host_network)


def _template(found: Found) -> Mapping[str, str]:
    return workload.parse(found.workload).template_labels if found.workload else {}


def _refuse_unmovable(found: Found, template: Labels) -> None:
    seen = workload.parse(found.workload or {})
    if template and labels.REV in seen.selector:
        raise MeshyardError(
            f"{found} has {labels.REV} in its selector, which cannot be changed, so that its pods cannot be relabelled.",
            "Install a gateway without it beside this one under the same labels, then remove this one.",
        )
    obstacle = restart.restartable(seen) if template else None
    if obstacle:
        raise MeshyardError(obstacle, "Settle that first, then run again.")


def _warned(found: Found, move: Move) -> Move:
    return replace(move, warnings=tuple(_warnings(found)) if move.fate and move.fate.status == "restarted" else ())


def _warnings(found: Found) -> list[str]:
    made, told = found.made_by, []
    if made.gitops:
        told.append(f"{found} is kept by {made.gitops}: give its source the same revision, or it moves the gateway back.")
    elif made.kind == "helm":
        told.append(f"{found} was made by the Helm release {made.name}: its next upgrade must set the same revision, or it moves it back.")
    elif made.kind == "istioctl":
        told.append(f"{found} was made by istioctl: its next run must name the same revision, or it moves it back.")
    if exposure.may_drop(workload.parse(found.workload or {}), found.workload or {}):
        told.append(f"The update strategy of {found} lets all of its pods go at once: requests may fail while it rolls.")
    return told
