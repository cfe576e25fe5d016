# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Label selectors of Kubernetes, matched as the API server matches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .._errors import InvalidOption

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


@dataclass(frozen=True)
class Requirement:
    """One condition on one label."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def admits(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet it; a missing label meets C(NotIn) and C(DoesNotExist)."""
        present = self.key in labels
        if self.operator == "Exists":
            return present
        if self.operator == "DoesNotExist":
            return not present
        listed = present and labels[self.key] in self.values
        return listed if self.operator == "In" else not listed


@dataclass(frozen=True)
class Selector:
    """Conditions that labels must meet all; without any, everything matches."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether labels meet every condition."""
        return all(requirement.admits(labels) for requirement in self.requirements)


def parse(raw: Mapping[str, Any] | None) -> Selector:
    """A selector from C(matchLabels) and C(matchExpressions); none at all is one that matches everything.

    :raises MeshyardError: an operator that the API server does not know either.
    """
    if not raw:
        return Selector()
    equal = [Requirement(key, "In", frozenset([value])) for key, value in (raw.get("matchLabels") or {}).items()]
    expressions = [_expression(entry) for entry in raw.get("matchExpressions") or []]
    return Selector((*equal, *expressions))


def _expression(entry: Mapping[str, Any]) -> Requirement:
    operator = str(entry.get("operator"))
    if operator not in OPERATORS:
        raise InvalidOption(
            f"The label selector on {entry.get('key')} has the unknown operator {operator}.",
            f"Use one of {', '.join(OPERATORS)}.",
        )
    return Requirement(str(entry.get("key")), operator, frozenset(entry.get("values") or []))
