# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The difference that a run made: what moved between two reports, how long each step took, and what was proven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

SCHEMA = 1
Row = Mapping[str, Any]

# By section: the fields that name a row, and those in which a change is one of the mesh.
_COMPARED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "control_planes": (("cluster", "namespace", "revision"), ("version", "tags", "default", "ready", "settings")),
    "namespaces": (("cluster", "name"), ("labels", "injection", "revision", "tag")),
    "workloads": (("cluster", "namespace", "kind", "name"), ("desired", "pods", "images")),
    "gateways": (("cluster", "namespace", "kind", "name"), ("desired", "running", "entries")),
    "releases": (("cluster", "namespace", "name"), ("waiting", "release")),
    "remote_secrets": (("cluster", "name", "secret"), ("server", "token_expiry", "leads_to")),
    "localities": (("cluster", "namespace", "name"), ("host", "locality", "outlier_detection")),
    "certificates": (("cluster", "kind", "object"), ("fingerprint", "expires")),
}
_PROBLEM = ("severity", "code", "cluster", "object", "evidence")


@dataclass(frozen=True)
class Ending:
    """How a run ended on a cluster.

    :ivar message: what stopped it, as far as that was told.
    """

    cluster: str
    reached: bool
    message: str = ""

    def describe(self) -> dict[str, Any]:
        """As a dictionary."""
        return dict(vars(self))


def change(operation: str, before: Row, after: Row, steps: Sequence[Row], endings: Sequence[Ending]) -> dict[str, Any]:
    """The record of a change as data.

    :param before: the report before it. :param after: the report after it. :param steps: what modules did meanwhile.
    """
    taken = sorted((dict(one) for one in steps), key=lambda one: (one["began_at"], one["cluster"], one["task"]))
    known = [_told(one, taken) for one in sorted(endings, key=lambda one: one.cluster)]
    return {
        "schema": SCHEMA,
        "operation": operation,
        "collection_version": after["collection_version"],
        "began_at": before["generated_at"],
        "ended_at": after["generated_at"],
        "seconds": _seconds(before["generated_at"], after["generated_at"]),
        "result": "passed" if all(one.reached for one in known) else "failed",
        "clusters": [one.describe() for one in known],
        "verdicts": {"before": before["verdict"], "after": after["verdict"]},
        "problems": {"new": _without(after["problems"], before["problems"]), "solved": _solved(before, after)},
        "changes": {name: list(_differences(before, after, name, *how)) for name, how in _COMPARED.items()},
        "steps": taken,
    }


def _told(ending: Ending, steps: Sequence[Row]) -> Ending:
    """An ending that nothing explains is explained by the last step that failed there."""
    if ending.reached or ending.message:
        return ending
    failed = [one for one in steps if one["failed"] and one["cluster"] == ending.cluster]
    return replace(ending, message="; ".join(failed[-1]["details"])) if failed else ending


def _differences(before: Row, after: Row, section: str, names: Sequence[str], values: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows that came, went or are otherwise than they were; of one that was not there its state is C(None).

    What is missing because a cluster was not read has neither come nor gone.
    """
    old, new = (_by_name(one[section], names, values) for one in (before, after))
    unread = [_unread(one, section) for one in (before, after)]
    for key in sorted({*old, *new}):
        missing = any(key not in rows and key[0] in clusters for rows, clusters in zip((old, new), unread, strict=True))
        if old.get(key) != new.get(key) and not missing:
            yield {**dict(zip(names, key, strict=True)), "before": old.get(key), "after": new.get(key)}


def _unread(report: Row, section: str) -> set[str]:
    """The clusters of which a section tells nothing because they gave no answer, or not all of it."""
    known = {row["cluster"] for row in report[section]}
    silent = {row["cluster"] for row in report["clusters"] if not row["answered"]}
    of_all, of_this = ({row["cluster"] for row in report["unreadable"] if row["section"] == one} for one in ("", section))
    return silent | of_this | (of_all - known)


def _by_name(rows: Sequence[Row], names: Sequence[str], values: Sequence[str]) -> dict[tuple[str, ...], dict[str, Any]]:
    """The rows by what names them; of several of one name, as the roots of a cluster, each value is a list."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(str(row.get(name) or "") for name in names), []).append(row)
    return {
        key: {name: [row.get(name) for row in same] if len(same) > 1 else same[0].get(name) for name in values}
        for key, same in found.items()
    }


def _solved(before: Row, after: Row) -> list[dict[str, Any]]:
    """The problems that went; those of a cluster that was not read afterwards may be there still."""
    unread = _unread(after, "control_planes")
    return [one for one in _without(before["problems"], after["problems"]) if one["cluster"] not in unread]


def _without(problems: Sequence[Row], others: Sequence[Row]) -> list[dict[str, Any]]:
    """The problems that are not among others; evidence that counts differently is another one."""
    known = {tuple(one[word] for word in _PROBLEM) for one in others}
    return [dict(one) for one in problems if tuple(one[word] for word in _PROBLEM) not in known]


def _seconds(begin: str, end: str) -> int:
    return max(0, int((datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()))
