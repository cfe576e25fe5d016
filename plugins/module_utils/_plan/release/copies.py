# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Copies of objects for the canary: what they say, and nothing of who made, applied or tracks the original."""

from __future__ import annotations

import copy

from ..._mesh import labels, raw
from ..objects.steps import Object
from .target import Target


def copied(obj: raw.Raw, name: str, target: Target) -> Object:
    """A copy under another name. Of labels and annotations those stay that tell Istio something: a revision, exportTo, a dry run."""
    marks = {key: value for key, value in raw.labels_of(obj).items() if labels.is_of_istio(key)}
    notes = {key: value for key, value in raw.annotations_of(obj).items() if labels.is_of_istio(key)}
    metadata = {
        "name": name,
        "namespace": raw.namespace(obj),
        "labels": {**marks, **target.labels},
        **({"annotations": notes} if notes else {}),
    }
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "metadata": metadata,
        "spec": copy.deepcopy(raw.mapping(obj, "spec")),
    }
