# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Former labels: the annotation that a move leaves on a Namespace, workload or gateway, so that they can be given back.

It is written in the same patch as the labels, so that there is no moment in which one is there without the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import raw

ANNOTATION = "meshyard.io/former"

# Label to its former value; None for a label that was not there.
Labels = Mapping[str, str | None]


def read(obj: raw.Raw) -> Labels | None:
    """The former labels that an object names, or None where it names none that can be read."""
    try:
        told = json.loads(raw.annotations_of(obj)[ANNOTATION])
    except (KeyError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def checked(obj: raw.Raw) -> Labels | None:
    """The former labels that an object names, or None where it names none.

    :raises MeshyardError: somebody wrote something else into the annotation.
    """
    told = raw.annotations_of(obj).get(ANNOTATION)
    found = labels(obj)
    if told is not None and (found is None or not all(value is None or isinstance(value, str) for value in found.values())):
        raise MeshyardError(
            f"The annotation {ANNOTATION} of {raw.text(obj, 'kind')} {raw.qualified(obj)} is not a map of labels: {told}.",
            "Set the labels as they should be by hand, remove the annotation, and run again.",
        )
    return found
