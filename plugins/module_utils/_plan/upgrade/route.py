# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Between which revisions an upgrade, its retirement or its rollback runs: as asked for, as recorded, or as the cluster shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..._charts import versions
from ..._errors import MeshyardError
from ..._mesh.plane import ControlPlane
from ..._mesh.revision import check_revision, revision_name
from ..._words import listed
from . import record as upgrade_record


@dataclass(frozen=True)
class Asked:
    """What the user named; empty where nothing was named."""

    from_revision: str = ""
    revision: str = ""
    version: str = ""

    @property
    def target(self) -> str:
        """The revision to upgrade to, by its name or its version."""
        return self.revision or (revision_name(self.version) if self.version else "")


@dataclass(frozen=True)
class Route:
    """From where to where. C(from_revision) is empty where there is nothing to leave, C(to_revision) where there is no upgrade.

    C(old) and C(new) are the control planes that exist.
    """

    from_revision: str
    to_revision: str
    from_version: str
    to_version: str
    old: ControlPlane | None
    new: ControlPlane | None

    @property
    def in_place(self) -> bool:
        """Whether the revision stays and gets another version."""
        return bool(self.from_revision) and self.from_revision == self.to_revision


@dataclass(frozen=True)
class Situation:
    """The cluster as far as routes go: its control planes, where they are looked for, and the open operation."""

    cluster: str
    namespace: str
    planes: Sequence[ControlPlane]
    record: upgrade_record.Record | None = None

    @property
    def local(self) -> list[ControlPlane]:
        """The control planes that run here; on a cluster without any, those of other clusters that serve it."""
        here = [plane for plane in self.planes if plane.location == "cluster" and plane.namespace == self.namespace]
        # A webhook that calls a URL tells no namespace.
        return here or [plane for plane in self.planes if plane.location == "remote" and plane.namespace in ("", self.namespace)]

    def beside(self, revision: str) -> list[str]:
        """The revisions of all control planes but one."""
        return [plane.revision for plane in self.local if plane.revision != revision]

    def plane(self, revision: str) -> ControlPlane | None:
        """The control plane of a revision, or None."""
        return next((plane for plane in self.local if plane.revision == revision), None)


def forward(asked: Asked, seen: Situation) -> Route:
    """The route of an upgrade.

    :raises MeshyardError: no version or a bad one, several control planes and none named, one that does not exist, another operation open.
    """
    recorded = seen.record.intent if seen.record else upgrade_record.Intent("", "")
    version = asked.version or recorded.to_version or _version_of(seen.plane(asked.revision))
    if not version:
        raise MeshyardError("The version to upgrade to is not given.", "Give version, such as 1.32.0 (canary_upgrade_version in the role).")
    versions.parse(version)
    same = recorded.to_version == version
    target = asked.revision or (recorded.to_revision if same else "") or revision_name(version)
    check_revision(target)
    other_source = asked.from_revision not in ("", recorded.from_revision)
    if seen.record and (recorded.to_revision != target or other_source):
        problem, remedy = upgrade_record.other_open(seen.record, seen.cluster)
        raise MeshyardError(problem, remedy, record=seen.record.describe())
    source = asked.from_revision or recorded.from_revision or _only_other(target, seen)
    if source == asked.from_revision and not seen.plane(source) and [plane.revision for plane in seen.local] == [target]:
        # Left and retired by an earlier run, as nothing else can be meant: running again ends as well as that one.
        source = source if seen.record else ""
    _refuse_unknown(source, recorded.from_revision, seen)
    if source == target:
        raise MeshyardError(
            f"Revision {target} on cluster {seen.cluster} would be upgraded to itself.",
            "Name another revision for the new control plane: an upgrade puts it beside the old one.",
        )
    return _route(source, target, recorded, version, seen)


def in_place(asked: Asked, seen: Situation) -> Route:
    """The route of a revision that stays and gets another version.

    :raises MeshyardError: no version or a bad one, several control planes and none named, none of the name, an operation is open.
    """
    if not asked.version:
        raise MeshyardError("The version to upgrade to is not given.", "Give version, such as 1.32.1 (canary_upgrade_version in the role).")
    if seen.record:
        problem, remedy = upgrade_record.other_open(seen.record, seen.cluster)
        raise MeshyardError(problem, remedy, record=seen.record.describe())
    revision = asked.revision or asked.from_revision or _one_of([plane.revision for plane in seen.local], seen)
    _refuse_unknown(revision, "", seen)
    return _route(revision, revision, upgrade_record.Intent("", ""), asked.version, seen)


def backward(asked: Asked, seen: Situation, candidates: Iterable[str]) -> Route:
    """The route of an upgrade that has begun, for what ends or undoes it; empty where there is none.

    :param candidates: revisions that changed namespaces and gateways would go back to.
    :raises MeshyardError: more than one upgrade is possible and none named.
    """
    recorded = seen.record.intent if seen.record else upgrade_record.Intent("", "")
    source = asked.from_revision or recorded.from_revision or _one_of(sorted({*candidates}), seen)
    target = recorded.to_revision or asked.target or (_only_other(source, seen) if source else "")
    _refuse_unknown(source, recorded.from_revision, seen)
    return _route(source, target, recorded, asked.version or recorded.to_version, seen)


def _route(source: str, target: str, recorded: upgrade_record.Intent, version: str, seen: Situation) -> Route:
    old, new = seen.plane(source), seen.plane(target)
    return Route(
        from_revision=source,
        to_revision=target,
        from_version=_version_of(old) or recorded.from_version,
        to_version=version or _version_of(new),
        old=old,
        new=new,
    )


def _only_other(revision: str, seen: Situation) -> str:
    """The one control plane beside a revision, or nothing where there is none."""
    return _one_of(seen.beside(revision), seen)


def _one_of(revisions: Sequence[str], seen: Situation) -> str:
    if len(revisions) > 1:
        candidates = listed(f"{name} ({_version_of(seen.plane(name)) or 'unknown version'})" for name in revisions)
        raise MeshyardError(
            f"Cluster {seen.cluster} has several control planes that could be meant: {candidates}.",
            "Name the one to be left in from_revision (canary_upgrade_from_revision in the role).",
            revisions=list(revisions),
        )
    return revisions[0] if revisions else ""


def _refuse_unknown(source: str, recorded: str, seen: Situation) -> None:
    if not source or source == recorded or seen.plane(source):
        return
    known = listed(plane.revision for plane in seen.local) or "none"
    raise MeshyardError(
        f"There is no control plane of revision {source} in namespace {seen.namespace} of cluster {seen.cluster}.",
        f"Those that exist: {known}.",
    )


def _version_of(plane: ControlPlane | None) -> str:
    return plane.version if plane else ""
