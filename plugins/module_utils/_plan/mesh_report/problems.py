# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is wrong in a mesh by its report: each problem with its object, what shows it, and the command that mends it or looks closer."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..._words import counted
from . import expiry
from .problem import SEVERITIES, Problem, Row, connections, kubectl, playbook, problem

RESTARTABLE = ("Deployment", "StatefulSet", "DaemonSet")
_NOUNS = {"error": "error", "warning": "warning", "info": "notice"}


def problems(found: Mapping[str, Any], blockers: Mapping[str, Row], at: str, ca_before: str) -> list[Problem]:
    """All problems, the worst first.

    :param found: The sections of the report.
    :param blockers: What stands against deleting each revision, by cluster.
    :param at: The present time. :param ca_before: What expires before this time is a problem.
    """
    known = connections(found["clusters"])
    told = [
        *_clusters(found["clusters"]),
        *_planes(found["control_planes"], known),
        *expiry.expiring(found, at, ca_before),
        *expiry.strangers(found),
        *_unused(found["control_planes"], blockers),
        *_namespaces(found["namespaces"], known),
        *_gateways(found["gateways"], known),
        *_secrets(found["remote_secrets"], known),
        *_endpoints(found["remote_endpoints"]),
        *_mismatches(found["migration"]["mismatches"], known),
        *_releases(found["releases"]),
        *_unreadable(found["unreadable"], known),
    ]
    return sorted(told, key=lambda one: (SEVERITIES.index(one["severity"]), one["cluster"], one["code"], one["object"], one["evidence"]))


def verdict(told: Sequence[Problem], found: Mapping[str, Any]) -> dict[str, Any]:
    """The first line of the report.

    :param told: The problems. :param found: The sections.
    """
    counts = {severity: sum(one["severity"] == severity for one in told) for severity in SEVERITIES}
    status = "failed" if counts["error"] else "attention" if counts["warning"] else "passed"
    clusters, planes, workloads = found["clusters"], found["control_planes"], found["workloads"]
    said = ", ".join(counted(counts[severity], word) for severity, word in _NOUNS.items() if counts[severity]) or "none"
    figures = [
        f"{sum(one['answered'] for one in clusters)} of {len(clusters)} clusters answered",
        counted(len(planes), "control plane"),
        f"{found['migration']['as_desired']} of {len(workloads)} workloads of the mesh are where new pods go",
        f"problems: {said}",
    ]
    return {"status": status, "message": f"{'; '.join(figures)}.", **counts}


def _clusters(clusters: Sequence[Row]) -> Iterator[Problem]:
    for row in clusters:
        if not row["answered"]:
            command = shlex.join(["ansible-inventory", "--host", row["cluster"]])
            yield problem("error", "cluster_unread", row, f"Cluster {row['cluster']}", row["message"], command)


def _planes(planes: Sequence[Row], known: Mapping[str, Row]) -> Iterator[Problem]:
    for row in planes:
        if not row.get("ready"):
            words = ["-n", str(row.get("namespace") or "istio-system"), "get", "deployments,pods", "-l", "app=istiod"]
            if row.get("location") != "cluster":  # its webhook is all there is of it here
                words = ["get", "mutatingwebhookconfigurations", "-l", f"istio.io/rev={row['revision']}"]
            command = kubectl(known, row, *words)
            evidence = str(row.get("status") or "it is not ready")
            yield problem("error", "control_plane_not_ready", row, f"Revision {row['revision']}", evidence, command)


def _unused(planes: Sequence[Row], blockers: Mapping[str, Row]) -> Iterator[Problem]:
    """Planes that nothing uses in the clusters that were looked at with them, beside others."""
    for row in planes:
        own = [plane for plane in planes if plane["cluster"] == row["cluster"]]
        if len(own) > 1 and blockers.get(row["cluster"], {}).get(row["revision"]) == []:
            evidence = "nothing that was read uses it; before it is removed, all clusters of the mesh are asked"
            command = playbook("retire", "-e", f"canary_upgrade_from_revision={row['revision']}", "--check")
            yield problem("info", "revision_unused", row, f"Revision {row['revision']}", evidence, command)


def _namespaces(namespaces: Sequence[Row], known: Mapping[str, Row]) -> Iterator[Problem]:
    for row in namespaces:
        if row.get("injection") in ("blocked", "double"):
            command = kubectl(known, row, "get", "namespace", str(row["name"]), "--show-labels")
            yield problem("error", f"injection_{row['injection']}", row, f"Namespace {row['name']}", str(row.get("reason") or ""), command)


def _gateways(gateways: Sequence[Row], known: Mapping[str, Row]) -> Iterator[Problem]:
    for row in gateways:
        for entry in row["entries"]:
            if entry.get("type") == "LoadBalancer" and not entry.get("addresses"):
                command = kubectl(known, row, "-n", row["namespace"], "describe", "service", entry["name"])
                name = f"Service {row['namespace']}/{entry['name']}"
                yield problem("warning", "gateway_without_address", row, name, "its load balancer gave it no address", command)


def _secrets(secrets: Sequence[Row], known: Mapping[str, Row]) -> Iterator[Problem]:
    for row in secrets:
        if not row["usable"]:
            place, _slash, name = row["secret"].partition("/")
            evidence = f"it holds no kubeconfig for {row['name']}, so that istiod does not read that cluster"
            command = kubectl(known, row, "-n", place, "describe", "secret", name)
            yield problem("error", "remote_secret_unusable", row, f"Secret {row['secret']}", evidence, command)


def _endpoints(endpoints: Sequence[Row]) -> Iterator[Problem]:
    for row in endpoints:
        if not row["current"]:
            name = f"EndpointSlice {row['namespace']}/{row['name']}"
            evidence = f"it does not lead to what its primary shows now: {', '.join(row['addresses']) or 'nothing'}"
            yield problem("error", "endpoints_differ", row, name, evidence, playbook("reconcile"))


def _mismatches(mismatches: Sequence[Row], known: Mapping[str, Row]) -> Iterator[Problem]:
    for row in mismatches:
        kind, _space, name = row["workload"].partition(" ")
        # A restart gives another sidecar. It helps nothing where the sidecar is the right one and is not ready or not in sync.
        mend = row["status"] == "failed" and row["injected"] != row["desired"] and kind in RESTARTABLE
        words = ["rollout", "restart", f"{kind.lower()}/{name}"] if mend else ["get", kind.lower(), name, "-o", "wide"]
        named = f"{kind} {row['namespace']}/{name}"
        severity = "warning" if row["status"] == "failed" else "info"
        evidence = f"{counted(row['pods'], 'pod')}: {row['reason']}"
        yield problem(severity, "proxy_mismatch", row, named, evidence, kubectl(known, row, "-n", row["namespace"], *words))


def _releases(releases: Sequence[Row]) -> Iterator[Problem]:
    for row in releases:
        if row.get("waiting") and not row.get("refused"):
            name = f"Deployment {row['namespace']}/{row['name']}"
            yield problem("info", "release_waits", row, name, "its changed template waits for a release", playbook("release_reconcile"))


def _unreadable(unreadable: Sequence[Row], known: Mapping[str, Row]) -> Iterator[Problem]:
    for row in unreadable:
        command = kubectl(known, row, "auth", "can-i", "--list")
        yield problem("warning", "unreadable", row, f"Cluster {row['cluster']}", row["message"], command)
