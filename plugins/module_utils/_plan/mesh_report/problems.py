# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is wrong in a mesh by its report: each problem with its object, what shows it, and the command that mends it or looks closer."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

SEVERITIES = ("error", "warning", "info")
RESTARTABLE = ("Deployment", "StatefulSet", "DaemonSet")
Row = Mapping[str, Any]
Problem = dict[str, str]


def problems(found: Mapping[str, Any], blockers: Mapping[str, Row], ca_before: str) -> list[Problem]:
    """All problems, the worst first.

    :param found: The sections of the report.
    :param blockers: What stands against deleting each revision, by cluster.
    :param ca_before: A CA that expires before this time is a problem.
    """
    contexts = {row["cluster"]: row["context"] for row in found["clusters"]}
    told = [
        *_clusters(found["clusters"]),
        *_planes(found["control_planes"], contexts, ca_before),
        *_unused(found["control_planes"], blockers),
        *_namespaces(found["namespaces"], contexts),
        *_mismatches(found["migration"]["mismatches"], contexts),
        *_releases(found["releases"]),
        *_unreadable(found["unreadable"], contexts),
    ]
    return sorted(told, key=lambda one: (SEVERITIES.index(one["severity"]), one["cluster"], one["code"], one["object"], one["evidence"]))


def verdict(told: Sequence[Problem], answered: int, clusters: int) -> dict[str, Any]:
    """The first line of the report."""
    counts = {severity: sum(one["severity"] == severity for one in told) for severity in SEVERITIES}
    status = "failed" if counts["error"] else "attention" if counts["warning"] else "passed"
    said = ", ".join(f"{counts[severity]} {severity}" for severity in SEVERITIES if counts[severity]) or "no problem"
    return {"status": status, "message": f"{answered} of {clusters} clusters answered, {said}.", **counts}


def _problem(severity: str, code: str, row: Row, name: str, evidence: str, command: str) -> Problem:
    words = {"severity": severity, "code": code, "cluster": row["cluster"], "object": name, "evidence": evidence}
    return {**words, "command": command}


def _kubectl(contexts: Mapping[str, str], row: Row, *words: str) -> str:
    context = contexts.get(row["cluster"])
    return shlex.join(["kubectl", *(["--context", context] if context else []), *words])


def _play(name: str, row: Row, *words: str) -> str:
    return shlex.join(["ansible-playbook", f"meshyard.istio.{name}", "--limit", row["cluster"], *words])


def _clusters(clusters: Sequence[Row]) -> Iterator[Problem]:
    for row in clusters:
        if not row["answered"]:
            command = shlex.join(["ansible-inventory", "--host", row["cluster"]])
            yield _problem("error", "cluster_unread", row, f"Cluster {row['cluster']}", row["message"], command)


def _planes(planes: Sequence[Row], contexts: Mapping[str, str], ca_before: str) -> Iterator[Problem]:
    for row in planes:
        name, namespace = f"Revision {row['revision']}", str(row.get("namespace") or "istio-system")
        if not row.get("ready"):
            command = _kubectl(contexts, row, "-n", namespace, "get", "deployments,pods", "-l", "app=istiod")
            yield _problem("error", "control_plane_not_ready", row, name, str(row.get("status") or "it is not ready"), command)
        if row.get("ca_expiry") and row["ca_expiry"] < ca_before:
            command = _kubectl(contexts, row, "-n", namespace, "get", "secrets", "cacerts", "istio-ca-secret", "--ignore-not-found")
            evidence = f"a certificate of its CA expires at {row['ca_expiry']}"
            yield _problem("warning", "ca_expires", row, str(row.get("ca_source") or name), evidence, command)


def _unused(planes: Sequence[Row], blockers: Mapping[str, Row]) -> Iterator[Problem]:
    """Planes that nothing in their cluster uses, beside others."""
    for row in planes:
        own = [plane for plane in planes if plane["cluster"] == row["cluster"]]
        if len(own) > 1 and blockers[row["cluster"]].get(row["revision"]) == []:
            evidence = "nothing in this cluster uses it; whether another cluster does is looked at before it is removed"
            command = shlex.join(["ansible-playbook", "meshyard.istio.retire", "--check"])
            yield _problem("info", "revision_unused", row, f"Revision {row['revision']}", evidence, command)


def _namespaces(namespaces: Sequence[Row], contexts: Mapping[str, str]) -> Iterator[Problem]:
    for row in namespaces:
        if row.get("injection") in ("blocked", "double"):
            command = _kubectl(contexts, row, "get", "namespace", str(row["name"]), "--show-labels")
            yield _problem("error", f"injection_{row['injection']}", row, f"Namespace {row['name']}", str(row.get("reason") or ""), command)


def _mismatches(mismatches: Sequence[Row], contexts: Mapping[str, str]) -> Iterator[Problem]:
    for row in mismatches:
        kind, _space, name = row["workload"].partition(" ")
        # A restart gives another sidecar. It helps nothing where the sidecar is the right one and is not ready or not in sync.
        mend = row["status"] == "failed" and row["injected"] != row["desired"] and kind in RESTARTABLE
        words = ["rollout", "restart", f"{kind.lower()}/{name}"] if mend else ["get", kind.lower(), name, "-o", "wide"]
        named = f"{kind} {row['namespace']}/{name}"
        severity = "warning" if row["status"] == "failed" else "info"
        evidence = f"{row['pods']} pods: {row['reason']}"
        yield _problem(severity, "proxy_mismatch", row, named, evidence, _kubectl(contexts, row, "-n", row["namespace"], *words))


def _releases(releases: Sequence[Row]) -> Iterator[Problem]:
    for row in releases:
        if row.get("waiting") and not row.get("refused"):
            name = f"Deployment {row['namespace']}/{row['name']}"
            yield _problem("info", "release_waits", row, name, "its changed template waits for a release", _play("release_reconcile", row))


def _unreadable(unreadable: Sequence[Row], contexts: Mapping[str, str]) -> Iterator[Problem]:
    for row in unreadable:
        command = _kubectl(contexts, row, "auth", "can-i", "--list")
        yield _problem("warning", "unreadable", row, f"Cluster {row['cluster']}", row["message"], command)
