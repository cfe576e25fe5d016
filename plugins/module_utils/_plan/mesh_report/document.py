# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The report of all clusters of a run, composed of what each of them answered, always in the same order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ..._mesh.statistics import NONE
from . import problems

SCHEMA = 1
Row = Mapping[str, Any]
Answers = Mapping[str, Row]


def document(answers: Answers, releases: Answers, at: str, ca_before: str) -> dict[str, Any]:
    """The report as data.

    :param answers: What C(istio_revision_info) returned, by cluster; of one that did not answer its failure.
    :param releases: What C(workload_canary_info) returned, by cluster.
    :param at: The present time.
    :param ca_before: A CA that expires before this time is a problem.
    """
    names = sorted(answers)
    read = {name: answers[name] for name in names if answered(answers[name])}
    planes = rows(read, "revisions")
    workloads = [placed(row) for row in rows(read, "workloads")]
    statistics = [one["statistics"] for one in read.values() if one.get("statistics")]
    found = {
        "clusters": [_cluster(name, answers[name]) for name in names],
        "control_planes": planes,
        "migration": {
            "pods": _totals(one["pods"] for one in statistics),
            "workloads": _totals(one["workloads"] for one in statistics),
            "mismatches": _mismatches(read),
        },
        "namespaces": rows(read, "namespaces"),
        "workloads": workloads,
        "gateways": rows(read, "gateways"),
        "releases": _releases(releases),
        "certificates": [_certificate(plane) for plane in planes if plane.get("ca_expiry")],
        "unreadable": [{"cluster": name, "message": text} for name in names for text in _unreadable(answers[name], releases.get(name))],
    }
    told = problems.problems(found, {name: one.get("blockers") or {} for name, one in read.items()}, ca_before)
    return {"schema": SCHEMA, "generated_at": at, "verdict": problems.verdict(told, len(read), len(names)), "problems": told, **found}


def answered(answer: Row) -> bool:
    """Whether a cluster answered at all."""
    return "revisions" in answer


def rows(read: Answers, name: str) -> list[dict[str, Any]]:
    """One detail of all clusters, each row with the name that the report calls its cluster by."""
    return [{**row, "cluster": cluster} for cluster, answer in read.items() for row in answer.get(name) or []]


def placed(workload: Row) -> dict[str, Any]:
    """A workload with whether all its pods are where new ones go."""
    running = {revision for revision, count in (workload.get("pods") or {}).items() if count}
    return {**workload, "as_desired": not running or running == {workload.get("desired") or NONE}}


def _cluster(name: str, answer: Row) -> dict[str, Any]:
    where = answer.get("cluster") or {}
    message = "" if answered(answer) else str(answer.get("msg") or "It gave no answer.")
    return {
        "cluster": name,
        "answered": answered(answer),
        "host": where.get("host") or "",
        "context": where.get("context") or "",
        "code": "" if answered(answer) else str(answer.get("code") or "no_answer"),
        "message": message,
    }


def _totals(parts: Iterable[Row]) -> dict[str, Any]:
    """The sums over all clusters of one side of the statistics."""
    total, sums = 0, {name: Counter[str]() for name in ("desired", "injected", "connected")}
    for part in parts:
        total += part["total"]
        for name, counter in sums.items():
            counter.update(part.get(name) or {})
    return {"total": total, **{name: dict(sorted(counter.items())) for name, counter in sums.items()}}


def _mismatches(read: Answers) -> list[dict[str, Any]]:
    """The pods that differ, counted by workload and reason, so that a mesh of many pods stays readable."""
    counts: Counter[tuple[str, ...]] = Counter()
    for cluster, answer in read.items():
        for pod in (answer.get("statistics") or {}).get("mismatches") or []:
            owner = str(pod.get("workload") or f"Pod {pod.get('pod')}")
            told = (str(pod.get(word) or "") for word in ("desired", "injected", "status", "reason"))
            counts[(cluster, str(pod["namespace"]), owner, *told)] += 1
    words = ("cluster", "namespace", "workload", "desired", "injected", "status", "reason")
    return [{**dict(zip(words, key, strict=True)), "pods": count} for key, count in sorted(counts.items())]


def _releases(releases: Answers) -> list[dict[str, Any]]:
    found = rows({name: releases[name] for name in sorted(releases)}, "workloads")
    return [row for row in found if row.get("release") or row.get("waiting")]


def _certificate(plane: Row) -> dict[str, Any]:
    return {name: plane.get(name) for name in ("cluster", "revision", "ca_expiry", "ca_source")}


def _unreadable(answer: Row, release: Row | None) -> list[str]:
    """What is missing of a cluster that answered; of one that did not the row of the cluster tells."""
    if not answered(answer):
        return []
    missing = [str(text) for text in answer.get("unreadable") or []]
    if release is not None and "workloads" not in release:
        missing.append(str(release.get("msg") or "The releases of workloads could not be read."))
    return missing
