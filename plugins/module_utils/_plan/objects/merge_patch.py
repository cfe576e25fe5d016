# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Merge patches: who writes them, and what they change."""

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
