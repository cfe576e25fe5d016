# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The sections of a mesh report on its page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import report_rows as rows
from .report_layout import Bar, Page, Section, Table, problems, shares, table

Document = Mapping[str, Any]


def page(document: Document) -> Page:
    """The page of a report."""
    read = f"Read at {document['generated_at']} by meshyard.istio {document['collection_version']}"
    verdict = document["verdict"]
    return Page("Mesh report", (read,), verdict["status"], verdict["message"], tuple(sections(document)))


def sections(document: Document) -> list[Section]:
    """All sections, the problems first."""
    migration = document["migration"]
    return [
        problems("problems", "Problems", document["problems"]),
        Section("planes", "Control planes", (_planes(document), _settings(document))),
        Section("migration", "Migration", (_by_namespace(migration), _mismatches(migration)), tuple(_bars(migration))),
        Section("workloads", "Workloads", (_workloads(document), _namespaces(document))),
        Section("gateways", "Gateways", (_gateways(document), _listeners(document))),
        Section("releases", "Releases", (_releases(document),)),
        Section("clusters", "Clusters", (_clusters(document), _remotes(document), _endpoints(document))),
        Section("localities", "Locality", (_localities(document),)),
        Section("certificates", "Certificates and tokens", (_certificates(document),)),
        Section("unreadable", "Not read", (_unreadable(document),)),
    ]


def _planes(document: Document) -> Table:
    heads = ("Revision", "Cluster", "Version", "Location", "Made by", "Tags", "State", "Replicas", "Pods", "Proxies")
    return table("Control planes by cluster", heads, map(rows.plane, document["control_planes"]))


def _settings(document: Document) -> Table:
    heads = ("Revision", "Cluster", "Trust domain", "Mesh ID", "Mutual TLS", "Oldest TLS", "Outbound traffic", "Locality")
    known = [one for one in document["control_planes"] if one["settings"]]
    return table("Mesh configuration in effect", heads, map(rows.settings, known))


def _bars(migration: Mapping[str, Any]) -> Iterable[Bar]:
    sides = {"desired": "would get", "injected": "have a proxy of", "connected": "are connected to"}
    kinds = ("pods", "workloads")
    names = sorted({name for what in kinds for side in sides for name in migration[what][side]})
    for what in kinds:
        for side, words in sides.items():
            yield shares(f"{what.capitalize()} {words}", migration[what][side], names)


def _by_namespace(migration: Mapping[str, Any]) -> Table:
    heads = ("Namespace", "Cluster", "Workloads as desired", "Pods as desired", "Pods by revision")
    return table("Migration by namespace", heads, map(rows.namespace_migration, migration["by_namespace"]))


def _mismatches(migration: Mapping[str, Any]) -> Table:
    heads = ("Workload", "Cluster", "Namespace", "Pods", "Desired", "Injected", "Connected", "Status", "Reason")
    return table("Pods that are not as they should be", heads, map(rows.mismatch, migration["mismatches"]))


def _workloads(document: Document) -> Table:
    heads = ("Workload", "Cluster", "Namespace", "New pods get", "Pods by revision", "As desired")
    # Those that are not as desired come first, for they are what a reader looks for.
    ordered = sorted(document["workloads"], key=lambda one: bool(one["as_desired"]))
    return table("Workloads of the mesh by control plane", heads, map(rows.workload, ordered))


def _namespaces(document: Document) -> Table:
    heads = ("Namespace", "Cluster", "Injection", "Revision", "Tag", "Why")
    return table("Namespaces of the mesh", heads, map(rows.namespace, document["namespaces"]))


def _gateways(document: Document) -> Table:
    heads = ("Gateway", "Cluster", "Namespace", "Service", "Type", "Addresses", "Ports", "New pods get", "Running")
    return table("Gateways by cluster", heads, (row for one in document["gateways"] for row in rows.gateway(one)))


def _listeners(document: Document) -> Table:
    heads = ("Gateway", "Cluster", "Namespace", "Kind", "Ports", "Hosts", "Routed hosts")
    return table("What gateways listen to", heads, map(rows.listener, document["listeners"]))


def _releases(document: Document) -> Table:
    heads = ("Deployment", "Cluster", "Namespace", "Phase", "Weight", "Canary pods", "Begun", "Last verdicts")
    return table("Releases of workloads", heads, map(rows.release, document["releases"]))


def _clusters(document: Document) -> Table:
    heads = ("Cluster", "Answered", "Name in the mesh", "Network", "Address", "Context", "Message")
    return table("Clusters of the run", heads, map(rows.cluster, document["clusters"]))


def _remotes(document: Document) -> Table:
    heads = ("Remote secret", "Cluster", "Reads", "Which is", "Server", "Token expires")
    return table("Clusters that istiods read", heads, map(rows.remote, document["remote_secrets"]))


def _endpoints(document: Document) -> Table:
    heads = ("EndpointSlice", "Cluster", "Namespace", "Reach", "What the primary shows", "Leads there")
    return table("By what remote clusters reach their primary", heads, map(rows.endpoints, document["remote_endpoints"]))


def _localities(document: Document) -> Table:
    heads = ("Rule", "Cluster", "Namespace", "Host", "Where traffic goes", "Outlier detection")
    return table("Rules by locality", heads, map(rows.locality, document["localities"]))


def _certificates(document: Document) -> Table:
    heads = ("Object", "Cluster", "What", "Expires", "Fingerprint")
    return table("What expires", heads, map(rows.certificate, document["certificates"]))


def _unreadable(document: Document) -> Table:
    return table("What could not be read", ("Cluster", "What"), ((one["cluster"], one["message"]) for one in document["unreadable"]))
