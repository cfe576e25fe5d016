# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What probes say to the gate of an upgrade: the pairs of planes that traffic really crossed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .model import Check
from .traffic import Result

PAIRS = ("old-old", "old-new", "new-old", "new-new")
# One side has no sidecar, or nobody knows who it was.
OTHER = "other"


@dataclass(frozen=True)
class Behind:
    """Who may have answered a probe.

    :ivar planes: the revision of each pod that may answer, by its name; None for one without a sidecar.
    :ivar service: the names of those pods that are behind the Service that was asked.
    """

    planes: Mapping[str, str | None] = field(default_factory=dict)
    service: frozenset[str] = frozenset()

    def plane(self, responder: str) -> str | None:
        """The revision of a responder; of an unnamed one that of the Service's pods, if they all have the same."""
        if responder in self.planes:
            return self.planes[responder]
        possible = {self.planes.get(name) for name in self.service}
        return possible.pop() if len(possible) == 1 else None


def pairs(sender: str | None, by_responder: Mapping[str, int], behind: Behind, target: str) -> Counter[str]:
    """How many answers crossed each pair of planes, from the sender's to the responder's."""
    found = Counter[str]()
    for responder, count in by_responder.items():
        found[_pair(sender, behind.plane(responder), target)] += count
    return found


def probe(name: str, result: Result, seen: Mapping[str, int], asked: Sequence[str], facts: Mapping[str, Any]) -> Check:
    """Whether a probe showed what was expected, on the pairs of planes that were asked for."""
    facts = {"name": name, **facts, "plane_pairs": {pair: seen.get(pair, 0) for pair in (*PAIRS, OTHER)}}
    if result.unmet:
        such = f" (such as: {result.failures[0]['error']})" if result.failures else ""
        return Check("probe", "failed", f"{name}: {'; '.join(result.unmet)}{such}", facts, "probe_unmet")
    said = f"{name}: {result.succeeded} of {result.total} requests succeeded"
    absent = [pair for pair in asked if not seen.get(pair)]
    if absent:
        crossed = ", ".join(pair for pair in (*PAIRS, OTHER) if seen.get(pair)) or "none"
        return Check("probe", "inconclusive", f"{said}, but crossed {crossed} and not {', '.join(absent)}", facts, "planes_not_crossed")
    return Check("probe", "passed", said, facts)


def _pair(sender: str | None, responder: str | None, target: str) -> str:
    if sender is None or responder is None:
        return OTHER
    return f"{'new' if sender == target else 'old'}-{'new' if responder == target else 'old'}"
