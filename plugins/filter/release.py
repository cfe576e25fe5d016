# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the role workload_canary decides and says, as filters; each is documented in the file of its name beside this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..plugin_utils import release_due as due
from ..plugin_utils import release_steps, release_workloads
from ..plugin_utils.filters import refusing


def release_steps_left(
    hostvars: Mapping[str, Mapping[str, Any]], hosts: Sequence[str], variable: str, steps: Sequence[Any], return_steps: Sequence[Any]
) -> list[dict[str, Any]]:
    """The steps that are left over all clusters of a run, of which a host keeps its release by a variable."""
    releases = [hostvars[host].get(variable) or None for host in hosts]
    return [step.describe() for step in release_steps.remaining(releases, steps, return_steps)]


def release_stop(failure: Mapping[str, Any], step: Mapping[str, Any], title: str) -> dict[str, str]:
    """Why a step that failed stops a release, and what is done about it."""
    return release_steps.stop(step, failure, title)


def release_stops(hostvars: Mapping[str, Mapping[str, Any]], hosts: Sequence[str], variable: str) -> dict[str, str]:
    """What all clusters of a run do together, of which a host keeps its own reason to stop by a variable."""
    return release_steps.worst(hostvars[host].get(variable) or {} for host in hosts)


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """By name."""
        return {
            "release_steps_left": refusing(release_steps_left),
            "release_stop": release_stop,
            "release_stops": release_stops,
            "release_verdicts": release_steps.verdicts,
            "release_due": due.due,
            "release_workloads": refusing(release_workloads.checked),
        }
