# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a container image reference says of the Istio version in it."""

from __future__ import annotations

import re

VARIANTS = ("-distroless", "-debug")
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?(-(alpha|beta|rc)\.?\w+)?")
_RELEASE = re.compile(r"v?(\d+\.\d+\.\d+)(?=$|[-+._])")


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


def release(tagged: str) -> str:
    """The release of Istio that a tag begins with, C(1.32.0) for C(1.32.0-20260101-abc); empty where it names none."""
    found = _RELEASE.match(tagged)
    return found.group(1) if found else ""


def is_version(tagged: str) -> bool:
    """Whether a tag is a version of Istio as its makers write them, C(1.32.0) or C(1.33-alpha.0), and nothing else."""
    return _VERSION.fullmatch(tagged) is not None


def same(one: str, other: str) -> bool:
    """Whether two references are of one build, whatever the registry they are pulled from and the variant."""
    return bool(one) and (one == other or version(one) == version(other) != "")


def may_be(image: str, wanted: str) -> bool:
    """Whether an image may hold a version of Istio: its tag says so, or says nothing of a release."""
    return release(version(image)) in ("", release(wanted) or wanted)
