# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Moving a gateway whose proxy is written in its pod template: what names the old revision there names the new one.

C(istioctl install) makes such gateways, without injection. Three things tie them to a revision (template C(deployment.yaml) of
the chart C(gateways/istio-ingress)): the image, the address of istiod, and the ConfigMap with the mesh configuration.
"""

from __future__ import annotations

import copy
import re

from ..._errors import MeshyardError
from ..._mesh import gateway, injection, labels, raw, workload
from ..._mesh.plane import ControlPlane
from ..._mesh.revision import Names
from ..dataplane import previous_labels, restarts
from ..dataplane.mesh import Injector, Mesh
from ..dataplane.restarts import Change
from ..objects import merge_patch
from ..objects.steps import Object
from .model import GatewayMoveRequest, GatewayState, Move

IMAGE = "istio-proxy.image"
"""The key under which the former image is kept, beside the former label."""


def is_written(found: GatewayState) -> bool:
    """Whether a gateway exists and is of this kind."""
    return found.workload is not None and gateway.is_written(found.workload, raw.text(found.workload, "kind"))


def move(found: GatewayState, request: GatewayMoveRequest, mesh: Mesh) -> Move:
    """The smallest change that brings it to the revision, or back to the former one.

    :raises MeshyardError: there is no such revision, or the selector of the gateway names the old one.
    """
    obj = found.workload or {}
    present = _present(obj)
    revision, image = _wanted(found, request, mesh)
    template = workload.pod_template(obj, raw.text(obj, "kind"))
    then = retargeted(template, _names(present[labels.REV], mesh), _names(revision, mesh), image)
    change: Object = merge_patch.difference(template, then)
    if change and labels.REV in workload.parse(obj).selector:
        raise MeshyardError(
            f"{found} has {labels.REV} in its selector, which cannot be changed, so that its pods cannot be relabelled.",
            "Install a gateway without it beside this one under the same labels, then remove this one.",
            code="selector_fixed",
        )
    record = previous_labels.patch(obj, present, present if change else (), forget=request.forget or request.state == "former")
    what = Change(mesh.target(revision), mesh.mark(revision), {}, record, fresh=bool(change), wait=request.wait, pod=change)
    workload_plan = restarts.decide(obj, found.namespace_state.live_pods, what)
    reason = f"Its proxy is written in its pod template, for revision {revision}."
    return Move(found.namespace_state, workload_plan, injection.Decision("revision", revision, None, (), reason))


def retargeted(template: raw.Raw, old: Names, new: Names, image: str) -> Object:
    """A pod template of the new revision.

    :param image: of the new proxy; empty leaves it as it is.
    """
    then: Object = copy.deepcopy(dict(template))
    meta = then.setdefault("metadata", {})
    meta["annotations"] = {**(meta.get("annotations") or {}), labels.REV: new.revision}
    if (meta.get("labels") or {}).get(labels.REV) == old.revision:
        meta["labels"] = {**meta["labels"], labels.REV: new.revision}
    # Whole host names only: "istiod" is also the beginning of "istiod-1-32-0" and the end of "my-istiod".
    address = re.compile(rf"(?<![\w.-]){re.escape(old.istiod)}\.{re.escape(old.namespace)}\.svc\b")
    for container in _all(then, "containers") + _all(then, "initContainers"):
        if image and container.get("name") == labels.PROXY_CONTAINER:
            container["image"] = image
        for variable in container.get("env") or ():
            if isinstance(variable.get("value"), str):
                variable["value"] = address.sub(f"{new.istiod}.{new.namespace}.svc", variable["value"])
    for volume in _all(then, "volumes"):
        source = volume.get("configMap") or {}
        if source.get("name") == old.mesh_config:
            source["name"] = new.mesh_config
    return then


def _all(template: Object, part: str) -> list[Object]:
    found: list[Object] = (template.get("spec") or {}).get(part) or []
    return found


def _present(obj: raw.Raw) -> dict[str, str]:
    """What is recorded of a gateway before it is moved."""
    template = workload.pod_template(obj, raw.text(obj, "kind"))
    images = [raw.text(one, "image") for one in raw.items(template, "spec", "containers") if one.get("name") == labels.PROXY_CONTAINER]
    return {labels.REV: raw.annotations_of(template).get(labels.REV, labels.DEFAULT), IMAGE: "".join(images[:1])}


def _wanted(found: GatewayState, request: GatewayMoveRequest, mesh: Mesh) -> tuple[str, str]:
    """Revision and image of the proxy that it is to have; the image is empty where it stays or is not known yet."""
    if request.state == "former":
        kept = {**_present(found.workload or {}), **(previous_labels.checked(found.workload or {}) or {})}
        return kept[labels.REV] or labels.DEFAULT, kept[IMAGE] or ""
    revision = mesh.resolve(request.revision)
    if _plane(revision, mesh) is None:
        raise MeshyardError(
            f"{found} cannot come to {request.revision}: there is no such control plane.",
            mesh.choose_revision,
            code="revision_missing",
        )
    return revision, mesh.injectors.get(revision, Injector()).image


def _plane(revision: str, mesh: Mesh) -> ControlPlane | None:
    return next((plane for plane in mesh.planes if plane.revision == revision), None)


def _names(revision: str, mesh: Mesh) -> Names:
    plane = _plane(revision, mesh)
    return Names(revision, plane.namespace if plane else labels.SYSTEM_NAMESPACE)
