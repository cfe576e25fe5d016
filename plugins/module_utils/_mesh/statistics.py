# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Migration statistics: pods and workloads per revision, as desired, injected and connected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from .verdict import Verdict
from .workload import Workload

# What a count is called when there is no revision to count under.
NONE = "none"


def migration(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Counts of pods and workloads per revision, and the pods that are not as they should be.

    A workload counts under a revision as injected or connected when all its pods do, else under C(mixed). Pods that are being deleted
    do not count, as they do not for Kubernetes.
    """
    verdicts = [verdict for verdict in verdicts if not verdict.terminating]
    by_workload: dict[tuple[str, str, str, str], list[Verdict]] = {}
    for verdict in verdicts:
        key = (verdict.cluster, verdict.namespace, verdict.workload.kind, verdict.workload.name)
        by_workload.setdefault(key, []).append(verdict)
    groups = list(by_workload.values())
    return {
        "pods": {
            "total": len(verdicts),
            "desired": _count(verdict.desired for verdict in verdicts),
            "injected": _count(verdict.injected for verdict in verdicts),
            "connected": _count(verdict.connected for verdict in verdicts),
            "versions": _count(verdict.version or None for verdict in verdicts),
        },
        "workloads": {
            "total": len(groups),
            "desired": _count(_common(verdict.desired for verdict in group) for group in groups),
            "injected": _count(_common(verdict.injected for verdict in group) for group in groups),
            "connected": _count(_common(verdict.connected for verdict in group) for group in groups),
        },
        "mismatches": [_mismatch(verdict) for verdict in verdicts if verdict.status != "ok"],
    }


def images(workloads: Iterable[Workload]) -> list[dict[str, Any]]:
    """The images of every workload's pod template, sorted by namespace, kind and name."""
    ordered = sorted(workloads, key=lambda one: (one.namespace, one.kind, one.name))
    return [{"namespace": one.namespace, "kind": one.kind, "name": one.name, "images": list(one.images)} for one in ordered]


def _count(revisions: Iterable[str | None]) -> dict[str, int]:
    return dict(sorted(Counter(revision or NONE for revision in revisions).items()))


def _common(revisions: Iterable[str | None]) -> str | None:
    distinct = set(revisions)
    return distinct.pop() if len(distinct) == 1 else "mixed"


def _mismatch(verdict: Verdict) -> dict[str, Any]:
    return {
        "cluster": verdict.cluster,
        "namespace": verdict.namespace,
        "pod": verdict.pod,
        "workload": str(verdict.workload),
        "desired": verdict.desired or NONE,
        "injected": verdict.injected or NONE,
        "connected": verdict.connected or NONE,
        "version": verdict.version,
        "status": verdict.status,
        "reason": verdict.reason,
    }
