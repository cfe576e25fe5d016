# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""From what was seen of a cluster to what is left of an upgrade, its retirement or its rollback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..._errors import MeshyardError
from ..._mesh.evidence import Evidence
from ..._words import listed
from ..finding import Finding
from . import remaining, rollback, route
from .members import Member, members
from .record import Record
from .remaining import Selection, Upgrade
from .report import IN_PLACE, ROLLBACK, UPGRADE
from .route import Asked, Route, Situation

_DECISIVE = frozenset({"namespaces", "pods", "MutatingWebhookConfigurations", "Deployments", "StatefulSets", "DaemonSets"})


@dataclass(frozen=True)
class Seen:
    """A cluster: the evidence of use, its control plane namespace and the open operation."""

    evidence: Evidence
    namespace: str
    record: Record | None


@dataclass(frozen=True)
class Planned:
    """From where to where, what is left, and all namespaces."""

    route: Route
    left: Upgrade
    members: Sequence[Member]


def plan(kind: str, asked: Asked, seen: Seen, selection: Selection) -> Planned:
    """What is left of an operation.

    :param kind: C(upgrade), C(in_place), C(retire) or C(rollback).
    :raises MeshyardError: the operation cannot be told from what was asked and seen.
    """
    _refuse_unread(seen.evidence)
    everywhere = members(seen.evidence)
    situation = Situation(seen.evidence.cluster, seen.namespace, seen.evidence.planes, seen.record)
    if kind == UPGRADE:
        way = route.forward(asked, situation)
        return Planned(way, remaining.upgrade(way, everywhere, seen.evidence, selection), everywhere)
    if kind == IN_PLACE:
        way = route.in_place(asked, situation)
        return Planned(way, _stays(remaining.upgrade(way, everywhere, seen.evidence, selection)), everywhere)
    if kind == ROLLBACK:
        way = route.backward(asked, situation, rollback.sources(everywhere, seen.evidence))
        return Planned(way, rollback.rollback(way, everywhere, seen.evidence, selection, seen.record), everywhere)
    # Without a record the upgrade to a control plane that is there may be ended, but not one that never began.
    ended = situation.beside(asked.target) if situation.plane(asked.target) else ()
    way = route.backward(asked, situation, ended)
    left = remaining.upgrade(way, everywhere, seen.evidence, selection)
    gateways = tuple(one for one in left.moved_gateways if one not in left.gateways)
    return Planned(way, replace(left, moved=_forgettable(left.moved, way, everywhere), moved_gateways=gateways), everywhere)


def _refuse_unread(evidence: Evidence) -> None:
    """Returns when everything was read that tells what there is to be moved: what is not seen would count as moved."""
    unread = [what for what in evidence.unread() if what in _DECISIVE]
    if unread:
        raise MeshyardError(
            f"On cluster {evidence.cluster} the {listed(unread)} could not be read, so that nobody can tell what is left to be moved.",
            "Give the account of this run the permission to list them.",
            code="forbidden",
        )


def against_rollback(planned: Planned) -> list[Finding]:
    """What stands against a rollback: a control plane to return to that is not there or not ready."""
    way, left = planned.route, planned.left
    if not (left.pending or any(tag.moves for tag in left.tags)) or (way.old and way.old.available):
        return []
    what = f"revision {way.from_revision}"
    if way.old is None:
        remedy = "Install it again with install.yml and the same revision, then run the rollback again."
        return [Finding("blocker", "source_gone", what, f"The control plane to return to, {what}, does not exist.", remedy)]
    lack = way.old.rollout.why or f"its webhook is {way.old.webhook.replace('_', ' ')}"
    return [
        Finding("blocker", "source_not_ready", what, f"The control plane to return to, {what}, is not ready: {lack}.", "Repair it first.")
    ]


def _stays(left: Upgrade) -> Upgrade:
    """What is left where the revision stays: neither tags nor the default validator nor labels change."""
    return replace(left, tags=(), give_back=(), default_revision="")


def _forgettable(moved: Sequence[str], way: Route, everywhere: Sequence[Member]) -> tuple[str, ...]:
    """Moved namespaces that are on the new revision: their former labels are of no use once the old one is gone."""
    arrived = {member.name for member in everywhere if not way.from_revision or not member.uses(way.from_revision)}
    return tuple(name for name in moved if name in arrived)
