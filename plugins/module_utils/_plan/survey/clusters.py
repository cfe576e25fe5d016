# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The views of several clusters of one mesh as one, in which every row names its cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ..._mesh import statistics, syncz, usage
from . import cluster as cluster_survey
from .cluster import Survey

Rows = list[dict[str, Any]]
_ROWS = {
    "pods": cluster_survey.pods,
    "workloads": cluster_survey.workloads,
    "namespaces": cluster_survey.namespaces,
    "gateways": cluster_survey.gateways,
}


@dataclass(frozen=True)
class ClustersView:
    """What was read of the clusters of a mesh, first of all of the one that was asked.

    C(unreached) tells by name why a cluster could not be read. C(lost) are the control planes that serve one of the clusters and
    run in none of them.
    """

    surveys: Sequence[Survey]
    unreached: Mapping[str, str] = field(default_factory=dict)
    lost: Sequence[syncz.Silent] = ()

    @property
    def unreadable(self) -> list[str]:
        """What could not be read, in sentences."""
        first, *others = self.surveys
        return [
            *first.unreadable,
            *(f"Cluster {one.name}: {sentence}" for one in others for sentence in one.unreadable),
            *(f"Cluster {name} cannot be reached: {problem}." for name, problem in sorted(self.unreached.items())),
            *(f"The istiod {one.istiod} of revision {one.plane} could not be asked for its proxies: {one.reason}." for one in self.lost),
        ]


def join(surveys: Sequence[Survey], unreached: Mapping[str, str]) -> ClustersView:
    """The views of several clusters, in each of which the istiods of all are heard."""
    asked = [one.connections for one in surveys if one.connections is not None]
    if not asked:
        return ClustersView(surveys, unreached)
    lost = list(dict.fromkeys(_lost(surveys)))
    silent = [one for connections in asked for one in connections.silent]
    heard = syncz.merge([one for connections in asked for one in connections.by_proxy.values()], [*silent, *lost])
    return ClustersView([replace(one, heard=heard) for one in surveys], unreached, lost)


def revisions(seen: ClustersView, only: Sequence[str]) -> Rows:
    """The control planes of all clusters.

    :param only: revisions or tags to choose; all without any.
    """
    return _rows(seen, lambda one: cluster_survey.revisions(one, only))


def ambient(seen: ClustersView) -> dict[str, list[str]]:
    """What works without sidecars; the name of another cluster stands before what is there."""
    first, *others = seen.surveys
    found = cluster_survey.ambient(first)
    for one in others:
        for what, names in cluster_survey.ambient(one).items():
            found[what] += [f"{one.name}/{name}" for name in names]
    return found


def detail(name: str, seen: ClustersView, revisions: Iterable[str]) -> Any:
    """What is returned of a detail.

    :param revisions: those whose blockers are told.
    """
    if name == "statistics":
        return statistics.migration([verdict for one in seen.surveys for verdict in one.verdicts])
    if name == "blockers":
        return _blockers(seen, revisions)
    if name == "proxies":
        return _proxies(seen)
    return _rows(seen, _ROWS[name])


def _rows(seen: ClustersView, look: Callable[[Survey], Rows]) -> Rows:
    return [{"cluster": one.name, **row} for one in seen.surveys for row in look(one)]


def _blockers(seen: ClustersView, revisions: Iterable[str]) -> dict[str, Rows]:
    known = [one.evidence for one in seen.surveys if one.evidence]
    found = {name: usage.blockers(name, known, unreached=seen.unreached) for name in dict.fromkeys(revisions)}
    return {name: [asdict(one) for one in blockers] for name, blockers in found.items()}


def _proxies(seen: ClustersView) -> Rows:
    first = seen.surveys[0]
    heard = first.connections if first.heard is None else first.heard
    names = {one.cluster_id: one.name for one in seen.surveys if one.cluster_id} if first.heard is not None else {}
    return [{**row, "cluster": names.get(row["cluster"], row["cluster"])} for row in cluster_survey.proxies(heard)] if heard else []


def _lost(surveys: Sequence[Survey]) -> Iterator[syncz.Silent]:
    running = {plane.revision for one in surveys for plane in one.mesh.planes if plane.location == "cluster"}
    for one in surveys:
        for plane in one.mesh.planes:
            if plane.location == "remote" and plane.revision not in running:
                yield syncz.Silent(plane.revision, plane.service or plane.revision, "it runs in a cluster that was not read")
