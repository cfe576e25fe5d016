# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Which fields of a live object are ours, and whether they are as we want them.

The API server keeps for each field manager the set of fields it applied (C(metadata.managedFields)). Walking that set along the
live object gives back what we applied, without knowing any schema: so drift, a foreign edit and a field that we no longer want
all show without a request.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from . import quantity

Object = dict[str, Any]
NEVER_APPLIED = ("metadata.managedFields",)
_IDENTITY = ("apiVersion", "kind", "metadata.name", "metadata.namespace")


def applied_fields(live: Object, manager: str) -> Object | None:
    """The field set that the manager applied, or None where it has applied nothing."""
    for entry in live.get("metadata", {}).get("managedFields") or ():
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            fields: Object = entry.get("fieldsV1") or {}
            return fields
    return None


def applied(live: Object, manager: str) -> Object:
    """What the manager applied, with the values of now; a field that somebody else took over since is missing.

    For kinds whose lists are owned as a whole, such as EndpointSlices.
    """
    fields = applied_fields(live, manager)
    held: Object = _held(fields, live) if fields else {}
    return held


def differences(wanted: Object, live: Object, manager: str) -> tuple[str, ...]:
    """Paths where the live object is not what we want, or where we own what we no longer want.

    Values are compared as they stand, but for quantities. What the API server may have defaulted counts as different, and its dry
    run then tells that it is not.
    """
    fields = applied_fields(live, manager)
    if fields is None:
        return NEVER_APPLIED
    found = {path for path in _compare(fields, wanted, live, "") if path not in _IDENTITY}
    return tuple(sorted(found))


def changes(wanted: Object, live: Object) -> tuple[str, ...]:
    """Paths of what we want and what is not so, whoever owns it: for an object that we have not applied yet."""
    return tuple(sorted(_changes(wanted, live, "")))


def overruled(live: Object, manager: str, paths: tuple[str, ...]) -> dict[str, str]:
    """For each path that another manager owns now, that manager."""
    owners: dict[str, str] = {}
    for entry in live.get("metadata", {}).get("managedFields") or ():
        if entry.get("manager") == manager or entry.get("subresource"):
            continue
        owned = set(_leaves(entry.get("fieldsV1") or {}, live, ""))
        for path in paths:
            if path in owned or any(leaf.startswith((f"{path}.", f"{path}[")) for leaf in owned):
                owners[path] = entry.get("manager", "unknown")
    return owners


def _held(fields: Any, live: Any) -> Any:
    """The part of a live value that a field set names."""
    if not _branches(fields):
        return live
    known = live if isinstance(live, dict) else {}
    return {key[2:]: _held(below, known[key[2:]]) for key, below in fields.items() if key.startswith("f:") and key[2:] in known}


def _compare(fields: Any, wanted: Any, live: Any, path: str) -> Iterator[str]:
    """Differences below one path, where C(fields) is our field set there."""
    if not _branches(fields):
        if wanted != live and not _is_same(wanted, live, path):
            yield path
        return
    if isinstance(wanted, dict):
        yield from _compare_map(fields, wanted, live if isinstance(live, dict) else {}, path)
    elif isinstance(wanted, list):
        yield from _compare_list(fields, wanted, live if isinstance(live, list) else [], path)
    else:
        yield path


def _compare_map(fields: Object, wanted: Object, live: Object, path: str) -> Iterator[str]:
    for key, value in wanted.items():
        below = f"{path}.{key}" if path else key
        if f"f:{key}" in fields:
            yield from _compare(fields[f"f:{key}"], value, live.get(key), below)
        elif not _is_empty(value) and below not in _IDENTITY:
            yield from _unowned(value, live.get(key), below)
    for key in fields:
        if key.startswith("f:") and key[2:] not in wanted:
            yield f"{path}.{key[2:]}" if path else key[2:]


def _unowned(wanted: Any, live: Any, path: str) -> Iterator[str]:
    """Paths that we want and do not own, down to the leaves of maps, so that messages name the field and not its parent."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        for key, value in wanted.items():
            if not _is_empty(value):
                yield from _unowned(value, live.get(key), f"{path}.{key}")
    else:
        yield path


def _changes(wanted: Any, live: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(live, dict):
        for key, value in wanted.items():
            yield from _changes(value, live.get(key), f"{path}.{key}" if path else key)
    elif _is_named(wanted) and _is_named(live):
        known = {item["name"]: item for item in live}
        for item in wanted:
            yield from _changes(item, known.get(item["name"]), f"{path}[{item['name']}]")
    elif wanted != live and not _is_same(wanted, live, path):
        yield path


def _is_named(items: Any) -> bool:
    """Whether a list is one of items with names, such as containers, variables and webhooks."""
    return isinstance(items, list) and bool(items) and all(isinstance(item, dict) and "name" in item for item in items)


def _compare_list(fields: Object, wanted: list[Any], live: list[Any], path: str) -> Iterator[str]:
    keys = [json.loads(key[2:]) for key in fields if key.startswith("k:")]
    values = [json.loads(key[2:]) for key in fields if key.startswith("v:")]
    for value in wanted:
        key = _key_of(value, keys)
        if key is not None:
            below = f"{path}[{_key_text(key)}]"
            yield from _compare(_field_of(fields, key), value, _item(live, key), below)
        elif value not in values or value not in live:
            yield f"{path}[{_name(value)}]"
    for key in keys:
        if _item(wanted, key) is None:
            yield f"{path}[{_key_text(key)}]"
    for value in values:
        if value not in wanted:
            yield f"{path}[{value}]"


def _leaves(fields: Any, live: Any, path: str) -> Iterator[str]:
    if not _branches(fields):
        yield path
        return
    for key, below in fields.items():
        if key.startswith("f:"):
            child = live.get(key[2:]) if isinstance(live, dict) else None
            yield from _leaves(below, child, f"{path}.{key[2:]}" if path else key[2:])
        elif key.startswith("k:"):
            item = json.loads(key[2:])
            yield from _leaves(below, _item(live if isinstance(live, list) else [], item), f"{path}[{_key_text(item)}]")


def _branches(fields: Any) -> bool:
    return isinstance(fields, dict) and any(key != "." for key in fields)


def _is_same(wanted: Any, live: Any, path: str) -> bool:
    """Whether the API server stores one for the other: nothing for what is empty, and quantities in their shortest form."""
    if (_is_empty(wanted) or wanted == "") and _is_empty(live):
        return True
    return ".resources." in path and quantity.amount(wanted) is not None and quantity.amount(wanted) == quantity.amount(live)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, (dict, list)) and not value)


def _key_of(value: Any, keys: list[Object]) -> Object | None:
    """The owned key that this item has; defaulted key fields (the protocol of a port) may be absent in what we want."""
    if not isinstance(value, dict):
        return None
    for key in keys:
        if all(value.get(name, wanted) == wanted for name, wanted in key.items()) and any(name in value for name in key):
            return key
    return None


def _field_of(fields: Object, key: Object) -> Any:
    for name, below in fields.items():
        if name.startswith("k:") and json.loads(name[2:]) == key:
            return below
    return {}


def _item(items: list[Any], key: Object) -> Any:
    for item in items:
        if isinstance(item, dict) and _key_of(item, [key]) is not None:
            return item
    return None


def _key_text(key: Object) -> str:
    return ",".join(str(value) for value in key.values())


def _name(value: Any) -> str:
    return str(value.get("name", "...")) if isinstance(value, dict) else str(value)
