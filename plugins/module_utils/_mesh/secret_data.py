# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What Secrets hold: base64."""

from __future__ import annotations

import base64

from . import raw


def encoded(text: str) -> str:
    """Text as a Secret holds it."""
    return base64.b64encode(text.encode()).decode()


def content(secret: raw.Raw, key: str) -> bytes:
    """The bytes under a key of a Secret; none where it is not there or no base64."""
    try:
        return base64.b64decode(raw.text(secret, "data", key), validate=True)
    except ValueError:
        return b""


def text(secret: raw.Raw, key: str) -> str:
    """The text under a key of a Secret; empty where it is not there or no text."""
    try:
        return content(secret, key).decode()
    except UnicodeDecodeError:
        return ""
