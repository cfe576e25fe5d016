# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Which versions of Python libraries the modules work with: those in requirements.txt."""

from __future__ import annotations

import re
import sys

from ._errors import MeshyardError

SUPPORTED: dict[str, tuple[str, tuple[str, ...]]] = {
    "cryptography": ("42.0.0", ()),
    "kubernetes": ("24.2.0", ("36.0.0", "36.0.1")),
}
"""The oldest version of a library, and later ones that do not work."""


def require(name: str, version: str) -> None:
    """Refuses a version of a library that the modules do not work with.

    :param name: the library. :param version: the one that was imported.
    :raises MeshyardError: it is too old, or known to be broken.
    """
    oldest, broken = SUPPORTED[name]
    if _order(version) >= _order(oldest) and version not in broken:
        return
    wanted = ",".join([f"{name}>={oldest}", *(f"!={each}" for each in broken)])
    raise MeshyardError(
        f"The Python library {name} has the version {version} in {sys.executable}, which runs this module; {wanted} is needed.",
        f"Install it there (`{sys.executable} -m pip install '{wanted}'`), or name another interpreter in ansible_python_interpreter.",
        code="requirement_missing",
    )


def _order(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)[:3]]
