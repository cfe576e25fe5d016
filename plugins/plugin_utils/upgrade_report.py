# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What an upgrade tells its user: where it leads, what each step has moved and proven, and where it ended. Each in few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..module_utils._mesh.blocker import described
from ..module_utils._words import counted, listed

_PLAN = Mapping[str, Any]


def says(plan: _PLAN, what: str) -> str:
    """One line about what the module C(upgrade_plan) has read.

    :param what: C(outline), C(way_back), C(retirement) or C(reached).
    """
    return _LINES[what](plan) if "pending" in plan else "failed"


def cluster(plan: _PLAN) -> str:
    """How messages call the cluster of a plan."""
    return str(plan["cluster"]["context"] or plan["cluster"]["host"])


def outline(plan: _PLAN) -> str:
    """What an upgrade is going to do."""
    if plan["from_revision"] is None:
        return f"Cluster {cluster(plan)}: nothing to be left for revision {plan['to_revision']}"
    way = f"{plan['from_version'] or 'nothing'} (revision {plan['from_revision']}) to {plan['to_version']} (revision {plan['to_revision']})"
    return "; ".join([f"Cluster {cluster(plan)}: {way}", *_moves(plan), *_some("left out", plan["remaining"])])


def way_back(plan: _PLAN) -> str:
    """What a rollback is going to do."""
    way = f"Cluster {cluster(plan)}: back from revision {plan['to_revision']} to {plan['from_revision']}"
    return "; ".join([way, *_moves(plan), *_some("stays on the new one", plan["remaining"])])


def retirement(plan: _PLAN) -> str:
    """What is left of an upgrade that has come to its end."""
    if plan["from_revision"] is None:
        return f"Cluster {cluster(plan)}: nothing to retire"
    return f"Cluster {cluster(plan)}: revision {plan['from_revision']} gives way to {plan['to_revision'] or 'nothing'}"


def reached(plan: _PLAN) -> str:
    """Where an upgrade is now."""
    at = f"on cluster {cluster(plan)}"
    pending = [*plan["pending"]["namespaces"], *plan["pending"]["gateways"]]
    if pending:
        return f"Left to move {at}: {listed(pending)}. Run again to go on, or run meshyard.istio.rollback to go back."
    goal = f"revision {plan['to_revision']}"
    if not plan["done"]:
        said = f"All of the mesh {at} is on {goal}; the phase verify is still to be run."
    elif plan["from_plane"]:
        kept = f"The old control plane {plan['from_revision']} is kept for a rollback; meshyard.istio.retire removes it."
        said = f"Done: the mesh {at} is on {goal} ({plan['to_version']}). {kept}"
    else:
        said = f"Done: the mesh {at} is on {goal} ({plan['to_version']}), and there is nothing left to be done."
    return " ".join([said, *(f"{line}." for line in _some("Left out", plan["remaining"]))])


def moved(result: Mapping[str, Any], predicted: bool = False) -> str:
    """What a call of the module C(namespace_revision) did, or would do, in figures."""
    if result.get("failed"):
        return "failed"
    namespaces = result.get("namespaces") or ()
    statuses = Counter(one["status"] for namespace in namespaces for one in namespace["workloads"])
    restarts = counted(statuses["restarted"], "workload")
    if predicted:
        return f"{restarts} to restart"
    pods = [namespace["pods"] for namespace in namespaces]
    on_target, total = (sum(one[name] for one in pods) for name in ("on_target", "total"))
    figures = [f"{restarts} restarted", f"{on_target} of {total} pods as they should be"]
    stays = statuses["not_restartable"]
    return ", ".join([*figures, *([f"{counted(stays, 'workload')} cannot be restarted"] if stays else [])])


def judged(gate: Mapping[str, Any]) -> str:
    """The verdict of a gate with its figures."""
    evidence = gate.get("evidence") or ()
    return f"{gate.get('verdict', 'failed')}: {listed((one['detail'] for one in evidence), '; ')}" if evidence else "failed"


def images(pods: Iterable[Mapping[str, Any]], of_cluster: str) -> list[str]:
    """One line for each workload with a proxy: how many pods have which image."""
    counts = Counter((pod["namespace"], pod["workload"], pod["image"]) for pod in pods if pod["image"])
    return [
        f"Cluster {of_cluster}, {place} {workload}: {image} in {counted(number, 'pod')}"
        for (place, workload, image), number in counts.items()
    ]


def in_use(blockers: Sequence[Mapping[str, Any]]) -> str:
    """What still uses a revision: the first few, and how many more there are."""
    return listed((f"{described(one)} on cluster {one['cluster']}" for one in blockers), "; ")


def _moves(plan: _PLAN) -> list[str]:
    """Everything that is moved, by its kind; a wave by its namespaces."""
    waves = [listed(wave["namespaces"]) for wave in (*plan["gateway_waves"], *plan["waves"])]
    return [
        *_some("gateways", [one["name"] for one in plan["gateways"]]),
        f"namespaces in {counted(len(waves), 'wave')}: {listed(waves, ' / ')}" if waves else "no namespaces to move",
        *_some("tags", [tag["name"] for tag in plan["tags"] if tag["moves"]]),
    ]


def _some(word: str, names: Sequence[str]) -> list[str]:
    return [f"{word}: {listed(names)}"] if names else []


_LINES = {"outline": outline, "way_back": way_back, "retirement": retirement, "reached": reached}
