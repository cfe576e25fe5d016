# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What to do when a step of a release fails, and what is said about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from ..module_utils._words import listed, sentences

Reaction = Literal["abort", "keep_on_canary", "hold"]
Step = Mapping[str, Any]
Failure = Mapping[str, Any]

_ORDER: tuple[Reaction, ...] = ("abort", "keep_on_canary", "hold")


def reaction(step: Step, failure: Failure) -> Reaction:
    """What to do when a step fails.

    Before the promotion, pods that do not start and traffic that is bad or cannot be judged bring all traffic back. On the way back the
    canary, which has proven itself, keeps all traffic. Whatever says nothing about what is released leaves everything as it is.

    :param failure: the answer of a module that failed, or of a gate that was not passed.
    """
    bad = failure.get("verdict") == "failed" or "evidence" in failure
    if bad and (step["state"] == "prepared" or step["judged"] == "canary"):
        return "abort"
    return "keep_on_canary" if bad and step["judged"] == "stable" else "hold"


def stop(step: Step, failure: Failure, workload: str) -> dict[str, Any]:
    """Why a cluster stops the release of a workload, what is done about it, and what the gate said."""
    found = verdicts(failure["evidence"]) if failure.get("evidence") else []
    return {"workload": workload, "reaction": reaction(step, failure), "message": message(step, failure, workload), "verdicts": found}


def worst(stops: Iterable[Mapping[str, Any]], workload: str) -> dict[str, str]:
    """What all clusters of a run do together about one workload; an empty reaction where nothing stops them."""
    found = [one for one in stops if one.get("workload") == workload]
    if not found:
        return {"reaction": "", "message": ""}
    then = next(one for one in _ORDER if one in [stop["reaction"] for stop in found])
    return {"reaction": then, "message": "\n".join(dict.fromkeys(str(stop["message"]) for stop in found))}


def verdicts(evidence: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is kept of a gate's evidence with the release; where no gate is asked, that pods and routes are as they were asked for."""
    kept = ("name", "reporter", "verdict", "value", "limit", "samples")
    return [{key: one.get(key) for key in kept} for one in evidence] or [{"name": "pods", "verdict": "passed"}]


def message(step: Step, failure: Failure, workload: str) -> str:
    """What happened and what is done about it, in words."""
    if "evidence" in failure:
        doubts = listed((str(one["detail"]) for one in failure["evidence"] if one["verdict"] != "passed"), "; ")
        said = f"The gate of {workload}: {step['label']} was not passed ({failure['verdict']}): {doubts}."
    else:
        said = sentences([str(failure.get("msg", ""))])
    return f"{said} {_DONE[reaction(step, failure)](step, failure)}".strip()


def _abort(_step: Step, _failure: Failure) -> str:
    return "All traffic goes back to the Deployment, and the canary is taken away."


def _keep_on_canary(_step: Step, failure: Failure) -> str:
    moved = "All traffic goes to the canary, which has been judged good."
    if failure.get("verdict") == "failed":
        return f"{moved} Find out what is wrong with the Deployment and run again: it goes on from there."
    return f"{moved} The Deployment could not be judged: see to its requests and to Prometheus, and run again: it goes on from there."


def _hold(step: Step, failure: Failure) -> str:
    if failure.get("code") == "rollout_stuck":
        return ""  # the module has said that traffic stays, and what to do
    if step["state"] == "prepared" or step["judged"] == "canary":
        return "The release stays as it is. Run again to go on, or release_abort.yml to take it back."
    if step["state"] == "promoted":
        return "All traffic stays on the canary. Run again to go on."
    return "The release stays as it is. Run again to go on."


_DONE = {"abort": _abort, "keep_on_canary": _keep_on_canary, "hold": _hold}
