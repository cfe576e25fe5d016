# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What every gate says: a verdict with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..._errors import InvalidOption

Word = Literal["passed", "failed", "unreachable", "inconclusive", "predicted"]
# The worst first: what one check says outweighs what those after it in this list say.
ORDER: tuple[Word, ...] = ("failed", "unreachable", "inconclusive", "predicted", "passed")


@dataclass(frozen=True)
class Check:
    """One check of a gate: C(detail) is a sentence, C(code) the same for programs, C(facts) the numbers behind it."""

    check: str
    verdict: Word
    detail: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    code: str = "ok"

    def describe(self) -> dict[str, Any]:
        """The check as it is returned."""
        return {"check": self.check, "verdict": self.verdict, "code": self.code, "detail": self.detail, **self.facts}


def overall(checks: Iterable[Check]) -> Word:
    """The verdict of all checks together."""
    words = {check.verdict for check in checks}
    return next((word for word in ORDER if word in words), "passed")


def predicted(check: Check) -> Check:
    """A check in check mode: what is not so yet is only not done yet."""
    return replace(check, verdict="predicted") if check.verdict == "failed" else check


def refuse_twins(what: str, names: Sequence[str]) -> None:
    """Names must tell checks apart.

    :raises MeshyardError: two of them have the same.
    """
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidOption(f"Several {what} have the name {twice[0]!r}.", "Give each a name of its own.")
