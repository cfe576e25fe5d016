# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""From rendered objects and what is live to the steps that make the second like the first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._mesh import labels
from . import external_fields, order, ownership
from .steps import Apply, Create, Delete, Object, Plan, Ref, Step, ref_of

_TOOL = "meshyard"
CREATOR = "meshyard-create"


def manager_of(owner: str) -> str:
    """The field manager of an owner: C(meshyard-base), C(meshyard-revision-1-32-0), ..."""
    return f"meshyard-{owner}"


def stamped(rendered: Iterable[Object], owner: str) -> list[Object]:
    """Copies of the rendered objects that name their owner and only fields that are ours."""
    objects = list(rendered)
    scaled = {
        (obj["metadata"].get("namespace"), obj["spec"]["scaleTargetRef"]["name"])
        for obj in objects
        if obj["kind"] == "HorizontalPodAutoscaler"
    }
    return [
        _labelled(
            external_fields.without_foreign_fields(
                obj, scaled_by_hpa=(obj["metadata"].get("namespace"), obj["metadata"]["name"]) in scaled
            ),
            owner,
        )
        for obj in objects
    ]


def converge(wanted: Iterable[Object], live: Mapping[Ref, Object], owner: str, *, prune: bool = True) -> Plan:
    """The steps towards C(wanted); objects of this owner that are not wanted any more are deleted.

    :param wanted: stamped objects. :param live: every object that carries this owner, and every wanted one that exists.
    """
    targets = {ref_of(obj): obj for obj in wanted}
    steps: list[Step] = []
    for ref in sorted(targets, key=order.creation):
        steps += _towards(targets[ref], live.get(ref), manager_of(owner))
    if prune:
        stale = [ref for ref, obj in live.items() if ref not in targets and owner_of(obj) == owner]
        steps += [
            Delete(ref, live[ref]["metadata"].get("uid", ""), "no longer part of the rendered chart")
            for ref in sorted(stale, key=order.deletion)
        ]
    return tuple(steps)


def owner_of(obj: Mapping[str, Any]) -> str:
    """The owner that an object names, or an empty string."""
    return str((obj["metadata"].get("labels") or {}).get(labels.OWNER, ""))


def removal(live: Mapping[Ref, Object], owner: str, reason: str) -> Plan:
    """The deletion of all that carries this owner, webhooks first."""
    refs = [ref for ref, obj in live.items() if owner_of(obj) == owner]
    return tuple(Delete(ref, live[ref]["metadata"].get("uid", ""), reason) for ref in sorted(refs, key=order.deletion))


def _towards(wanted: Object, live: Object | None, manager: str) -> list[Step]:
    if live is None:
        first = external_fields.first_validator(wanted)
        created: list[Step] = [Create(first, CREATOR, "new, open until istiod closes it")] if first else []
        return [*created, Apply(wanted, manager, None, "new")]
    changed = ownership.differences(wanted, live, manager)
    if not changed:
        return []
    by_others = {path: other for path, other in ownership.overruled(live, manager, changed).items() if other != CREATOR}
    if changed == ownership.NEVER_APPLIED:
        return [Apply(wanted, manager, live, "not applied by this owner before", ownership.changes(wanted, live) or changed)]
    return [Apply(wanted, manager, live, "differs from what is wanted", changed, by_others)]


def _labelled(obj: Object, owner: str) -> Object:
    given = obj["metadata"].get("labels") or {}
    marks = {**given, labels.OWNER: owner, **({labels.MANAGED_BY: _TOOL} if labels.MANAGED_BY in given else {})}
    return {**obj, "metadata": {**obj["metadata"], "labels": marks}}
