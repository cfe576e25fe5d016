# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The one exception that reaches the user: what is wrong, what to do, and facts a program can read."""

from __future__ import annotations

from typing import Any


class MeshyardError(Exception):
    """A problem to be shown as it is.

    :param problem: one sentence: what is wrong, with the object and the cluster it concerns.
    :param remedy: one sentence: what to do about it.
    :param facts: further return values for C(fail_json), such as C(status) or C(blockers).
    """

    def __init__(self, problem: str, remedy: str = "", **facts: Any) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.facts = facts

    def __str__(self) -> str:
        return f"{self.problem} {self.remedy}".strip()


class Abandoned(MeshyardError):
    """The run that started this module is gone or was told to end: nothing more may be written."""
