# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Fields of locality load balancing that are set, and the annotation that keeps what they were before."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

from ..._errors import MeshyardError
from ..._mesh import raw
from ..objects.steps import Object

ANNOTATION = "meshyard.io/former-locality"
FIELDS = ("localityLbSetting", "outlierDetection", "connectionPool")

# Where each field is in some map.
Paths = Mapping[str, tuple[str, ...]]


def parse(obj: raw.Raw, remedy: str) -> Object | None:
    """The former values that an object records, None for a field that was not there; None without a record.

    :param remedy: what to do where the annotation holds something else.
    :raises MeshyardError: it does.
    """
    text = raw.annotations_of(obj).get(ANNOTATION)
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(key in FIELDS and (value is None or isinstance(value, dict)) for key, value in found.items()):
        title = f"{raw.text(obj, 'kind')} {raw.qualified(obj)}"
        raise MeshyardError(f"The annotation {ANNOTATION} of {title} does not hold former values: {text}.", remedy)
    return found


def written(record: Mapping[str, Any]) -> str:
    """The annotation's value."""
    return json.dumps({field: record[field] for field in FIELDS if field in record}, sort_keys=True, separators=(",", ":"))


def targets(record: Mapping[str, Any], asked: Mapping[str, Any]) -> Object:
    """What the fields are to be: those that an earlier run has set and nobody asks for any more become what they were."""
    return {**{field: value for field, value in record.items() if field not in asked}, **asked}


def kept(record: Mapping[str, Any], asked: Mapping[str, Any], now: Object, paths: Paths) -> Object:
    """The record while these fields are set: what is recorded already is older than what is there."""
    return {field: record.get(field, raw.at(now, *paths[field])) for field in asked}


def changed(before: Object, wanted: Mapping[str, Any], paths: Paths) -> Object:
    """The map with these fields; None takes one away, and the parents that are left empty by it."""
    after = copy.deepcopy(before)
    for field, value in wanted.items():
        _put(after, paths[field], value)
    return after


def _put(holder: Object, path: tuple[str, ...], value: Any) -> None:
    key, *below = path
    if below:
        child = holder.get(key) or {}
        _put(child, tuple(below), value)
        if child:
            holder[key] = child
        else:
            holder.pop(key, None)
    elif value is None:
        holder.pop(key, None)
    else:
        holder[key] = copy.deepcopy(value)
