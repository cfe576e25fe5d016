"""Where everything of the lab lives on disk, and the one error type the lab raises.

All paths are absolute and lie under the ignored folder `.lab/` at the project's root.
"""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
# The kernel names mounts and programs by where a link leads.
LAB = (PROJECT / ".lab").resolve()

BIN = LAB / "bin"
"""Every program of the lab, started as `.lab/bin/NAME` (some are wrappers of unpacked Debian programs)."""

DEB = LAB / "deb"
"""Downloaded Debian packages (`*.deb`)."""

DEB_ROOT = DEB / "root"
"""The Debian packages, unpacked; never on PATH of the host."""

CNI_BIN = DEB_ROOT / "usr" / "lib" / "cni"
"""The CNI plugins, for containerd's `bin_dir`."""

IMAGES = LAB / "images"
"""docker-archive files for `ctr images import`."""

CHARTS = LAB / "charts"
"""Packaged Istio charts, `NAME-VERSION.tgz`."""

TMP = LAB / "tmp"
"""Half-made things."""

STAMPS = LAB / "stamps"
"""One file per finished preparation stage, holding the hash of the stage's inputs."""

SOURCES = Path(__file__).resolve().parent
FILES = SOURCES / "files"
MODULES = SOURCES / "modules"

MANIFESTS = LAB / "manifests"
"""Istio's charts and profiles as `istioctl install --manifests` reads them, a folder per version."""

ISTIO_VERSIONS = ("1.31.0", "1.32.0")
"""The labels of the lab's two builds of Istio's development line: that of 2026-04-23 and that of 2026-08-27."""

IMAGE_HUB = "meshyard.lab"
"""The registry name in the lab's image names; no such registry exists, images are imported from `IMAGES`."""


class LabError(Exception):
    """Something the user can put right: one sentence of what is wrong and what to do."""


def chart(name: str, version: str) -> Path:
    """The packaged chart `name` (base, istiod, gateway, cni) in `version`."""
    return CHARTS / f"{name}-{version}.tgz"


def manifests(version: str) -> Path:
    """What istioctl installs `version` from."""
    return MANIFESTS / version


def program(name: str) -> Path:
    """The program or wrapper `name` in `BIN`."""
    return BIN / name
