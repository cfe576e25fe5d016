# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The steps of a release that are left, wherever a former run ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..module_utils._errors import InvalidOption
from ..module_utils._mesh.release import FROM_PROMOTION

Judged = Literal["", "canary", "stable"]

ABSENT = "absent"
"""In place of a phase, on clusters that do not have the workload."""

_WHOLE = 100


@dataclass(frozen=True)
class Step:
    """One call of workload_canary, and whose traffic is judged after it.

    :ivar state: of the module. :ivar label: what it is called for people.
    """

    state: str
    weight: int | None = None
    judged: Judged = ""
    label: str = ""

    def describe(self) -> dict[str, Any]:
        """The step as a dictionary for templates."""
        return asdict(self)


def remaining(releases: Iterable[Mapping[str, Any] | None], steps: Sequence[Any], return_steps: Sequence[Any]) -> list[Step]:
    """What is left to do until the release is finished everywhere; of several clusters the one that is least far decides.

    :param releases: the release of each cluster, as C(workload_canary_info) returns it; None where none has begun.
    :param steps: the shares of the canary, growing. :param return_steps: its shares on the way back, falling.
    :raises InvalidOption: the shares are no such lists.
    """
    there, back = (
        _shares(steps, "workload_canary_steps", growing=True),
        _shares(return_steps, "workload_canary_return_steps", growing=False),
    )
    lists = [_of(release, there, back) for release in releases if (release or {}).get("phase") != ABSENT]
    if not lists:
        return []
    ending = [one for one in lists if one and one[0].state == "aborted"]
    return max(ending or lists, key=len)


def _shares(given: Sequence[Any], name: str, *, growing: bool) -> list[int]:
    try:
        found = [int(one) for one in given]
    except (TypeError, ValueError):
        found = [-1]
    if not all(0 <= one <= _WHOLE for one in found) or found != sorted(set(found), reverse=not growing):
        example = "[5, 25, 50, 100]" if growing else "[50, 0]"
        order = "growing" if growing else "falling"
        raise InvalidOption(f"{name} is {list(given)}, and must hold {order} percentages.", f"Give a list such as {example}.")
    end = _WHOLE if growing else 0
    return found if found and found[-1] == end else [*found, end]


def _of(release: Mapping[str, Any] | None, there: Sequence[int], back: Sequence[int]) -> list[Step]:
    phase, weight = (release or {}).get("phase"), int((release or {}).get("weight") or 0)
    judged = bool((release or {}).get("judged"))
    if phase == "aborting":
        return [Step("aborted", label="take the rest of the canary away")]
    begin = [Step("prepared", label="make the canary")] if phase in (None, "preparing") else []
    end = [Step("finished", label="take the canary away")]
    if phase == "finishing":
        return end
    promote = (
        [] if phase in ("promoted", "returning") else [Step("promoted", label="roll the Deployment out, while the canary has all traffic")]
    )
    if phase not in FROM_PROMOTION:
        return [*begin, *_forward(there, weight if phase == "progressing" else -1, judged), *promote, *_back(back, None, False), *end]
    return [*promote, *_back(back, weight if phase == "returning" else None, judged), *end]


def _forward(there: Sequence[int], weight: int, judged: bool) -> list[Step]:
    left = [one for one in there if one > weight]
    if weight >= 0 and not judged:
        left = [weight, *left]
    return [Step("weight", one, "canary", f"{one} % to the canary") for one in left]


def _back(back: Sequence[int], weight: int | None, judged: bool) -> list[Step]:
    # With all traffic on the canary nothing can be said of the Deployment, which has none.
    left = [one for one in back if one < (_WHOLE if weight is None else weight)]
    if weight is not None and weight < _WHOLE and not judged:
        left = [weight, *left]
    return [Step("weight", one, "stable", f"{one} % to the canary, {_WHOLE - one} % back on the Deployment") for one in left]
