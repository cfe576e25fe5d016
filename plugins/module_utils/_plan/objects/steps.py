# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The steps that a plan consists of. A plan is a tuple of them, in the order of execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from . import merge_patch

Object = dict[str, Any]


@dataclass(frozen=True, order=True)
class Ref:
    """The identity of an object within one cluster."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def ref_of(obj: Mapping[str, Any]) -> Ref:
    """The identity of an object; cluster-scoped objects have the namespace C('')."""
    meta = obj["metadata"]
    return Ref(obj["apiVersion"], obj["kind"], meta.get("namespace") or "", meta["name"])


@dataclass(frozen=True)
class Create:
    """POST of an object that must not exist: for fields that are given once and never named again."""

    body: Object
    manager: str
    reason: str = ""

    @property
    def ref(self) -> Ref:
        """The object."""
        return ref_of(self.body)


@dataclass(frozen=True)
class Apply:
    """Server-side apply with force.

    :ivar live: the object as it was seen, or None where it does not exist.
    :ivar fields: paths of the fields that will change; empty for a new object.
    :ivar overruled: for each path that somebody else changed, the field manager that did.
    """

    body: Object
    manager: str
    live: Object | None = None
    reason: str = ""
    fields: tuple[str, ...] = ()
    overruled: Mapping[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        """The object."""
        return ref_of(self.body)


@dataclass(frozen=True)
class Patch:
    """JSON merge patch of an object that exists, conditional on the version that was seen unless C(version) is empty.

    :ivar before: what the patched fields were, in the patch's own shape.
    """

    ref: Ref
    patch: Object
    manager: str
    before: Object = field(default_factory=dict)
    version: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Adopt:
    """The move of the fields that a former maker applied to our field manager; worked out on the object as it is then.

    :ivar body: what will be applied afterwards. :ivar live: the object as it was seen.
    """

    body: Object
    manager: str
    live: Object
    reason: str = ""

    @property
    def ref(self) -> Ref:
        """The object."""
        return ref_of(self.body)


@dataclass(frozen=True)
class Delete:
    """Deletion of exactly the object that was seen."""

    ref: Ref
    uid: str = ""
    reason: str = ""


Step: TypeAlias = "Create | Apply | Patch | Adopt | Delete"
Plan = tuple[Step, ...]

_SECRET_KINDS = frozenset({"Secret"})
_SERVER_FIELDS = ("managedFields", "resourceVersion", "uid", "creationTimestamp", "generation")


def action(step: Step) -> str:
    """The word for a step: create, apply, patch, adopt or delete."""
    if isinstance(step, Apply) and step.live is None:
        return "create"
    return type(step).__name__.lower()


def describe(step: Step) -> dict[str, Any]:
    """A step as it is returned to the user."""
    ref = step.ref
    said: dict[str, Any] = {
        "action": action(step),
        "kind": ref.kind,
        "namespace": ref.namespace or None,
        "name": ref.name,
        "reason": step.reason,
    }
    if isinstance(step, Apply):
        said["fields"] = list(step.fields)
        if step.overruled:
            said["overruled"] = dict(step.overruled)
    return said


def diff(plan: Plan) -> dict[str, Any]:
    """The plan as Ansible's diff: one entry per object with only what this run names; Secrets show no data.

    Of several steps of one object it tells what was before the first and will be after the last.
    """
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for step in plan:
        key = str(step.ref)
        old, new = _sides(step)
        old, new = _redacted(step.ref, old), _redacted(step.ref, new)
        before[key] = merge_patch.merged(old, before[key]) if key in before else old
        after[key] = merge_patch.merged(after[key], new) if key in after else new
    return {"before": before, "after": after}


def _sides(step: Step) -> tuple[Any, Any]:
    if isinstance(step, Create):
        return None, _plain(step.body)
    if isinstance(step, Apply):
        return (None if step.live is None else merge_patch.restricted(step.live, step.body)), _plain(step.body)
    if isinstance(step, Patch):
        return step.before, step.patch
    if isinstance(step, Adopt):  # the apply that follows shows what changes
        return {}, {}
    return "present", None


def _plain(body: Object) -> Object:
    meta = {key: value for key, value in body.get("metadata", {}).items() if key not in _SERVER_FIELDS}
    return {**body, "metadata": meta}


def _redacted(ref: Ref, side: Any) -> Any:
    if ref.kind in _SECRET_KINDS and isinstance(side, dict):
        return {key: ("(hidden)" if key in ("data", "stringData") else value) for key, value in side.items()}
    return side
