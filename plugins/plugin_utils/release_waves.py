# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The waves of a run that releases several workloads, and the rounds in which those of a wave take their steps together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from ..module_utils._errors import InvalidOption
from ..module_utils._words import listed

Workload = Mapping[str, Any]
Step = Mapping[str, Any]


def waves(workloads: Sequence[Workload]) -> list[dict[str, Any]]:
    """The waves in their order, each with its C(workloads), a C(label), and what is said of those C(behind) it when it fails.

    Workloads of which none has a wave are a wave each.

    :raises InvalidOption: some have a wave and others none, or one is no number.
    """
    numbers = [_number(one) for one in workloads]
    if None in numbers and any(numbers):
        lacking = listed(title(one) for one, number in zip(workloads, numbers, strict=True) if number is None)
        raise InvalidOption(
            f"{lacking} in workload_canary_workloads has no wave, and others have one.", "Give all of them a wave, or none."
        )
    by_wave: dict[int, list[Workload]] = {}
    for position, (one, number) in enumerate(zip(workloads, numbers, strict=True)):
        by_wave.setdefault(position if number is None else number, []).append(one)
    groups = [by_wave[number] for number in sorted(by_wave)]
    return [
        {
            "workloads": group,
            "label": f"Wave {position} of {len(groups)}: {listed(map(title, group), most=5)}",
            "behind": _not_begun([one for later in groups[position:] for one in later]),
        }
        for position, group in enumerate(groups, 1)
    ]


def are_together(workloads: Sequence[Workload]) -> bool:
    """Whether some of them take their steps together."""
    return any(len(wave["workloads"]) > 1 for wave in waves(workloads))


def rounds(workloads: Sequence[Workload], courses: Mapping[str, Sequence[Step]]) -> list[list[dict[str, Any]]]:
    """The steps of a wave by rounds, each with its C(workload) and C(step): in a round each workload takes the next step that it has left.

    :param courses: the steps that are left, by the title of a workload.
    """
    turns = zip_longest(*(courses.get(title(one), ()) for one in workloads))
    return [[{"workload": one, "step": step} for one, step in zip(workloads, turn, strict=True) if step is not None] for turn in turns]


def title(one: Workload) -> str:
    """What a workload is called."""
    return f"{one['namespace']}/{one['name']}"


def _number(one: Workload) -> int | None:
    given = one.get("wave")
    if given is None or given == "":
        return None
    try:
        number = int(given) if not isinstance(given, (bool, float)) else 0
    except (TypeError, ValueError):
        number = 0
    if number < 1:
        raise InvalidOption(f"The wave of {title(one)} in workload_canary_workloads is {given}.", "Give a whole number from 1 on.")
    return number


def _not_begun(later: Sequence[Workload]) -> str:
    if not later:
        return ""
    return f"{listed(map(title, later))} {'was' if len(later) == 1 else 'were'} not begun."
