# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The promotion: the Deployment itself rolls out the template that its canary has proven, while the canary has all the traffic."""

from __future__ import annotations

from ..._errors import MeshyardError
from ..._mesh import raw, release
from ..objects.steps import Plan
from . import beginning, deployment, phase_refusals, routing, shift
from .model import Observed, Request, Stage

_CAN_BE_PROMOTED = ("progressing", "promoting", "promoted", "returning")


def stages(observed: Observed, request: Request) -> list[Stage]:
    """What leads to a Deployment that has the released template everywhere; nothing is left to do from then on.

    A route or a Sidecar that came since gets its weights, and a canary that somebody removed is made again: it has all the traffic.
    """
    record = observed.open_record
    phase_refusals.refuse_phase(observed, _CAN_BE_PROMOTED, "be promoted")
    if record.phase in ("promoted", "returning"):
        return []
    phase_refusals.refuse_template(observed)
    _refuse_early(observed)
    rolling = record.to("promoting", now=request.now, run=request.run)
    paused = raw.at(observed.stable, "spec", "paused") is True
    promoted = rolling.to("promoted", now=request.now, run=request.run)
    return [
        Stage("capacity", _capacity(observed), "canary_ready"),
        Stage("routes", routing.weighted(observed, 100), place="config"),
        Stage("roll", deployment.changed(observed, {"spec": {"paused": False}}, rolling, "promoted") if paused else (), "stable_rolled"),
        Stage("promoted", deployment.changed(observed, _pause_again(observed), promoted, "promoted everywhere")),
    ]


def _capacity(observed: Observed) -> Plan:
    wanted = shift.canary_size(observed, 100)
    if observed.canary is None or shift.is_lost(observed):
        return beginning.canary_again(observed, wanted)
    now = raw.number(observed.canary, "spec", "replicas", default=1)
    return deployment.scaled(observed.canary, max(wanted, now), "for all the traffic")


def _pause_again(observed: Observed) -> dict[str, dict[str, bool]]:
    """Whoever lets changes wait, or had paused the Deployment, finds it paused again."""
    stays = release.is_enabled(observed.stable) or observed.open_record.paused
    return {"spec": {"paused": True}} if stays else {}


def _refuse_early(observed: Observed) -> None:
    """Rolling the Deployment is safe only while it has no traffic."""
    record = observed.open_record
    routing.refuse_changed(observed)
    if record.weight != 100:
        raise MeshyardError(
            f"The canary of {observed.title} has not all the traffic yet.",
            "Bring it to 100 first, with the state weight, and judge it there.",
            code="phase_wrong",
        )
