# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Former labels: the annotation that a move leaves on a Namespace, workload or gateway, so that they can be given back.

It is written in the same patch as the labels, so that there is no moment in which one is there without the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from ..._errors import MeshyardError
from ..._mesh import raw

ANNOTATION = "meshyard.io/former"

# Label to its former value; None for a label that was not there.
Labels: TypeAlias = "Mapping[str, str | None]"


def read(obj: raw.Raw) -> Labels | None:
    """The former labels that an object names, or None where it names none that can be read."""
    try:
        labels = json.loads(raw.annotations_of(obj)[ANNOTATION])
    except (KeyError, ValueError):
        return None
    return labels if isinstance(labels, dict) else None


def checked(obj: raw.Raw) -> Labels | None:
    """The former labels that an object names, or None where it names none.

    :raises MeshyardError: somebody wrote something else into the annotation.
    """
    text, found = raw.annotations_of(obj).get(ANNOTATION), read(obj)
    if text is not None and (found is None or not all(value is None or isinstance(value, str) for value in found.values())):
        raise MeshyardError(
            f"The annotation {ANNOTATION} of {raw.text(obj, 'kind')} {raw.qualified(obj)} is not a map of labels: {text}.",
            "Set the labels as they should be by hand, remove the annotation, and run again.",
            code="former_unreadable",
        )
    return found


def text(present: Mapping[str, str], keys: Iterable[str]) -> str:
    """The annotation's value for the present labels of these keys."""
    return _written({key: present.get(key) for key in keys})


def patch(obj: raw.Raw, present: Mapping[str, str], keys: Iterable[str], *, forget: bool, stale: bool = False) -> Labels:
    """What to write into an object's annotations while labels of these keys change; empty where nothing need be written.

    :param present: the labels as they are: those of the object, or of its pod template.
    :param keys: the labels that change; what is recorded already is kept, for it is older.
    :param forget: drop the record instead: there is no way back any more.
    :param stale: the record leads nowhere any more, so that a new one takes its place.
    """
    recorded = checked(obj)
    if forget:
        return {} if recorded is None else {ANNOTATION: None}
    kept = {} if recorded is None or stale else recorded
    changing = {key: present.get(key) for key in keys}
    if not changing or changing.keys() <= kept.keys():
        return {}
    return {ANNOTATION: _written({**changing, **kept})}


def _written(labels: Labels) -> str:
    return json.dumps(labels, sort_keys=True, separators=(",", ":"))
