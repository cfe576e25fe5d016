# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role canary_upgrade decides and says, as filters; each is documented in the file of its name beside this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..plugin_utils import upgrade_phases as phases
from ..plugin_utils import upgrade_report as report
from ..plugin_utils import upgrade_stops as stops
from ..plugin_utils import upgrade_waves as waves

_PLAN = "__canary_upgrade_read"
_STOP = "__canary_upgrade_stop"

Hostvars = Mapping[str, Mapping[str, Any]]


def upgrade_phases(asked: Sequence[str], gateways: str, run_tags: Sequence[str], skip_tags: Sequence[str]) -> dict[str, Any]:
    """The phases of a run, or why there are none."""
    found = asdict(phases.choose(asked, gateways, run_tags, skip_tags))
    return {**found, "phases": list(found["phases"])}


def upgrade_waves(hostvars: Hostvars, hosts: Sequence[str], names: Mapping[str, str], given: bool) -> list[dict[str, Any]]:
    """The waves over all clusters of a run."""
    plans = waves.planned(hostvars, hosts, _PLAN)
    return [wave.describe() for wave in waves.waves(plans, names, given=given)]


def upgrade_unknown_clusters(lists: Sequence[Iterable[str]], names: Iterable[str]) -> list[str]:
    """The clusters that lists of namespaces name and that are not there."""
    return waves.unknown_clusters(lists, names)


def upgrade_stops(hostvars: Hostvars, hosts: Sequence[str], alive: Sequence[str]) -> list[dict[str, str]]:
    """What stops all clusters of a run."""
    return [stop.describe() for stop in stops.of_run(hostvars, hosts, alive, _STOP)]


def upgrade_move_stop(result: Mapping[str, Any], cluster: str, goes_back: bool) -> dict[str, str]:
    """Why a move that failed stops all clusters."""
    return stops.of_move(result, cluster, goes_back=goes_back).describe()


def upgrade_gate_stop(gate: Mapping[str, Any], cluster: str, name: str, remedy: str = "") -> dict[str, str]:
    """Why a gate that was not passed stops all clusters."""
    return stops.of_gate(gate, cluster, name, remedy).describe()


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {
            "upgrade_phases": upgrade_phases,
            "upgrade_waves": upgrade_waves,
            "upgrade_unknown_clusters": upgrade_unknown_clusters,
            "upgrade_stops": upgrade_stops,
            "upgrade_move_stop": upgrade_move_stop,
            "upgrade_gate_stop": upgrade_gate_stop,
            "upgrade_says": report.says,
            "upgrade_moved": report.moved,
            "upgrade_judged": report.judged,
            "upgrade_images": report.images,
            "upgrade_in_use": report.in_use,
        }
