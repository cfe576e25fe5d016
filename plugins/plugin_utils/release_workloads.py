# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The workloads that a run releases, looked at before anything is done for the first of them: a key that nobody reads is a mistake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..module_utils._errors import InvalidOption

_NEEDED = ("namespace", "name")
_KEYS = (*_NEEDED, "image", "container", "patch", "service", "policy_gap", "gate", "flight", "wave")
_LIMITS = ("success_percent", "p99_ms", "min_requests", "window", "reporters", "labels", "metrics")


def checked(workloads: Sequence[Mapping[str, Any]], gate: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The workloads as they are.

    :param gate: the limits for all of them.
    :raises InvalidOption: one has no name, is named twice, or has a key that means nothing.
    """
    _refuse_unknown("workload_canary_gate", gate, _LIMITS)
    seen: set[tuple[str, str]] = set()
    for one in workloads:
        place = _place(one)
        title = f"{place[0]}/{place[1]} in workload_canary_workloads"
        _refuse_unknown(title, one, _KEYS)
        _refuse_unknown(f"gate of {title}", one.get("gate") or {}, _LIMITS)
        if place in seen:
            raise InvalidOption(f"{title} is there twice.", "Name each Deployment once.")
        seen.add(place)
    return list(workloads)


def _place(one: Mapping[str, Any]) -> tuple[str, str]:
    missing = [key for key in _NEEDED if not one.get(key)]
    if missing:
        raise InvalidOption(
            f"An entry of workload_canary_workloads has no {' and no '.join(missing)}: {dict(one)}.",
            "Give each the namespace and the name of its Deployment.",
        )
    return str(one["namespace"]), str(one["name"])


def _refuse_unknown(title: str, given: Any, known: Iterable[str]) -> None:
    if not isinstance(given, Mapping):
        raise InvalidOption(f"{title} is no dictionary.", f"Give one with some of {', '.join(known)}.")
    unknown = sorted(str(key) for key in given if key not in known)
    if unknown:
        raise InvalidOption(f"{title} has {', '.join(unknown)}, which means nothing.", f"The keys are {', '.join(known)}.")
