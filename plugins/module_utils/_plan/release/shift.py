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
from ..objects.steps import Object, Plan
from . import deployment, refusals, routing
from .model import Observed, Request, Stage

_WITH_WEIGHT = ("prepared", "progressing", "promoted", "returning")


def stages(observed: Observed, request: Request) -> list[Stage]:
    """What leads to a share of the traffic: pods first, then routes; and fewer pods only once they have less traffic."""
    record = observed.open_record
    refusals.refuse_phase(observed, _WITH_WEIGHT, "have its traffic moved")
    routing.refuse_changed(observed)
    returning = record.phase in ("promoted", "returning")
    if (record.phase, request.weight) == ("promoted", 100):
        return [Stage("routes", routing.weighted(observed, 100), place="config")]
    if returning and request.weight == 0 and not can_serve(observed):
        return _all_back(observed, record, request)
    canary = serving_canary(observed)
    if not returning:
        refusals.refuse_template(observed)
        refusals.refuse_resumed(observed)
    wanted = canary_size(observed, 100 if returning else request.weight)
    now = raw.number(canary, "spec", "replicas", default=1)
    shrinks = not returning and wanted < now
    meant = record.to("returning" if returning else "progressing", request.weight, now=request.now)
    return [
        Stage("intent", deployment.recorded(observed, meant)),
        Stage("capacity", deployment.scaled(canary, max(wanted, now), f"for {request.weight} % of the traffic"), "canary_ready"),
        Stage("routes", routing.weighted(observed, request.weight), place="config"),
        Stage("fewer", deployment.scaled(canary, wanted, f"for {request.weight} % of the traffic") if shrinks else ()),
        Stage("verdicts", _judged(observed, meant, request)),
    ]


def _all_back(observed: Observed, record: Record, request: Request) -> list[Stage]:
    """What gives a Deployment that has rolled out all the traffic of a canary that somebody removed."""
    meant = record.to("returning", 0, now=request.now)
    return [
        Stage("intent", deployment.recorded(observed, meant)),
        Stage("routes", routing.weighted(observed, 0), place="config"),
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


def can_serve(observed: Observed) -> bool:
    """Whether the canary and the Service that routes name are there."""
    return observed.canary is not None and observed.target.canary_service.name in map(raw.name, observed.services)


def serving_canary(observed: Observed) -> Object:
    """The canary, which is to get traffic or has it.

    :raises MeshyardError: somebody removed it, or its Service, in the middle of the release.
    """
    if observed.canary is not None and can_serve(observed):
        return observed.canary
    gone = "canary" if observed.canary is None else "Service of the canary"
    phase = observed.open_record.phase
    remedy = "Run the state aborted, which gives all traffic back, and begin anew."
    proven = phase in ("promoted", "returning")
    if proven:
        remedy = "Give the Deployment, which has been promoted, all the traffic by the state weight with 0, then finish the release."
    problem = f"The {gone} of {observed.title} is gone, though its release is {phase}."
    raise MeshyardError(problem, remedy, code="canary_missing", verdict="error" if proven else "failed")
