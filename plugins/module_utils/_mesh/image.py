# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a container image reference says of the Istio version in it."""

from __future__ import annotations

VARIANTS = ("-distroless", "-debug")


def tag(image: str) -> str:
    """The tag of an image reference; empty when it names a digest alone or nothing."""
    path = image.partition("@")[0]
    last = path.rpartition("/")[2]
    return last.partition(":")[2]


def version(image: str) -> str:
    """The Istio version by the image's tag, without its variant: C(1.32.0) for C(hub/proxyv2:1.32.0-distroless)."""
    found = tag(image)
    for variant in VARIANTS:
        found = found.removesuffix(variant)
    return found
