# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""How far a migration is over all clusters: in pods, in workloads and by namespace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._mesh.statistics import NONE
from .part import Part, Row

SIDES = ("desired", "injected", "connected")
_MISMATCH = ("cluster", "namespace", "workload", "desired", "injected", "connected", "status", "reason")


def migration(parts: Sequence[Part], workloads: Sequence[Row], outside: int) -> dict[str, Any]:
    """The statistics.

    :param workloads: of the mesh, as placed. :param outside: how many workloads have nothing to do with it.
    """
    statistics = [part.answer["statistics"] for part in parts if part.answer.get("statistics")]
    return {
        "pods": _totals(one["pods"] for one in statistics),
        "workloads": _totals(one["workloads"] for one in statistics),
        "as_desired": sum(bool(one["as_desired"]) for one in workloads),
        "outside": outside,
        "by_namespace": _by_namespace(workloads),
        "mismatches": _mismatches(parts),
    }


def placed(workload: Row) -> dict[str, Any]:
    """A workload with whether all its pods are where new ones go."""
    running = {revision for revision, count in (workload.get("pods") or {}).items() if count}
    return {**workload, "as_desired": not running or running == {workload.get("desired") or NONE}}


def in_mesh(workload: Row) -> bool:
    """Whether a workload has proxies, or would get them."""
    return bool(workload.get("desired")) or any(count for revision, count in (workload.get("pods") or {}).items() if revision != NONE)


def _totals(parts: Iterable[Row]) -> dict[str, Any]:
    """The sums over all clusters of one side of the statistics."""
    total, sums = 0, {name: Counter[str]() for name in SIDES}
    for part in parts:
        total += part["total"]
        for name, counter in sums.items():
            counter.update(part.get(name) or {})
    return {"total": total, **{name: dict(sorted(counter.items())) for name, counter in sums.items()}}


def _by_namespace(workloads: Sequence[Row]) -> list[dict[str, Any]]:
    """Each namespace with its pods by the revision that they have, and how many of them are where new ones go."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for one in workloads:
        groups.setdefault((one["cluster"], one["namespace"]), []).append(one)
    return [_namespace(cluster, name, group) for (cluster, name), group in sorted(groups.items())]


def _namespace(cluster: str, name: str, workloads: Sequence[Row]) -> dict[str, Any]:
    pods, right = Counter[str](), 0
    for one in workloads:
        found: Mapping[str, int] = one.get("pods") or {}
        pods.update(found)
        right += found.get(one.get("desired") or NONE, 0)
    return {
        "cluster": cluster,
        "namespace": name,
        "workloads": len(workloads),
        "workloads_as_desired": sum(bool(one["as_desired"]) for one in workloads),
        "pods": dict(sorted(pods.items())),
        "pods_as_desired": right,
    }


def _mismatches(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The pods that differ, counted by workload and reason, so that a mesh of many pods stays readable."""
    counts: Counter[tuple[str, ...]] = Counter()
    for part in parts:
        for pod in part.mismatches():
            owner = str(pod.get("workload") or f"Pod {pod.get('pod')}")
            counts[tuple(owner if word == "workload" else str(pod.get(word) or "") for word in _MISMATCH)] += 1
    return [{**dict(zip(_MISMATCH, key, strict=True)), "pods": count} for key, count in sorted(counts.items())]
