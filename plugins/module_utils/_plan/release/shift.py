# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Moving traffic: to the canary before the promotion, and back to the Deployment after it."""

from __future__ import annotations

import math
from dataclasses import replace

from ..._errors import MeshyardError
from ..._mesh import raw
from ..._mesh.release import Record
from ..objects.steps import Plan
from . import deployment, phase_refusals, routing
from .model import Observed, Request, Stage

_WITH_WEIGHT = ("prepared", "progressing", "promoted", "returning")
_RETURNING = ("promoted", "returning")
_CAPACITY = ("autoscaler", "capacity", "stable")


def stages(observed: Observed, request: Request) -> list[Stage]:
    """What leads to a share of the traffic: those who get more of it are ready before, and pods go only once their traffic has gone."""
    record = observed.open_record
    phase_refusals.refuse_phase(observed, _WITH_WEIGHT, "have its traffic moved")
    if record.phase in _RETURNING:
        return _back(observed, record, request)
    phase_refusals.refuse_template(observed)
    phase_refusals.refuse_resumed(observed)
    routing.refuse_changed(observed)
    return _forward(observed, record, request)


def capacity(observed: Observed, request: Request) -> list[Stage]:
    """What of that makes those who will get more ready for it, and moves no traffic."""
    return [stage for stage in stages(observed, request) if stage.name in _CAPACITY]


def _forward(observed: Observed, record: Record, request: Request) -> list[Stage]:
    canary = observed.canary
    if canary is None or is_lost(observed):
        raise canary_missing(observed)
    meant = record.to("progressing", request.weight, now=request.now, run=request.run)
    wanted, now = canary_size(observed, request.weight), raw.number(canary, "spec", "replicas", default=1)
    reason = f"for {request.weight} % of the traffic"
    return [
        Stage("intent", deployment.recorded(observed, meant)),
        Stage("autoscaler", deployment.pinned(observed)),
        Stage("capacity", deployment.scaled(canary, max(wanted, now), reason), "canary_ready" if request.weight >= record.weight else ""),
        Stage("routes", routing.weighted(observed, request.weight), place="config"),
        Stage("fewer", deployment.scaled(canary, wanted, reason) if wanted < now else ()),
        Stage("verdicts", _judged(observed, meant, request)),
    ]


def _back(observed: Observed, record: Record, request: Request) -> list[Stage]:
    """The canary keeps its pods. What it gives away goes to a Deployment that is ready for it, and it gets all back whatever that is."""
    if is_lost(observed) and request.weight > 0:
        raise canary_missing(observed)
    if request.weight > 0:
        routing.refuse_changed(observed)
    phase = record.phase if (record.phase, request.weight) == ("promoted", 100) else "returning"
    meant = record.to(phase, request.weight, now=request.now, run=request.run)
    size = raw.number(observed.canary or {}, "spec", "replicas", default=1)
    routes = routing.weighted(observed, request.weight) if request.weight else routing.to_stable(observed)
    return [
        Stage("intent", deployment.recorded(observed, meant)),
        Stage("autoscaler", deployment.pinned(observed, size)),
        Stage("stable", wait="stable_ready" if request.weight < record.weight else ""),
        Stage("routes", routes, place="config"),
        Stage("verdicts", _judged(observed, meant, request)),
    ]


def _judged(observed: Observed, meant: Record, request: Request) -> Plan:
    """The step that keeps what the gate said."""
    if not request.verdicts or list(request.verdicts) == list(meant.verdicts):
        return ()
    return deployment.recorded(observed, replace(meant, verdicts=tuple(request.verdicts)))


def canary_size(observed: Observed, weight: int) -> int:
    """How many pods the canary needs for a share of the traffic: as many for each percent as the Deployment has, one at least."""
    return max(1, math.ceil(observed.replicas * weight / 100))


def is_lost(observed: Observed) -> bool:
    """Whether somebody removed the canary, or the Service in front of it."""
    return observed.canary is None or observed.target.canary_service.name not in map(raw.name, observed.services)


def canary_missing(observed: Observed) -> MeshyardError:
    """Somebody removed the canary in the middle of a release."""
    record = observed.open_record
    remedy = "Bring its weight to 0, which gives all traffic to the Deployment, and finish it."
    before = "Run the state aborted, which gives all traffic back, and begin anew."
    return MeshyardError(
        f"The canary of {observed.title} is gone, though its release is {record.phase}.",
        remedy if record.phase in _RETURNING else before,
        code="canary_missing",
        verdict="failed",
    )
