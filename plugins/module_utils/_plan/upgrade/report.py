# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is left to be done, as the module C(upgrade_plan) returns it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._mesh import labels
from ..._mesh.plane import ControlPlane
from ..._words import listed
from .record import Record
from .remaining import GatewayMove, Upgrade, Wave
from .route import Route

UPGRADE, IN_PLACE, RETIRE, ROLLBACK = "upgrade", "in_place", "retire", "rollback"


def report(kind: str, route: Route, left: Upgrade, record: Record | None, default_revision: str) -> dict[str, Any]:
    """The return values that tell from where to where, and what is left.

    :param kind: C(upgrade), C(retire) or C(rollback). :param default_revision: where the default validator points now.
    """
    return {
        "from_revision": route.from_revision or None,
        "to_revision": route.to_revision or None,
        "from_version": route.from_version or None,
        "to_version": route.to_version or None,
        "from_plane": _plane(route.old),
        "to_plane": _plane(route.new),
        "waves": _waves(left.waves, "Wave"),
        "gateway_waves": _waves(left.gateway_waves, "Gateway namespaces, wave"),
        "gateways": [_gateway(one) for one in left.gateways],
        "tags": [{"name": tag.name, "revision": tag.revision or None, "moves": tag.moves} for tag in left.tags],
        "give_back": list(left.give_back),
        "remaining": list(left.remaining),
        "arrived": list(left.arrived),
        "moved": list(left.moved),
        "moved_gateways": [_gateway(one) for one in left.moved_gateways],
        "pending": {"namespaces": left.namespaces, "gateways": [str(one) for one in left.gateways]},
        "default_revision": default_revision or None,
        "new_default_revision": left.default_revision or None,
        "possible": possible(kind, route, record),
        "done": done(kind, route, left, record),
        "record": record.describe() if record else None,
    }


def possible(kind: str, route: Route, record: Record | None) -> bool:
    """Whether there is anything on the cluster that the operation could be about."""
    if kind in (UPGRADE, IN_PLACE):
        return route.old is not None or route.new is not None
    return record is not None or bool(route.from_revision)


def done(kind: str, route: Route, left: Upgrade, record: Record | None) -> bool:
    """Whether nothing is left to be done."""
    if kind == UPGRADE:
        return route.new is not None and route.new.available and left.finished
    if kind == IN_PLACE:  # whether pods have the new proxies is seen by what restarts them
        return not left.pending
    if kind == RETIRE:
        return route.old is None and record is None and not (left.moved or left.moved_gateways)
    return left.finished and not left.moved_gateways and record is None


def _plane(plane: ControlPlane | None) -> dict[str, Any] | None:
    if plane is None:
        return None
    return {"revision": plane.revision, "version": plane.version, "ready": plane.available, "made_by": plane.made_by.kind}


def _waves(waves: Sequence[Wave], word: str) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{word} {number} of {len(waves)}: {listed(wave.namespaces)}",
            "number": wave.number,
            "namespaces": list(wave.namespaces),
            "give_back": list(wave.give_back),
            "move": [name for name in wave.namespaces if name not in wave.give_back],
        }
        for number, wave in enumerate(waves, 1)
    ]


def _gateway(move: GatewayMove) -> dict[str, Any]:
    one = move.gateway
    return {
        "namespace": one.namespace,
        "name": move.name,
        "kind": move.kind,
        "service": one.services[0] if one.services else None,
        "revision": one.decision.revision or one.workload.template_annotations.get(labels.REV),
        "made_by": move.made_by,
    }
