# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is left to be done for a mesh to be on the new revision, read from the cluster alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..._errors import MeshyardError
from ..._mesh import gateway, labels, raw
from ..._mesh.evidence import Evidence
from ..._mesh.waves import MAX_NAMESPACES, derive, given
from ..._words import listed
from .members import BY_ITSELF, Member, Rolling
from .route import Route

SKIP = "skip"


@dataclass(frozen=True)
class Selection:
    """Which part of the mesh is meant, and in which portions. C(namespaces) None means all; C(cluster) is the name of this one."""

    namespaces: Sequence[str] | None = None
    excluded: Sequence[str] = ()
    waves: Any = None
    max_wave_size: int = MAX_NAMESPACES
    gateways: str = "first"
    cluster: str = ""

    def holds(self, name: str) -> bool:
        """Whether a namespace is meant."""
        return name not in self.excluded and (self.namespaces is None or name in self.namespaces)


@dataclass(frozen=True)
class GatewayMove:
    """A gateway that is to be moved by a label of its own, and who made it.

    C(kind) and C(name) are those of its workload, or of its Gateway where istiod makes the workload.
    """

    gateway: gateway.Gateway
    made_by: str

    def __str__(self) -> str:
        return f"{self.gateway.namespace}/{self.name}"

    @property
    def kind(self) -> str:
        """Deployment, DaemonSet or Gateway."""
        return "Gateway" if self.gateway.managed else self.gateway.kind

    @property
    def name(self) -> str:
        """The name by which the module C(istio_gateway) knows it."""
        return self.gateway.gateway if self.gateway.managed else self.gateway.name


@dataclass(frozen=True)
class TagMove:
    """A tag, where it points, whether it is to be moved, and the namespaces that forbid it because they would come along."""

    name: str
    revision: str
    moves: bool
    kept_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wave:
    """Namespaces that are moved together: those of C(give_back) by giving them their former labels, the others by new ones.

    :ivar number: its place among the waves that were given, or among the derived ones that are left; from 1.
    """

    namespaces: tuple[str, ...]
    give_back: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True)
class Upgrade:
    """What is left to be done.

    C(gateways) are gateways that are moved by themselves, C(gateway_waves) namespaces that hold gateways alone and move them by
    their labels. C(tags) are all tags. C(give_back) are namespaces whose former labels lead to the right revision
    once the tags have moved.
    C(remaining) are namespaces on the wrong revision that were not selected.
    C(moved) are namespaces, and C(moved_gateways) gateways, that a move changed and whose former labels are still kept.
    C(arrived) are the namespaces in which something is on the revision that the upgrade leads to.
    C(default_revision) is where the default validator is to point, empty where it stays.
    """

    waves: tuple[Wave, ...] = ()
    gateways: tuple[GatewayMove, ...] = ()
    gateway_waves: tuple[Wave, ...] = ()
    tags: tuple[TagMove, ...] = ()
    give_back: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    moved_gateways: tuple[GatewayMove, ...] = ()
    arrived: tuple[str, ...] = ()
    default_revision: str = ""

    @property
    def namespaces(self) -> list[str]:
        """The namespaces of all waves, those of gateways last."""
        return [name for wave in (*self.waves, *self.gateway_waves) for name in wave.namespaces]

    @property
    def pending(self) -> bool:
        """Whether anything is still to be moved from one revision to the other."""
        return bool(self.waves or self.gateways or self.gateway_waves)

    @property
    def finished(self) -> bool:
        """Whether nothing at all is left to be done."""
        return not (self.pending or self.give_back or self.default_revision or any(tag.moves for tag in self.tags))


def upgrade(route: Route, everywhere: Sequence[Member], evidence: Evidence, selection: Selection) -> Upgrade:
    """What is left of an upgrade along a route.

    :param everywhere: all namespaces of the cluster.
    :raises MeshyardError: the selection names what does not exist, or its waves are not possible.
    """
    check_names(selection, everywhere)
    using = [member for member in everywhere if route.from_revision and member.uses(route.from_revision)]
    chosen = [member for member in using if selection.holds(member.name)]
    waves = _waves([member for member in chosen if not member.only_gateways], everywhere, selection)
    fronts = [] if selection.gateways == SKIP else [member for member in chosen if member.only_gateways]
    moving = {name for wave in waves for name in wave.namespaces} | {member.name for member in fronts}
    remaining = tuple(member.name for member in using if member.name not in moving)
    gateways = [] if selection.gateways == SKIP else list(gateway_moves(everywhere, route.from_revision, selection))
    tags = tuple(_tags(route, using, remaining, evidence))
    return Upgrade(
        waves=waves,
        gateways=tuple(gateways),
        gateway_waves=batches(fronts, selection),
        tags=tags,
        give_back=tuple(_give_back(route, everywhere, selection, tags)),
        remaining=remaining,
        moved=tuple(member.name for member in everywhere if member.was_moved),
        moved_gateways=moved_gateways(everywhere, selection),
        arrived=arrived(route, everywhere),
        default_revision=_default_to(route, remaining, evidence),
    )


