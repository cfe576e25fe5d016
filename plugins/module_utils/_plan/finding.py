# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a look before a change finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["blocker", "warning", "info"]
LEVELS: tuple[Level, ...] = ("blocker", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """One thing that stands against an upgrade, or that its user should know.

    C(object) is the object as C(Kind namespace/name), C(message) says what is wrong and C(remedy) what to do.
    """

    level: Level
    code: str
    object: str
    message: str
    remedy: str = ""

    def describe(self, cluster: str) -> dict[str, Any]:
        """The finding as it is returned."""
        return {
            "level": self.level,
            "code": self.code,
            "cluster": cluster,
            "object": self.object,
            "message": self.message,
            "remedy": self.remedy,
        }
