"""Mount points: finding and removing those below given folders."""

from __future__ import annotations

import ctypes
import os
import re

from lab.paths import LabError

_MNT_DETACH = 2


def below(folders: tuple[str, ...], mountinfo: str | None = None) -> list[str]:
    """Mount points at or below any of the folders, deepest first, as often as they are mounted.

    :param mountinfo: the text of /proc/self/mountinfo; read when None.
    """
    if mountinfo is None:
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            mountinfo = file.read()
    points = [_plain(line.split()[4]) for line in mountinfo.splitlines()]
    mine = [point for point in points if any(f"{point}/".startswith(f"{folder}/") for folder in folders)]
    return sorted(mine, key=lambda point: point.count("/"), reverse=True)


def mounted(point: str) -> bool:
    """Whether something is mounted at exactly this path."""
    return point in below((point,))


def unmount(point: str) -> None:
    """Unmount even what is in use; nothing happens where nothing is mounted."""
    # Not the program `umount`: it leaves /run/mount behind.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.umount2(point.encode(), _MNT_DETACH) != 0 and mounted(point):
        reason = os.strerror(ctypes.get_errno())
        raise LabError(f"{point} cannot be unmounted ({reason}); unmount it by hand, then repeat.")


def _plain(escaped: str) -> str:
    # The kernel writes blanks as octal numbers.
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), escaped)
