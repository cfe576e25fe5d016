# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The steps of a release that are left, wherever a former run ended, and what to do when one of them fails."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ..module_utils._errors import InvalidOption
from ..module_utils._words import listed, sentences

Judged = Literal["", "canary", "stable"]
Reaction = Literal["abort", "keep_on_canary", "hold"]

ABSENT = "absent"
"""In place of a phase, on clusters that do not have the workload."""

_WHOLE = 100
_ORDER: tuple[Reaction, ...] = ("abort", "keep_on_canary", "hold")
_AFTER_PROMOTION = ("promoting", "promoted", "returning", "finishing")


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
    if phase not in _AFTER_PROMOTION:
        return [*begin, *_forward(there, weight if phase == "progressing" else -1, judged), *promote, *_back(back, None, False), *end]
    return [*promote, *_back(back, weight if phase == "returning" else None, judged), *end]


def _forward(there: Sequence[int], weight: int, judged: bool) -> list[Step]:
    left = [one for one in there if one > weight]
    if weight >= 0 and not judged:
        left = [weight, *left]
    return [Step("weight", one, "canary", f"{one} % to the canary") for one in left]


def _back(back: Sequence[int], weight: int | None, judged: bool) -> list[Step]:
    left = [one for one in back if weight is None or one < weight]
    if weight is not None and not judged:
        left = [weight, *left]
    return [Step("weight", one, "stable", f"{one} % to the canary, {_WHOLE - one} % back on the Deployment") for one in left]


def reaction(step: Mapping[str, Any], failure: Mapping[str, Any]) -> Reaction:
    """What to do when a step fails.

    Before the promotion, pods that do not start and traffic that is bad or cannot be judged bring all traffic back. On the way back the
    canary, which has proven itself, keeps all traffic. Whatever says nothing about what is released leaves everything as it is.

    :param failure: the answer of a module that failed, or of a gate that was not passed.
    """
    by_gate = "evidence" in failure
    bad = failure.get("verdict") == "failed" or by_gate
    if bad and (step["state"] == "prepared" or step["judged"] == "canary"):
        return "abort"
    return "keep_on_canary" if bad and step["judged"] == "stable" else "hold"


def stop(step: Mapping[str, Any], failure: Mapping[str, Any], title: str) -> dict[str, str]:
    """Why a cluster stops a release, and what is done about it."""
    then = reaction(step, failure)
    return {"reaction": then, "message": message(title, failure, then)}


def worst(stops: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What all clusters of a run do together; an empty reaction where nothing stops them."""
    found = [one for one in stops if one]
    if not found:
        return {"reaction": "", "message": ""}
    then = next(one for one in _ORDER if one in [stop["reaction"] for stop in found])
    return {"reaction": then, "message": "\n".join(dict.fromkeys(str(stop["message"]) for stop in found))}


def verdicts(evidence: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is kept of a gate's evidence with the release; where no gate is asked, that pods and routes are as they were asked for."""
    kept = ("name", "reporter", "verdict", "value", "limit", "samples")
    return [{key: one.get(key) for key in kept} for one in evidence] or [{"name": "pods", "verdict": "passed"}]


def message(title: str, failure: Mapping[str, Any], then: Reaction) -> str:
    """What happened and what is done about it, in words."""
    if "evidence" in failure:
        doubts = listed((str(one["detail"]) for one in failure["evidence"] if one["verdict"] != "passed"), "; ")
        said = f"The gate of {title} was not passed ({failure['verdict']}): {doubts}."
    else:
        said = sentences([str(failure.get("msg", ""))])
    done = {
        "abort": "All traffic goes back to the Deployment, and the canary is taken away.",
        "keep_on_canary": (
            "All traffic stays on the canary, which has been judged good. Find out what is wrong with the Deployment and run again: "
            "it goes on from there."
        ),
        "hold": "Nothing was moved: weights are as they were. Run again to go on, or release_abort.yml to take it back.",
    }
    return f"{said} {done[then]}"
