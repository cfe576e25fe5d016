# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The two ends of a release: finished, or aborted before the promotion. Both leave nothing of it behind."""

from __future__ import annotations

import json

from ..._errors import MeshyardError
from ..._mesh import raw, release
from ..objects.steps import Delete, Object, Plan, ref_of
from . import deployment, phase_refusals, routing
from .model import Observed, Place, Request, Stage

_CAN_BE_FINISHED = ("promoted", "returning", "finishing")
# The canary goes after the Service in front of it, the policies for its pods after them.
_ORDER = ("VirtualService", "DestinationRule", "Service", "Deployment")


def finished(observed: Observed, request: Request) -> list[Stage]:
    """What is left to do once all traffic is back; nothing where there is no release any more."""
    record = observed.record
    if record is None:
        return []
    phase_refusals.refuse_phase(observed, _CAN_BE_FINISHED, "be finished")
    if record.phase == "promoted" or record.weight:
        raise MeshyardError(
            f"The canary of {observed.title} still has {record.weight} % of the traffic.",
            "Bring it to 0 first, with the state weight, and judge the Deployment on the way.",
            code="phase_wrong",
        )
    return [
        Stage("finishing", deployment.recorded(observed, record.to("finishing", now=request.now, run=request.run))),
        *_without_traffic(observed, drains=observed.canary is not None),
        Stage("finished", deployment.closed(observed, {}, "the release has ended", **{release.REFUSED: None})),
    ]


def aborted(observed: Observed, request: Request) -> list[Stage]:
    """What gives all traffic back at once and takes the change back. Without a record it is what is left of a release all the same.

    :raises MeshyardError: the promotion has begun, so that the Deployment is no safe target.
    """
    record = observed.record
    if record is None:
        left = any(observed.owned.values()) or any(look.weight is not None for _route, look in routing.looks(observed))
        return _without_traffic(observed, drains=observed.canary is not None) if left else []
    if record.phase in release.FROM_PROMOTION:
        raise MeshyardError(
            f"{observed.title} is being promoted (phase {record.phase}), so that it is no safe place for the traffic.",
            "Traffic stays on the canary. Make the Deployment sound and go on with the states promoted, weight 0 and finished.",
            code="promotion_begun",
        )
    had_traffic = record.weight > 0 or record.phase == "aborting"
    return [
        Stage("aborting", deployment.recorded(observed, record.to("aborting", 0, now=request.now, run=request.run))),
        *_without_traffic(observed, drains=had_traffic and observed.canary is not None),
        _taken_back(observed),
    ]


def _without_traffic(observed: Observed, *, drains: bool) -> list[Stage]:
    """Routes as they were, and once the last requests are answered, nothing of the canary any more."""
    return [
        Stage("routes", routing.given_back(observed), "drained" if drains else "", "config"),
        Stage("canary", _removed(observed, "workload")),
        Stage("configuration", _removed(observed, "config"), place="config"),
        Stage("autoscaler", deployment.unpinned(observed)),
    ]


def _removed(observed: Observed, place: Place) -> Plan:
    found = sorted(observed.owned.get(place, ()), key=_rank)
    return tuple(Delete(ref_of(one), raw.text(one, "metadata", "uid"), "the release has ended") for one in found)


def _rank(made: Object) -> tuple[int, str, str]:
    kind = made["kind"]
    return (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), kind, raw.name(made))


def _taken_back(observed: Observed) -> Stage:
    """The Deployment as it was. Where somebody changed its template, traffic is given back all the same."""
    try:
        phase_refusals.refuse_template(observed)
    except MeshyardError as refusal:
        if observed.template != observed.running:
            return Stage("aborted", refusal=refusal)
        # Somebody has taken the change back already.
        return Stage("aborted", deployment.closed(observed, {"spec": {"paused": _stays_paused(observed)}}, "taken back"))
    return Stage("aborted", _restored(observed))


def _restored(observed: Observed) -> Plan:
    """A template that was waiting before the release waits on, marked as refused."""
    record = observed.open_record
    stays = _stays_paused(observed)
    refused = {release.REFUSED: record.template} if release.is_enabled(observed.stable) or not record.restore else {}
    if record.restore:
        return deployment.closed(observed, {"spec": {"paused": stays, "template": dict(record.restore)}}, "taken back", **refused)
    return deployment.closed(observed, {"spec": {"paused": True}}, "refused", **refused)


def _stays_paused(observed: Observed) -> bool:
    return release.is_enabled(observed.stable) or observed.open_record.paused


def enabled(observed: Observed, _request: Request) -> list[Stage]:
    """What makes changes of the template wait for a release."""
    if release.is_enabled(observed.stable):
        return []
    phase_refusals.refuse_open(observed)
    phase_refusals.refuse_unrolled(observed)
    former = json.dumps({"paused": raw.at(observed.stable, "spec", "paused") is True})
    patch = {"metadata": {"annotations": {release.ENABLED: former}}, "spec": {"paused": True}}
    return [Stage("enabled", deployment.patched(observed, patch, "changes of the template wait for a release"))]


def disabled(observed: Observed, _request: Request) -> list[Stage]:
    """What makes the Deployment roll out changes by itself again.

    :raises MeshyardError: one waits, and would roll out at once.
    """
    text = raw.annotations_of(observed.stable).get(release.ENABLED)
    if text is None:
        return []
    phase_refusals.refuse_open(observed)
    if observed.waits and raw.at(observed.stable, "spec", "paused") is True:
        raise MeshyardError(
            f"A changed template of {observed.title} waits for a release, and would roll out at once.",
            "Release it, set the template back, or let it roll with kubectl rollout resume; then run this again.",
            code="template_waits",
        )
    patch = {
        "metadata": {"annotations": {release.ENABLED: None, release.REFUSED: None}},
        "spec": {"paused": json.loads(text).get("paused") is True},
    }
    return [Stage("disabled", deployment.patched(observed, patch, "changes of the template roll out by themselves"))]
