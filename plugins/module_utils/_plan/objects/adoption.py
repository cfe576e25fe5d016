# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Objects that somebody else made: whether this collection may touch them, and how they become its own.

The fields that the former maker applied move to our field manager before our first apply. A forced apply alone would leave every
field that the new rendering omits with its former owner, and so in the object for ever.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._errors import MeshyardError
from ..._mesh import labels, maker, raw
from . import external_fields
from .convergence import manager_of
from .steps import Adopt, Apply, Object, Plan, Ref, Step, ref_of

ADOPTED_FROM = "meshyard.io/adopted-from"
MANAGER = "meshyard"
# The field managers of programs that install: whatever they own in an object of a control plane comes from a rendered chart.
_INSTALLERS = (
    "helm",
    "terraform-provider-helm",
    "istio-operator",
    "istio-ci",
    "istioctl",
    "kubectl-client-side-apply",
    "kubectl-create",
    "argocd",
    "kustomize-controller",
)
# Programs that write into objects of a control plane while it runs.
_AT_RUN_TIME = ("pilot-discovery", "kube-", "admissionsenforcer", "kubectl-edit", "kubectl-patch", "kubectl-rollout", "meshyard")


@dataclass(frozen=True)
class Origin:
    """Where an adopted object comes from: its maker's kind, and the release that it was part of."""

    kind: str
    namespace: str
    release: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.namespace}/{self.release}"


def origin(obj: raw.Raw) -> Origin | None:
    """The origin that an adopted object names, or that of one that is not adopted yet; None for one that we made."""
    adopted = raw.annotations_of(obj).get(ADOPTED_FROM)
    if adopted:
        kind, _colon, rest = adopted.partition(":")
        namespace, _slash, release = rest.partition("/")
        return Origin(kind, namespace, release)
    made = maker.maker(obj)
    if made.kind == "meshyard":
        return None
    if made.kind == "helm":
        return Origin("helm", made.namespace, made.name)
    return Origin(made.kind, raw.namespace(obj), raw.labels_of(obj).get(labels.APP_INSTANCE, ""))


def strangers(live: Iterable[Object], owner: str) -> dict[Ref, maker.Maker]:
    """The objects that do not carry this owner, and who made them."""
    found = {ref_of(obj): maker.maker(obj) for obj in live}
    return {ref: made for ref, made in found.items() if (made.kind, made.name) != ("meshyard", owner)}


def refuse_operators(live: Iterable[Object], cluster: str) -> None:
    """Returns unless a program that runs in the cluster or beside it would change these objects back.

    :raises MeshyardError: an operator or a GitOps controller keeps one of them.
    """
    for obj in live:
        made = maker.maker(obj)
        keeper = made.name if made.kind == "operator" else made.gitops
        if keeper:
            raise MeshyardError(
                f"{ref_of(obj)} on cluster {cluster} is kept by {keeper}, which would undo every change.",
                "Let that one install and upgrade it, or stop it from managing this object first.",
                code="not_ours",
                made_by=made.kind,
            )


def refuse_strangers(found: Mapping[Ref, maker.Maker], what: str, cluster: str) -> None:
    """Returns unless some objects are not ours.

    :param what: what they are together, such as C(revision 1-31-0).
    :raises MeshyardError: they are not; the sentence names who made them, and the option that takes them over.
    """
    if not found:
        return
    ref = min(found)
    raise MeshyardError(
        f"{what} on cluster {cluster} was made by {said(found[ref])} ({len(found)} objects, such as {ref}).",
        "Set adopt to true to take it over, or choose another revision to install beside it.",
        code="not_ours",
        made_by=found[ref].kind,
    )


def said(made: maker.Maker) -> str:
    """A maker in words."""
    if made.kind == "helm":
        return f"Helm (release {made.name} in namespace {made.namespace})"
    if made.kind == "meshyard":
        return f"this collection as {made.name}"
    return {"istioctl": "istioctl"}.get(made.kind, "someone who left no name")


def step(live: Object, wanted: Object, manager: str) -> Adopt | None:
    """The step that makes the former maker's fields ours; None where nothing is left to move."""
    if patch(live, wanted, manager) is None:
        return None
    givers = _givers(live["metadata"].get("managedFields") or [], live["apiVersion"])
    names = ", ".join(sorted({str(entry["manager"]) for entry in givers}))
    return Adopt(wanted, manager, live, f"takes over the fields of {names}")


def patch(live: Object, wanted: Object, manager: str) -> Object | None:
    """The merge patch that makes the former maker's fields ours, good for just this state of the object; None where none is left.

    :param wanted: what will be applied: fields that it leaves to others are not moved.
    :param manager: our field manager for this object.
    """
    managed = live["metadata"].get("managedFields") or []
    givers = _givers(managed, live["apiVersion"])
    came_from = origin(live)
    if not givers or came_from is None:
        return None
    fields: Object = {}
    for entry in (one for one in managed if one in givers or _is_ours(one, manager)):
        fields = _union(fields, entry.get("fieldsV1") or {})
    external_fields.strip_field_set(fields, wanted)
    kept = [entry for entry in managed if entry not in givers and not _is_ours(entry, manager)]
    ours = {
        "manager": manager,
        "operation": "Apply",
        "apiVersion": live["apiVersion"],
        "time": max(str(entry.get("time", "")) for entry in givers) or None,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    version = live["metadata"].get("resourceVersion")
    annotations = {ADOPTED_FROM: str(came_from)}
    return {"metadata": {"annotations": annotations, "managedFields": [*kept, ours], "resourceVersion": version}}


def with_adoption(steps: Plan, owner_name: str) -> Plan:
    """The plan with the move of each former maker's fields right before our own apply."""
    complete: list[Step] = []
    for planned in steps:
        if isinstance(planned, Apply) and planned.live is not None:
            move = step(planned.live, planned.body, manager_of(owner_name))
            complete += [move] if move else []
        complete.append(planned)
    return tuple(complete)


def helm_releases(steps: Plan) -> list[str]:
    """The Helm releases out of which a plan takes objects, as C(namespace/name)."""
    origins = [origin(step.live) for step in steps if isinstance(step, Adopt)]
    return list(dict.fromkeys(f"{one.namespace}/{one.release}" for one in origins if one and one.kind == "helm"))


def _givers(managed: list[Object], api_version: str) -> list[Object]:
    """The entries of the program that installed the object; where none is known by name, of the one that wrote first."""
    written = [one for one in managed if not one.get("subresource") and one.get("apiVersion") == api_version]
    known = [one for one in written if str(one.get("manager", "")).startswith(_INSTALLERS)]
    if known or any(str(one.get("manager", "")).startswith("meshyard-") for one in written):
        return known
    others = [one for one in written if not str(one.get("manager", "")).startswith(_AT_RUN_TIME)]
    return sorted(others, key=lambda one: str(one.get("time", "")))[:1]


def _is_ours(entry: Mapping[str, Any], manager: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource")


def _union(first: Object, second: Object) -> Object:
    """A field set with the fields of both."""
    both = copy.deepcopy(first)
    for key, below in second.items():
        both[key] = _union(both.get(key) or {}, below) if isinstance(below, dict) else below
    return both