def check_names(selection: Selection, everywhere: Iterable[Member]) -> None:
    """Returns where every named namespace exists.

    :raises MeshyardError: one does not.
    """
    known = {member.name for member in everywhere}
    missing = sorted({*(selection.namespaces or ()), *selection.excluded} - known)
    if missing:
        raise MeshyardError(
            f"These namespaces do not exist: {listed(missing)}.",
            "Correct the list of namespaces, or leave it out to take all of the mesh.",
            code="namespace_missing",
        )


def default_revision(evidence: Evidence) -> str:
    """The revision that validates Istio's configuration where no label names another; empty without a default validator."""
    for configuration in evidence.validating_webhooks or ():
        if raw.name(configuration) == labels.DEFAULT_VALIDATOR:
            return raw.labels_of(configuration).get(labels.REV, "")
    return ""


def batches(chosen: Sequence[Member], selection: Selection) -> tuple[Wave, ...]:
    """Derived waves: the smallest namespace first, then bounded ones."""
    sizes = {member.name: len(member.rolling) for member in chosen}
    waves = derive(sizes, max_namespaces=selection.max_wave_size).waves
    return tuple(Wave(names, number=number) for number, names in enumerate(waves, 1))


def gateway_moves(everywhere: Iterable[Member], revision: str, selection: Selection) -> Iterable[GatewayMove]:
    """The gateways on a revision that labels of their namespace do not move."""
    return _by_themselves(everywhere, selection, lambda one: bool(revision) and one.uses(revision))


def moved_gateways(everywhere: Iterable[Member], selection: Selection) -> tuple[GatewayMove, ...]:
    """The gateways that carry former labels."""
    return tuple(_by_themselves(everywhere, selection, lambda one: one.former is not None))


def _by_themselves(everywhere: Iterable[Member], selection: Selection, wanted: Callable[[Rolling], bool]) -> Iterable[GatewayMove]:
    for member in everywhere:
        for one in member.gateways:
            if one.gateway and member.moved_by(one) == BY_ITSELF and selection.holds(member.name) and wanted(one):
                yield GatewayMove(one.gateway, one.made_by)


def arrived(route: Route, everywhere: Iterable[Member]) -> tuple[str, ...]:
    """The namespaces in which something is on the revision that a route leads to."""
    target = route.to_revision
    return tuple(
        member.name
        for member in everywhere
        if target and (member.decision.concerns(target) or any(one.decision.concerns(target) or one.live(target) for one in member.rolling))
    )


def _waves(chosen: Sequence[Member], everywhere: Iterable[Member], selection: Selection) -> tuple[Wave, ...]:
    if not selection.waves:
        return batches(chosen, selection)
    # Checked against all namespaces: in a second run some of the named ones have been moved already.
    named = given(selection.waves, [member.name for member in everywhere], selection.cluster).waves
    left = {member.name for member in chosen}
    portions = [(number, tuple(name for name in wave if name in left)) for number, wave in enumerate(named, 1)]
    return tuple(Wave(portion, number=number) for number, portion in portions if portion)


def _tags(route: Route, using: Iterable[Member], remaining: Iterable[str], evidence: Evidence) -> Iterable[TagMove]:
    """A tag moves once nobody follows it who would come along unproven."""
    for tag in evidence.tags:
        left_behind = tuple(member.name for member in using if member.decision.via == tag.name and member.name in remaining)
        points = bool(route.from_revision) and route.from_revision in tag.claimed_by
        yield TagMove(tag.name, tag.revision or "", points and not left_behind, left_behind if points else ())


def _give_back(route: Route, everywhere: Iterable[Member], selection: Selection, tags: Iterable[TagMove]) -> Iterable[str]:
    """Namespaces whose former labels name a tag that leads to the new revision by now, or is about to."""
    moving = {tag.name for tag in tags if tag.moves}
    for member in everywhere:
        after = member.after
        if after is None or after.kind != "revision" or not selection.holds(member.name):
            continue
        if after.revision == route.to_revision or after.via in moving:
            yield member.name


def _default_to(route: Route, remaining: Sequence[str], evidence: Evidence) -> str:
    """The default validator follows when all of the mesh has."""
    leaves = bool(route.from_revision) and default_revision(evidence) == route.from_revision
    return route.to_revision if leaves and not remaining else ""
