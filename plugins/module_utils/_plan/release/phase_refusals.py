# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What stands against a phase of a release, found before the first write."""

from __future__ import annotations

from collections.abc import Sequence

from ..._errors import MeshyardError
from ..._mesh import raw, release, workload
from ..._words import listed
from .model import Observed


def refuse_phase(observed: Observed, possible: Sequence[str], what: str) -> None:
    """Returns if the release is in one of these phases.

    :raises MeshyardError: it is in another one.
    """
    found = observed.open_record.phase
    if found not in possible:
        raise MeshyardError(
            f"The release of {observed.title} is {found}, and can only {what} when it is {listed(possible)}.",
            "workload_canary_info shows where it stands; prepared ends a beginning, finished and aborted end a release.",
            code="phase_wrong",
        )


def refuse_template(observed: Observed) -> None:
    """Returns if the Deployment still has the template that is released.

    :raises MeshyardError: somebody changed it under way.
    """
    if release.hash_of(observed.template) != observed.open_record.template:
        raise MeshyardError(
            f"The pod template of {observed.title} is no longer the one that its release began with: somebody changed it.",
            "Set it back to the one that its canary has, then run this again; or give it the one that runs, and run the state aborted.",
            code="template_changed",
            verdict="inconclusive",
        )


def refuse_open(observed: Observed) -> None:
    """Returns if the Deployment is in no release.

    :raises MeshyardError: it is.
    """
    record = observed.record
    if record is not None:
        raise MeshyardError(
            f"{observed.title} is in a release ({record.phase}, {record.weight} % of the traffic), begun by {record.run}.",
            "Finish it or abort it first.",
            code="release_open",
            release=record.describe(),
        )


def refuse_unrolled(observed: Observed) -> None:
    """Returns if the Deployment is rolled out and has all its pods.

    :raises MeshyardError: it is under way, or ill: then nothing can be compared with it.
    """
    seen = workload.parse({**observed.stable, "spec": {**observed.stable["spec"], "paused": False}}, "Deployment")
    if release.is_enabled(observed.stable) or raw.at(observed.stable, "spec", "paused") is True:
        late = seen.available < seen.replicas or seen.total > seen.replicas
        why = f"{seen.available} of {seen.replicas} pods are available" if late else ""
    else:
        why = workload.rolled_out(seen).why
    if why:
        raise MeshyardError(
            f"{observed.title} is not rolled out: {why}.",
            "Wait until it is, or make it sound first: a release is judged against it.",
            code="stable_not_ready",
        )


def refuse_resumed(observed: Observed) -> None:
    """Returns if the Deployment is paused, as a release keeps it until its promotion.

    :raises MeshyardError: somebody resumed it, so that it rolls out what has not been judged.
    """
    if raw.at(observed.stable, "spec", "paused") is not True:
        raise MeshyardError(
            f"Somebody resumed {observed.title} during its release, so that it rolls out what has not been judged yet.",
            "Run the state aborted, which gives it its former template and all of the traffic.",
            code="workload_changed",
            verdict="failed",
        )
