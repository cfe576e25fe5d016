# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Of which kinds an owner has objects: its first object tells, so that not all kinds need be looked through for what is to be pruned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..._mesh import labels, raw
from . import order
from .steps import Object, Ref, ref_of

# What other owners may write as well, so that it tells nothing of this one.
_SHARED = ("Namespace", "CustomResourceDefinition")


def first(objects: Iterable[Object]) -> Ref | None:
    """The object that is written before all others of its owner, and therefore tells of them; None where there is none."""
    refs = [ref for ref in map(ref_of, objects) if ref.kind not in _SHARED]
    return min(refs, key=order.creation, default=None)


def recorded(live: Object | None) -> frozenset[str] | None:
    """The kinds that a live first object names; None where it names none: then all may be there."""
    text = raw.annotations_of(live).get(labels.KINDS) if live else None
    return frozenset(text.split(",")) if text else None


def naming_kinds(wanted: Iterable[Object], live: Mapping[Ref, Object]) -> list[Object]:
    """The wanted objects, of which the first one names all kinds: also those that were written before, for a run may have been killed."""
    objects = list(wanted)
    ref = first(objects)
    if ref is None:
        return objects
    kinds = {obj["kind"] for obj in objects if obj["kind"] not in _SHARED} | (recorded(live.get(ref)) or set())
    return [_annotated(obj, ",".join(sorted(kinds))) if ref_of(obj) == ref else obj for obj in objects]


def _annotated(obj: Object, kinds: str) -> Object:
    metadata = obj["metadata"]
    return {**obj, "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), labels.KINDS: kinds}}}
