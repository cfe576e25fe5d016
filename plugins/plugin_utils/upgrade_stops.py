# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What stops an upgrade: a move or a gate that failed on one cluster, and clusters that the run has lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..module_utils._words import listed, sentences

FAILED, ERROR, INCONCLUSIVE = "failed", "error", "inconclusive"
_LOST = (
    "Cluster {} ended with the error that is shown above. Nothing was moved back; see to it and run again, or run meshyard.istio.rollback."
)


@dataclass(frozen=True)
class Stop:
    """Why a cluster stops all of them.

    :ivar code: what happened. :ivar verdict: C(failed) when it says something about the new revision, so that the wave goes back;
        C(error) and C(inconclusive) when it does not, so that nothing moves.
    """

    code: str
    verdict: str
    message: str

    def describe(self) -> dict[str, str]:
        """The reason as a dictionary for templates."""
        return asdict(self)


def of_move(result: Mapping[str, Any], cluster: str, *, goes_back: bool) -> Stop:
    """The reason in the failed result of a module that moves something, or of a loop around one.

    :param goes_back: whether what failed is moved back.
    """
    failures = [one for one in result.get("results") or [result] if one.get("failed") or one.get("unreachable")]
    verdict = FAILED if any(one.get("verdict") == FAILED for one in failures) else ERROR
    then = "It goes back to where it was." if verdict == FAILED and goes_back else "Nothing was moved back."
    said = sentences(str(one.get("msg", "")) for one in failures)
    code = next((str(one["code"]) for one in failures if one.get("code")), "move")
    return Stop(code, verdict, f"Cluster {cluster}: {said} {then}")


def of_gate(gate: Mapping[str, Any], cluster: str, name: str, remedy: str = "") -> Stop:
    """The reason in the answer of a gate that was not passed.

    :param name: what it judges. :param remedy: what to do, in place of what is usual.
    """
    failed = gate["verdict"] == FAILED
    doubts = listed((one["detail"] for one in gate["evidence"] if one["verdict"] != "passed"), "; ")
    usual = (
        "It goes back to where it was, and the run stops; what was moved before stays."
        if failed
        else "Nothing was moved back; see to what could not be read and run again."
    )
    judged = "failed" if failed else "could not be judged"
    return Stop("gate", gate["verdict"], f"Cluster {cluster}: the gate for {name} {judged} ({doubts}). {remedy or usual}")


def of_run(hostvars: Mapping[str, Mapping[str, Any]], hosts: Iterable[str], alive: Iterable[str], variable: str) -> list[Stop]:
    """The reasons of all clusters of a run.

    :param hosts: the inventory hosts that began. :param alive: those that are still there. :param variable: where a host keeps its reason.
    """
    left = set(alive)
    found = []
    for host in hosts:
        kept = hostvars[host].get(variable)
        if kept:
            found.append(Stop(kept["code"], kept["verdict"], kept["message"]))
        elif host not in left:
            found.append(Stop("lost", ERROR, _LOST.format(host)))
    return found
