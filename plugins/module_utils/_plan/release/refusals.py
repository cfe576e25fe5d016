# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What stands against a phase of a release, found before the first write."""

from __future__ import annotations

from collections.abc import Sequence

from ..._errors import MeshyardError
from ..._mesh import raw, release, workload
from ..._words import listed
from ..finding import Finding
from ..objects.steps import ref_of
from . import beginning, canary_problems
from . import policies as release_policies
from .model import Observed, Request


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


def refuse_beginning(observed: Observed, request: Request) -> None:
    """Returns if a release can begin, or is this one.

    :raises MeshyardError: why not.
    """
    record = observed.record
    if record is not None:
        if request.template is not None and release.hash_of(request.template) != record.template:
            refuse_open(observed)
        if record.phase != "aborting":
            return
        refuse_open(observed)
    if observed.upgrade:
        raise MeshyardError(
            f"The mesh of {observed.title} is being upgraded: {observed.upgrade} is open.",
            "End the upgrade first (upgrade.yml and retire.yml, or rollback.yml), then release.",
            code="upgrade_open",
        )
    refuse_unrolled(observed)
    _refuse_strangers(observed, request)
    _refuse_findings(observed, request)


def refuse_nothing(observed: Observed, request: Request) -> None:
    """Returns unless it is not known what to release.

    :raises MeshyardError: neither image nor patch is given, and changes of the Deployment do not wait for a release.
    """
    if request.template is None and observed.record is None and not (observed.waits or release.is_enabled(observed.stable)):
        raise MeshyardError(
            f"{observed.title} has no change to release.",
            "Give image or patch, or let its changes wait for releases (state enabled).",
            code="nothing_waits",
        )


def findings(observed: Observed, request: Request) -> list[Finding]:
    """What stands against a release, or its user should know: of the pods, and of the policies for them."""
    template = beginning.judged_template(observed, request)
    found = canary_problems.problems(observed.stable, observed.services, template)
    found += release_policies.excesses(observed.policies, *beginning.pod_labels(observed, template), observed.target)
    level = {"fail": "blocker", "warn": "warning", "copy": "info"}[request.policy_gap]
    found += release_policies.unmatched_sources(observed.virtual_services, *beginning.pod_labels(observed, template), observed.target)
    for gap in beginning.gaps(observed, template):
        found.append(
            Finding(
                "blocker" if level == "blocker" else "warning" if level == "warning" else "info",
                "policy_gap",
                f"{gap.kind} {gap.namespace}/{gap.name}",
                f"{gap.kind} {gap.namespace}/{gap.name} selects pods of {observed.title}, and would not select those of its canary.",
                "policy_gap: copy gives the canary a copy of it while the release is on.",
            )
        )
    return found


def _refuse_findings(observed: Observed, request: Request) -> None:
    blockers = [one for one in findings(observed, request) if one.level == "blocker"]
    if blockers:
        first = blockers[0]
        more = f" And {len(blockers) - 1} more." if len(blockers) > 1 else ""
        raise MeshyardError(
            f"{first.message}{more}", first.remedy, code="release_blocked", findings=[one.describe(observed.cluster) for one in blockers]
        )


def _refuse_strangers(observed: Observed, request: Request) -> None:
    wanted = beginning.additions(observed, beginning.judged_template(observed, request))
    taken = [str(ref) for ref in map(ref_of, wanted) if ref in observed.strangers]
    if taken:
        raise MeshyardError(
            f"{listed(taken)} on cluster {observed.cluster} has the name that the release of "
            f"{observed.title} needs, and was not made by it.",
            "Rename or remove it, then run again.",
            code="not_ours",
        )
