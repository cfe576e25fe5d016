# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The waves of an upgrade over all clusters of a run, from the plan of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..module_utils._words import listed

Members = dict[str, list[str]]


@dataclass(frozen=True)
class Wave:
    """Namespaces that are moved at the same time.

    :ivar name: all of the wave in words. :ivar members: its namespaces by inventory host.
    """

    name: str
    members: Members

    def describe(self) -> dict[str, Any]:
        """The wave as a dictionary for templates."""
        return {"name": self.name, "members": self.members}


def waves(plans: Mapping[str, Mapping[str, Any]], names: Mapping[str, str], *, given: bool) -> list[Wave]:
    """The waves in their order, the same for every cluster.

    A wave that was given is moved on all of its clusters at once. Derived ones never touch two clusters at once: the first wave of
    every cluster comes, one after the other, then the second ones.

    :param plans: what the module C(upgrade_plan) returned, by inventory host.
    :param names: the clusters' names by inventory host.
    """
    rounds = list(_by_number(plans))
    if not given:
        rounds = [{host: namespaces} for members in rounds for host, namespaces in members.items()]
    return [Wave(_name(number, len(rounds), members, names, len(plans)), members) for number, members in enumerate(rounds, 1)]


def planned(hostvars: Mapping[str, Mapping[str, Any]], hosts: Iterable[str], variable: str) -> dict[str, Mapping[str, Any]]:
    """The plans that hosts keep as the first result of a loop; a task that was skipped or has failed leaves none."""
    found = {host: result for host in hosts for result in ((hostvars[host].get(variable) or {}).get("results") or ())[:1]}
    return {host: plan for host, plan in found.items() if "waves" in plan}


def unknown_clusters(lists: Iterable[Iterable[str]], names: Iterable[str]) -> list[str]:
    """The clusters that lists of C(CLUSTER/NAMESPACE) name and that are not there."""
    named = [name.rpartition("/")[0] for one in lists for name in one if "/" in name]
    return [name for name in dict.fromkeys(named) if name not in set(names)]


def _by_number(plans: Mapping[str, Mapping[str, Any]]) -> Iterator[Members]:
    """For each number of a wave the clusters that have one of it."""
    numbers = sorted({wave["number"] for plan in plans.values() for wave in plan["waves"]})
    for number in numbers:
        yield {host: list(wave["namespaces"]) for host, plan in plans.items() for wave in plan["waves"] if wave["number"] == number}


def _name(number: int, total: int, members: Members, names: Mapping[str, str], clusters: int) -> str:
    whole = "{1}" if clusters == 1 else "{0}/{1}"
    places = [whole.format(names.get(host, host), namespace) for host, namespaces in members.items() for namespace in namespaces]
    return f"Wave {number} of {total}: {listed(places)}"
