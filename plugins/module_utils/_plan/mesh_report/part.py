# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What was read of one cluster for a report, and how its rows are called there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Part:
    """One cluster of the report.

    :ivar host: its inventory host, by which the report calls it.
    :ivar told_by: the host of the primary that tells its control planes and workloads; empty where the cluster does so itself.
    :ivar names: the hosts of the clusters in C(answer), by their name in the mesh.
    :ivar answer: what C(istio_revision_info) returned, C(facts) what C(mesh_info), C(releases) what C(workload_canary_info) and
        C(endpoints) what C(remote_endpoints) did in check mode; of one that failed its failure, empty where it was not asked.
    :ivar kubeconfig: the file by which it is reached, or several as kubectl reads them; empty where that is no file, or one for a while.
    """

    host: str
    told_by: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    answer: Row = field(default_factory=dict)
    facts: Row = field(default_factory=dict)
    releases: Row = field(default_factory=dict)
    endpoints: Row = field(default_factory=dict)
    kubeconfig: str = ""

    @property
    def answered(self) -> bool:
        """Whether the cluster answered at all."""
        return "settings" in self.facts or "revisions" in self.answer

    @property
    def failure(self) -> Row:
        """Why it did not."""
        return next((one for one in (self.facts, self.answer, self.releases) if one.get("msg")), {})

    @property
    def place(self) -> Row:
        """Where it is."""
        found = (one.get("cluster") for one in (self.facts, self.answer, self.releases))
        return next((one for one in found if isinstance(one, Mapping)), {})

    def rows(self, name: str) -> list[dict[str, Any]]:
        """A detail of the answer, each row with the name that the report calls its cluster by."""
        return [self._called(row) for row in self.answer.get(name) or []]

    def mismatches(self) -> list[dict[str, Any]]:
        """The pods that are not as they should be."""
        return [self._called(row) for row in (self.answer.get("statistics") or {}).get("mismatches") or []]

    def facts_of(self, name: str) -> list[dict[str, Any]]:
        """A detail of the facts."""
        return [{"cluster": self.host, **row} for row in self.facts.get(name) or []]

    def unreadable(self) -> list[str]:
        """What is missing of a cluster that answered; of one that did not the row of the cluster tells."""
        if not self.answered:
            return []
        missing = [text for one in (self.facts, self.answer) for text in one.get("unreadable") or []]
        lacks = self.endpoints.get("missing") or []
        missing += [f"Its primary shows no {one}, so that nothing tells what should lead there." for one in lacks]
        asked = ((self.facts, "settings"), (self.answer, "revisions"), (self.releases, "workloads"), (self.endpoints, "slices"))
        for answer, key in asked:
            if key not in answer and answer.get("msg"):
                missing.append(str(answer["msg"]))
        return list(dict.fromkeys(map(str, missing)))

    def spoilt_releases(self) -> list[str]:
        """What is wrong with records of releases, each of which is missing among them."""
        return [str(text) for text in self.releases.get("unreadable") or []]

    def _called(self, row: Row) -> dict[str, Any]:
        name = str(row.get("cluster") or "")
        return {**row, "cluster": self.names.get(name, self.host if not self.names else name)}


def rows_of(parts: Sequence[Part], name: str) -> list[dict[str, Any]]:
    """A detail of all answers."""
    return [row for part in parts for row in part.rows(name)]
