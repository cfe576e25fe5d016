# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What of the findings stands against going on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# What an east-west gateway that the run makes on the primary will have settled.
SETTLED_BY_GATEWAY = ("no_way_to_istiod", "address_of_istiod", "gateway_missing", "gateway_without_address")


def blocking(findings: Iterable[Mapping[str, Any]], accept: Sequence[str] = (), gateway_planned: bool = False) -> list[Mapping[str, Any]]:
    """The blockers that nobody accepted.

    :param accept: codes of findings that do not count.
    :param gateway_planned: whether the run makes the east-west gateway of the primary later.
    """
    passed = {*accept, *(SETTLED_BY_GATEWAY if gateway_planned else ())}
    return [finding for finding in findings if finding["level"] == "blocker" and finding["code"] not in passed]
