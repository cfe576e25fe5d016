"""What the host must have before anything is downloaded, built or started."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

from lab import paths, programs
from lab.paths import LabError

GIB = 1024**3

DISK_TO_PREPARE = 14 * GIB
"""Go modules, Go's build cache, the programs and the images."""

DISK_TO_RUN = 3 * GIB
"""The clusters' own data, when everything is prepared."""

_MINIMUM_DEBIAN = 12
_ARCHITECTURES = ("x86_64", "aarch64")
_COMMANDS = ("apt-get", "dpkg-deb", "tar")


def check_host() -> None:
    """Raise `LabError` with one sentence if the lab cannot be made on this host."""
    check_user(os.geteuid())
    check_system(read_os_release(), platform.machine())
    for command in _COMMANDS:
        if shutil.which(command) is None:
            raise LabError(f"The lab needs the command {command}, which is not on PATH; use a Debian host that has it.")
    # The last and largest builds leave their stamps when the modules, the caches and the programs are there.
    if all((paths.STAMPS / f"programs-{programs.istio_group(version)}").exists() for version in paths.ISTIO_VERSIONS):
        check_disk(paths.PROJECT, DISK_TO_RUN)
    else:
        check_disk(paths.PROJECT, DISK_TO_PREPARE)
        programs.find_go()


def check_user(user: int) -> None:
    """The lab makes network namespaces, mounts and cgroups."""
    if user != 0:
        raise LabError("The lab makes network namespaces and runs containers, which needs root; run it as root.")


def check_system(release: Mapping[str, str], machine: str) -> None:
    """The lab's programs and packages fit Debian 12 or newer on the machines that Envoy is published for."""
    name = release.get("PRETTY_NAME", "an unknown system")
    version = release.get("VERSION_ID", "")
    # Testing and unstable have no version and are newer than any release.
    is_old = version.isdecimal() and int(version) < _MINIMUM_DEBIAN
    if release.get("ID") != "debian" or is_old:
        raise LabError(f"The lab needs Debian {_MINIMUM_DEBIAN} or newer, and this is {name}; use a Debian machine.")
    if machine not in _ARCHITECTURES:
        raise LabError(f"The lab runs on {' or '.join(_ARCHITECTURES)}, and this machine is {machine}; use another one.")


def check_disk(folder: Path, needed: int) -> None:
    """Bytes free on the file system of a folder."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise LabError(
            f"The lab needs {needed / GIB:.0f} GiB of free disk and {folder} has {free / GIB:.1f} GiB; "
            "free some, or move the project to a larger disk."
        )


def read_os_release() -> dict[str, str]:
    """The system's name and version; empty where the system does not say."""
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
