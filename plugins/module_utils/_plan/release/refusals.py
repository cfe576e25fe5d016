# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What stands against the beginning of a release, found before its first write."""

from __future__ import annotations

from collections.abc import Mapping

from ..._errors import MeshyardError
from ..._mesh import release
from ..._words import listed
from ..finding import Finding, Level
from ..objects.steps import ref_of
from . import beginning, canary_problems, phase_refusals, routes
from . import policies as release_policies
from .model import Observed, PolicyGap, Request

_LEVELS: Mapping[PolicyGap, Level] = {"fail": "blocker", "warn": "warning", "copy": "info"}


def refuse_beginning(observed: Observed, request: Request) -> None:
    """Returns if a release can begin, or is this one.

    :raises MeshyardError: why not.
    """
    record = observed.record
    if record is not None:
        if request.template is not None and release.hash_of(request.template) != record.template:
            phase_refusals.refuse_open(observed)
        if record.phase != "aborting":
            return
        phase_refusals.refuse_open(observed)
    if observed.upgrade:
        raise MeshyardError(
            f"The mesh of {observed.title} is being upgraded: {observed.upgrade} is open.",
            "End the upgrade first (upgrade.yml and retire.yml, or rollback.yml), then release.",
            code="upgrade_open",
        )
    phase_refusals.refuse_unrolled(observed)
    _refuse_shared(observed)
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
    found += release_policies.unmatched_sources(observed.virtual_services, *beginning.pod_labels(observed, template), observed.target)
    for gap in beginning.gaps(observed, template):
        found.append(
            Finding(
                _LEVELS[request.policy_gap],
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


def _refuse_shared(observed: Observed) -> None:
    shared = [str(ref_of(one)) for one in observed.routes if routes.is_shared(one, observed.target)]
    if shared:
        raise MeshyardError(
            f"{listed(shared)} divides requests between {observed.target.service} and a workload whose release is open: one rule can only "
            f"carry the weights of one release, and not those of {observed.title} as well.",
            "Finish or abort the other release first; workload_canary_info shows it.",
            code="release_open",
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
