# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading raw Kubernetes objects: every accessor accepts that a field is missing or null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Raw = Mapping[str, Any]


def at(obj: Raw, *path: str) -> Any:
    """The value at a path of keys, or None."""
    here: Any = obj
    for key in path:
        if not isinstance(here, Mapping):
            return None
        here = here.get(key)
    return here


def mapping(obj: Raw, *path: str) -> dict[str, Any]:
    """The map at a path, or an empty one."""
    found = at(obj, *path)
    return dict(found) if isinstance(found, Mapping) else {}


def items(obj: Raw, *path: str) -> list[Any]:
    """The list at a path, or an empty one."""
    found = at(obj, *path)
    return list(found) if isinstance(found, (list, tuple)) else []


def text(obj: Raw, *path: str) -> str:
    """The text at a path, or an empty one."""
    found = at(obj, *path)
    return found if isinstance(found, str) else ""


def number(obj: Raw, *path: str, default: int = 0) -> int:
    """The whole number at a path (also one written as text), or a default."""
    found = at(obj, *path)
    try:
        return int(found)
    except (TypeError, ValueError):
        return default


def name(obj: Raw) -> str:
    """C(metadata.name)."""
    return text(obj, "metadata", "name")


def namespace(obj: Raw) -> str:
    """C(metadata.namespace), empty for a cluster-wide object."""
    return text(obj, "metadata", "namespace")


def labels_of(obj: Raw) -> dict[str, str]:
    """C(metadata.labels)."""
    return mapping(obj, "metadata", "labels")


def annotations_of(obj: Raw) -> dict[str, str]:
    """C(metadata.annotations)."""
    return mapping(obj, "metadata", "annotations")


def qualified(obj: Raw) -> str:
    """C(namespace/name), or the name alone of a cluster-wide object."""
    return "/".join(part for part in (namespace(obj), name(obj)) if part)
