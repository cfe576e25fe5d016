# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What keeps the clusters of a run from releasing a workload together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..module_utils._mesh.release import FROM_PROMOTION
from ..module_utils._words import listed
from .release_steps import ABSENT

Known = Mapping[str, Any]
"""What one host has found out about a workload: C(workload), C(phase), C(weight) and C(judged) of its release, C(missing) where there is no
such Deployment, C(service_present) where it has the Service all the same, and C(config), the host whose routes count for it."""


def lost(known: Mapping[str, Known], workload: str) -> list[str]:
    """The hosts that have not come as far as the others: they failed, or were lost before."""
    return [host for host, one in known.items() if one.get("workload") != workload]


def obstacle(known: Mapping[str, Known], workload: str) -> str:
    """Why the clusters cannot release a workload together; empty where they can.

    :param known: by host, of all hosts of the run.
    """
    return _lost(known, workload) or _missing(known, workload) or _bypassed(known, workload) or _apart(known, workload)


def _lost(known: Mapping[str, Known], workload: str) -> str:
    if not (found := lost(known, workload)):
        return ""
    return (
        f"{workload} is not gone on with on any cluster, because {listed(found)} failed before. "
        "See to what was reported there, then run again."
    )


def _missing(known: Mapping[str, Known], workload: str) -> str:
    if not all(one.get("missing") for one in known.values()):
        return ""
    return f"There is no Deployment {workload} on {listed(known)}. Correct its name or namespace; only Deployments can be released."


def _bypassed(known: Mapping[str, Known], workload: str) -> str:
    """Callers of a cluster whose routes are not those of the release would know nothing of the canary."""
    routed = {one.get("config") for one in known.values() if not one.get("missing") and one.get("phase") != ABSENT}
    found = [host for host, one in known.items() if one.get("service_present") and one.get("config") not in routed]
    promoted = any(one.get("phase") in FROM_PROMOTION for one in known.values())  # then only the way to the end is safe
    if promoted or not routed or not found:
        return ""
    return (
        f"{listed(found)} has the Service of {workload} and routes of its own, but not the Deployment, so that its callers would bypass "
        "the canary. Remove the Service there, or give it the Deployment, too."
    )


def _apart(known: Mapping[str, Known], workload: str) -> str:
    """A Deployment that is being promoted is no safe place for traffic, and a canary that begins must not have all of it."""
    past = _phases(known, lambda one: one.get("phase") in FROM_PROMOTION)
    behind = _phases(known, _is_behind)
    if not past or not behind:
        return ""
    return (
        f"The release of {workload} is past its promotion on some clusters ({past}), and not yet there on others ({behind}), so that they "
        "cannot take the same steps. End it where it is further with meshyard.istio.workload_canary (weight 0, then finished), "
        "then run again."
    )


def _is_behind(one: Known) -> bool:
    """Whether steps before the promotion are left."""
    if one.get("phase") == "progressing":
        return not (one.get("weight") == 100 and one.get("judged"))
    return one.get("phase") in (None, "preparing", "prepared")


def _phases(known: Mapping[str, Known], applies: Callable[[Known], bool]) -> str:
    return listed(f"{host}: {one.get('phase') or 'not begun'}" for host, one in known.items() if applies(one))
