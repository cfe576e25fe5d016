# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Merge patches (RFC 7396): who writes them, what leads from one object to another, and what they change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MANAGER = "meshyard"
"""The field manager of patches of objects that others own."""


def restricted(live: Any, patch: Any) -> Any:
    """What the patched fields are, in the patch's own shape; null where there is nothing."""
    if not isinstance(patch, Mapping):
        return live
    return {key: restricted(live.get(key) if isinstance(live, Mapping) else None, value) for key, value in patch.items()}


def merged(live: Any, patch: Any) -> Any:
    """What a patch makes of an object."""
    if not isinstance(patch, Mapping):
        return patch
    before = live if isinstance(live, Mapping) else {}
    kept = {key: value for key, value in before.items() if key not in patch}
    return {**kept, **{key: merged(before.get(key), value) for key, value in patch.items() if value is not None}}


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What turns one map into another: null removes a key, and a list that differs is named as a whole."""
    patch: dict[str, Any] = dict.fromkeys(key for key in before if key not in after)
    for key, value in after.items():
        old = before.get(key)
        if key in before and old == value:
            continue
        patch[key] = difference(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return patch
