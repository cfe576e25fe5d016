# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role workload_canary decides and says, as filters; each is documented in the file of its name beside this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..plugin_utils import release_clusters, release_gate, release_steps, release_stops, release_waves, release_workloads
from ..plugin_utils import release_due as due
from ..plugin_utils.filters import refusing

Hostvars = Mapping[str, Mapping[str, Any]]


def release_steps_left(
    hostvars: Hostvars, hosts: Sequence[str], variable: str, steps: Sequence[Any], return_steps: Sequence[Any]
) -> list[dict[str, Any]]:
    """The steps that are left over all clusters of a run, of which a host keeps its release by a variable."""
    releases = _of_hosts(hostvars, hosts, variable).values()
    return [step.describe() for step in release_steps.remaining(releases, steps, return_steps)]


def release_obstacle(hostvars: Hostvars, hosts: Sequence[str], variable: str, workload: str) -> str:
    """Why the clusters of a run cannot release a workload together, of which a host keeps what it knows by a variable."""
    return release_clusters.obstacle(_of_hosts(hostvars, hosts, variable), workload)


def release_stops_of(hostvars: Hostvars, hosts: Sequence[str], variable: str, workload: str) -> dict[str, str]:
    """What all clusters of a run do together about a workload, of which a host keeps its own reason to stop by a variable."""
    return release_stops.worst(_of_hosts(hostvars, hosts, variable).values(), workload)


def release_stop(failure: Mapping[str, Any], step: Mapping[str, Any], workload: str) -> dict[str, Any]:
    """Why a step that failed stops the release of a workload, and what is done about it."""
    return release_stops.stop(step, failure, workload)


def release_due(
    hostvars: Hostvars, hosts: Sequence[str], variable: str, settings: Iterable[Mapping[str, Any]], on_orphan: str, orphan_seconds: int
) -> dict[str, list[Any]]:
    """Which releases are due by themselves, of which a host keeps the answer of C(workload_canary_info) by a variable."""
    found = {host: known.get("workloads") or [] for host, known in _of_hosts(hostvars, hosts, variable).items()}
    return due.due(found, settings, on_orphan, int(orphan_seconds))


def _of_hosts(hostvars: Hostvars, hosts: Sequence[str], variable: str) -> dict[str, Mapping[str, Any]]:
    return {host: hostvars[host].get(variable) or {} for host in hosts}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {
            "release_steps_left": refusing(release_steps_left),
            "release_obstacle": release_obstacle,
            "release_limits": release_gate.limits,
            "release_stop": release_stop,
            "release_stops": release_stops_of,
            "release_verdicts": release_stops.verdicts,
            "release_due": release_due,
            "release_together": refusing(release_waves.are_together),
            "release_rounds": release_waves.rounds,
            "release_waves": refusing(release_waves.waves),
            "release_workloads": refusing(release_workloads.checked),
        }
