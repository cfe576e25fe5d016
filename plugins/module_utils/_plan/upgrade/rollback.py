# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What an upgrade changed and a rollback gives back, read from annotations, labels and tags of the cluster."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from ..._mesh import labels, tag
from ..._mesh.evidence import Evidence
from . import remaining
from .members import Member, Rolling
from .record import Record
from .remaining import Selection, TagMove, Upgrade, Wave
from .route import Route


def sources(everywhere: Iterable[Member], evidence: Evidence) -> set[str]:
    """The revisions that changed namespaces and gateways were on before: what a rollback without a record can tell."""
    by_namespace = {member.after.revision for member in everywhere if member.after and member.after.kind == "revision"}
    by_pods = {_before(one, evidence) for member in everywhere for one in member.rolling if one.former}
    return {revision for revision in by_namespace | by_pods if revision}


def _before(one: Rolling, evidence: Evidence) -> str:
    """The revision that a moved workload was on: a written proxy names it, a label may name a tag."""
    named = (one.former or {}).get(labels.REV) or ""
    written = one.gateway is not None and one.gateway.written
    return named if written or not named else tag.resolve(named, evidence.tags)


def rollback(route: Route, everywhere: Sequence[Member], evidence: Evidence, selection: Selection, record: Record | None) -> Upgrade:
    """What a rollback along a route (from where the upgrade came to where it leads) has to give back.

    Without named namespaces it gives back all that the upgrade changed: gateways, tags, namespaces and the default validator.
    With named ones it brings back exactly those, whoever moved them, and leaves tags and the validator as they are.
    """
    remaining.check_names(selection, everywhere)
    whole = selection.namespaces is None
    tags = _tags(route, everywhere, evidence, record) if whole else []
    back: set[str | None] = {one.name for one in tags if one.moves}
    chosen = [member for member in everywhere if selection.holds(member.name)]
    given = [member for member in chosen if _gives_back(member, route, back, whole)]
    named = [] if whole else [member for member in chosen if member not in given and member.uses(route.to_revision)]
    moving = {member.name for member in (*given, *named)}
    waves = remaining.batches([*given, *named], selection)
    return Upgrade(
        waves=tuple(_split(wave, given) for wave in waves),
        gateways=remaining.moved_gateways(chosen, selection),
        tags=tuple(tags),
        remaining=tuple(member.name for member in everywhere if member.name not in moving and member.uses(route.to_revision)),
        moved=tuple(member.name for member in everywhere if member.was_moved),
        moved_gateways=remaining.moved_gateways(everywhere, selection),
        arrived=remaining.arrived(route, everywhere),
        default_revision=_default_to(route, evidence, record) if whole else "",
    )


def _gives_back(member: Member, route: Route, tags_back: Container[str | None], whole: bool) -> bool:
    """Whether giving the former labels (or, without any, the tag) brings a namespace back, so that it only needs a restart."""
    if member.was_moved:
        after = member.after
        return whole or after is None or after.revision == route.from_revision
    follows = member.decision.via in tags_back or member.decision.revision == route.from_revision
    return follows and member.uses(route.to_revision)


def _split(wave: Wave, given: Iterable[Member]) -> Wave:
    names = {member.name for member in given}
    return replace(wave, give_back=tuple(name for name in wave.namespaces if name in names))


def _tags(route: Route, everywhere: Iterable[Member], evidence: Evidence, record: Record | None) -> list[TagMove]:
    """The tags that the upgrade moved: those it recorded, and those that former labels name."""
    moved = set(record.intent.tags) if record else set()
    moved |= {member.after.via for member in everywhere if member.after and member.after.via}
    return [TagMove(one.name, one.revision or "", one.name in moved and route.to_revision in one.claimed_by) for one in evidence.tags]


def _default_to(route: Route, evidence: Evidence, record: Record | None) -> str:
    if not route.to_revision or remaining.default_revision(evidence) != route.to_revision:
        return ""
    before = record.intent.default_revision if record else ""
    return before or route.from_revision
