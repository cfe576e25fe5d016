# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about values of the new control plane that would part it from the one that is left."""

from __future__ import annotations

from collections.abc import Iterator

from ..control_plane import common_identity
from ..finding import Finding
from .model import PreflightInput


def findings(given: PreflightInput) -> Iterator[Finding]:
    """All findings of this file."""
    if given.identity is None:
        return
    source, wanted = given.identity
    for one in common_identity.differences(source, wanted, given.route.from_revision):
        yield Finding(
            "blocker" if one.parts else "info",
            "identity_differs",
            f"revision {given.route.to_revision}",
            f"The values would part the new control plane from the old one: {one.message}" if one.parts else one.message,
            one.remedy,
        )
