# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What the gate of a step is asked: limits that cannot say anything there are left out of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

_WHOLE = 100
_WINDOW = 60
_QPS = 10.0
_BUILT_IN = ("success_percent", "p99_ms")

Limits = Mapping[str, Any]
Step = Mapping[str, Any]


def limits(given: Limits, step: Step, flight: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The limits that hold for a step; empty where nothing is left to be judged.

    A Deployment without traffic is no measure, and on the way back it is what is judged: there its relative metrics say nothing.

    :param given: options of C(metric_gate). :param flight: options of C(test_flight), whose requests alone are to be in the window.
    """
    found = {**given, "metrics": [one for one in given.get("metrics") or [] if not (_is_relative(one) and _is_alone(step))]}
    if not found["metrics"] and all(found.get(name) is None for name in _BUILT_IN):
        return {}
    if flight:
        found["window"] = max(1, min(int(given.get("window") or _WINDOW), _seconds(flight)))
    return found


def _is_relative(metric: Mapping[str, Any]) -> bool:
    return bool(boolean(metric.get("relative") or False, strict=False))


def _is_alone(step: Step) -> bool:
    """Whether there is no Deployment with traffic of its own to compare with."""
    return bool(step["judged"] == "stable" or step["weight"] == _WHOLE)


def _seconds(flight: Mapping[str, Any]) -> int:
    """How long a flight takes at least, as it is asked for."""
    if flight.get("seconds"):
        return int(flight["seconds"])
    return int(int(flight.get("requests") or 0) / float(flight.get("qps") or _QPS))
