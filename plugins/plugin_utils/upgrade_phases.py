# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The phases of an upgrade: which of them a run is about, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

_NONE = "No phase is left to run. Name one in canary_upgrade_phases, or leave --skip-tags out."
PHASES = ("preflight", "prepare", "gateways", "waves", "verify", "retire")
LAST = "last"


@dataclass(frozen=True)
class Choice:
    """The phases of a run in the order of an upgrade, or one sentence why there are none."""

    phases: tuple[str, ...] = ()
    refusal: str = ""


def choose(asked: Sequence[str], gateways: str, run_tags: Collection[str], skip_tags: Collection[str]) -> Choice:
    """The phases that the role's variable names, as far as tags of the command line leave them.

    :param gateways: when gateways move, C(first), C(last) or C(skip).
    """
    unknown = [name for name in asked if name not in PHASES]
    if unknown:
        return Choice(refusal=f"canary_upgrade_phases names {', '.join(unknown)}, which is no phase. Those are: {', '.join(PHASES)}.")
    tagged = [name for name in PHASES if name in run_tags]
    missing = [name for name in tagged if name not in asked]
    if missing:
        return Choice(refusal=_not_asked(missing))
    phases = tuple(name for name in _order(gateways) if name in asked and (not tagged or name in tagged) and name not in skip_tags)
    return Choice(phases) if phases else Choice(refusal=_NONE)


def _not_asked(missing: Sequence[str]) -> str:
    named = ", ".join(missing)
    add = "set canary_upgrade_retire=true" if missing == ["retire"] else f"add {named} to it"
    return f"The tags name {named}, which canary_upgrade_phases leaves out. To run it {add}."


def _order(gateways: str) -> tuple[str, ...]:
    if gateways != LAST:
        return PHASES
    moved = [name for name in PHASES if name != "gateways"]
    moved.insert(moved.index("waves") + 1, "gateways")
    return tuple(moved)
