# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Of which kinds an owner has objects: its first object tells, so that not all kinds need be looked through for what is to be pruned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..._mesh import labels, raw
from . import order, ownership
from .convergence import manager_of, owner_of
from .steps import Object, Ref, ref_of

# What other owners may write as well, so that it tells nothing of this one.
_SHARED = ("Namespace", "CustomResourceDefinition")


def first(objects: Iterable[Object]) -> Ref | None:
    """The object that is written before all others of its owner, and therefore tells of them; None where there is none."""
    refs = [ref for ref in map(ref_of, objects) if ref.kind not in _SHARED]
    return min(refs, key=order.creation, default=None)


def recorded(live: Mapping[Ref, Object], ref: Ref | None) -> frozenset[str] | None:
    """The kinds that a live first object names; None where it names none: then all may be there.

    :param ref: the first object. What was the first one before a run that was killed is asked as well.
    """
    if ref is None or not _named(live.get(ref)):
        return None
    return frozenset().union(*map(_named, live.values()))


def naming_kinds(wanted: Iterable[Object], live: Mapping[Ref, Object]) -> list[Object]:
    """The wanted objects, of which the first one names all kinds.

    Also those that are there and no longer wanted: it is written before they are taken away, and a run may be killed between.
    """
    objects = list(wanted)
    ref = first(objects)
    if ref is None:
        return objects
    there = {one.kind for one in (*map(ref_of, objects), *live)} - set(_SHARED)
    kinds = there | (recorded(live, ref) or set())
    return [_annotated(obj, ",".join(sorted(kinds))) if ref_of(obj) == ref else obj for obj in objects]


def _named(live: Object | None) -> frozenset[str]:
    """The kinds that our own last write of an object named: what somebody else wrote there tells nothing."""
    if live is None or labels.KINDS not in raw.annotations_of(live):
        return frozenset()
    text = raw.annotations_of(ownership.applied(live, manager_of(owner_of(live)))).get(labels.KINDS)
    return frozenset(text.split(",")) if text else frozenset()


def _annotated(obj: Object, kinds: str) -> Object:
    metadata = obj["metadata"]
    return {**obj, "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), labels.KINDS: kinds}}}
