# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The promotion: the Deployment itself rolls out the template that its canary has proven, while the canary has all the traffic."""

from __future__ import annotations

from ..._errors import MeshyardError
from ..._mesh import raw, release
from ..objects.steps import Object
from . import deployment, refusals, routing, shift
from .model import Observed, Request, Stage

_CAN_BE_PROMOTED = ("progressing", "promoting", "promoted", "returning")


def stages(observed: Observed, request: Request) -> list[Stage]:
    """What leads to a Deployment that has the released template everywhere; nothing is left to do from then on."""
    record = observed.open_record
    refusals.refuse_phase(observed, _CAN_BE_PROMOTED, "be promoted")
    if record.phase in ("promoted", "returning"):
        return []
    gone = record.phase == "promoting" and not shift.can_serve(observed)
    canary = None if gone else shift.serving_canary(observed)
    refusals.refuse_template(observed)
    _refuse_early(observed)
    rolling = record.to("promoting", now=request.now)
    paused = raw.at(observed.stable, "spec", "paused") is True
    return [
        *_capacity(observed, canary),
        Stage("roll", deployment.changed(observed, {"spec": {"paused": False}}, rolling, "promoted") if paused else (), "stable_rolled"),
        Stage(
            "promoted", deployment.changed(observed, _pause_again(observed), rolling.to("promoted", now=request.now), "promoted everywhere")
        ),
    ]


def _pause_again(observed: Observed) -> dict[str, dict[str, bool]]:
    """Whoever lets changes wait, or had paused the Deployment, finds it paused again."""
    stays = release.is_enabled(observed.stable) or observed.open_record.paused
    return {"spec": {"paused": True}} if stays else {}


def _capacity(observed: Observed, canary: Object | None) -> list[Stage]:
    """Pods of the canary for all the traffic. Where somebody removed it once the promotion had begun, only the Deployment can serve."""
    if canary is None:
        return []
    wanted = max(shift.canary_size(observed, 100), raw.number(canary, "spec", "replicas", default=1))
    return [Stage("capacity", deployment.scaled(canary, wanted, "for all the traffic"), "canary_ready")]


def _refuse_early(observed: Observed) -> None:
    """Rolling the Deployment is safe only while it has no traffic."""
    record = observed.open_record
    routing.refuse_changed(observed)
    if record.weight != 100 or routing.weighted(observed, 100):
        raise MeshyardError(
            f"The canary of {observed.title} has not all the traffic yet.",
            "Bring it to 100 first, with the state weight, and judge it there.",
            code="phase_wrong",
        )
