# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Istio versions: which are supported, on which Kubernetes, and which steps between them are allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

from .._errors import InvalidOption, MeshyardError

# The word in every refusal that can be overridden.
OVERRIDE = "allow_unsupported"
CANARY_STEP = 2
IN_PLACE_STEP = 1
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")


@total_ordering
@dataclass(frozen=True)
class Version:
    """A version of Istio or Kubernetes; a pre-release comes before its release."""

    major: int
    minor: int
    patch: int
    pre: str = ""

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}" + (f"-{self.pre}" if self.pre else "")

    def __lt__(self, other: Version) -> bool:
        return self._order() < other._order()

    @property
    def line(self) -> str:
        """Its minor version, such as C(1.32)."""
        return f"{self.major}.{self.minor}"

    def _order(self) -> tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]:
        # Numbers in a pre-release compare as numbers and come before words.
        parts = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in self.pre.split("."))
        return self.major, self.minor, self.patch, not self.pre, parts


@dataclass(frozen=True)
class Support:
    """The Kubernetes minors for one Istio minor: the lowest that its code accepts, and the newest it was seen on."""

    lowest: int
    newest: int


# Lowest: the minimum in the code of istioctl of that version; that of 1.32 is the development line's after 1.31.
# Newest: Istio's list of supported releases for 1.28 and 1.29; what the tests of this collection run on for 1.31 and
# 1.32, which also stands for 1.30.
SUPPORTED = {
    (1, 28): Support(30, 34),
    (1, 29): Support(30, 35),
    (1, 30): Support(32, 36),
    (1, 31): Support(32, 36),
    (1, 32): Support(32, 36),
}


def parse(text: str) -> Version:
    """A version such as C(1.32.0) or C(1.32.0-rc.1).

    :raises MeshyardError: anything else.
    """
    match = _VERSION.fullmatch(text.strip())
    if match is None:
        raise InvalidOption(f"{text!r} is not a version.", "Give all three numbers, such as 1.32.0 or 1.32.0-rc.1.")
    major, minor, patch, pre = match.groups()
    return Version(int(major), int(minor), int(patch), pre or "")


def supported() -> str:
    """The supported Istio minors with their Kubernetes minors, in words."""
    return ", ".join(
        f"{major}.{minor} (Kubernetes 1.{row.lowest} and later, seen up to 1.{row.newest})"
        for (major, minor), row in sorted(SUPPORTED.items())
    )


def check_supported(version: Version) -> None:
    """Refuse an Istio version whose minor is not in the table.

    :raises MeshyardError: names what is supported, and the override.
    """
    if (version.major, version.minor) not in SUPPORTED:
        raise MeshyardError(
            f"Istio {version} is not supported by this collection.",
            f"Supported are {supported()}; set {OVERRIDE}=true to go on all the same.",
            code="version_unsupported",
        )


def check_kubernetes(version: Version, kubernetes: Version) -> str | None:
    """Refuse a cluster that is too old for an Istio version.

    :returns: a warning if the cluster is newer than any this Istio was seen on, else None. A minor that is not in the
        table is not judged.
    :raises MeshyardError: the cluster is older than the code of this Istio accepts.
    """
    row = SUPPORTED.get((version.major, version.minor))
    if row is None:
        return None
    if (kubernetes.major, kubernetes.minor) < (1, row.lowest):
        raise MeshyardError(
            f"Istio {version} needs Kubernetes 1.{row.lowest} or later, and the cluster runs {kubernetes}.",
            f"Upgrade the cluster first, or set {OVERRIDE}=true to go on all the same.",
            code="version_unsupported",
        )
    if (kubernetes.major, kubernetes.minor) > (1, row.newest):
        return f"Istio {version.line} was not seen on Kubernetes {kubernetes.line} yet; 1.{row.newest} is the newest it was."
    return None


def check_step(old: Version, new: Version, *, in_place: bool = False, rollback: bool = False) -> None:
    """Refuse a step between two versions that Istio does not allow.

    A canary may go up by two minors, an upgrade in place by one. Going down is for a rollback alone, in place by one minor too.

    :raises MeshyardError: names both versions and the way that is allowed.
    """
    if new < old:
        if rollback and not (in_place and (old.major != new.major or old.minor - new.minor > IN_PLACE_STEP)):
            return
        raise MeshyardError(
            f"Istio {new} is older than {old}, which runs.",
            f"Roll back instead, or set {OVERRIDE}=true to go on all the same.",
            code="version_unsupported",
        )
    most = IN_PLACE_STEP if in_place else CANARY_STEP
    if new.major != old.major or new.minor - old.minor > most:
        how = "in place by one minor version" if in_place else "by canary over two minor versions"
        raise MeshyardError(
            f"Istio may not go from {old} to {new} in one step: it is upgraded {how} at most.",
            f"Upgrade to a {old.major}.{old.minor + most} first, or set {OVERRIDE}=true to go on all the same.",
            code="version_unsupported",
        )
