# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The report of all clusters of a run, composed of what each of them answered, always in the same order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import expiry, migration, problems
from .part import Part, Row, rows_of

SCHEMA = 1
# How long ago something was changes with every look, the time at which it was does not.
_PASSING = ("age", "idle")


@dataclass(frozen=True)
class Moment:
    """When a report is made, and by what.

    :ivar at: the present time. :ivar ca_before: what expires before this time is a problem. :ivar version: of this collection.
    """

    at: str
    ca_before: str
    version: str = ""


def document(parts: Sequence[Part], moment: Moment) -> dict[str, Any]:
    """The report as data.

    :param parts: what was read, of each cluster.
    """
    known = sorted(parts, key=lambda part: part.host)
    found = sections(known)
    told = problems.problems(found, _blockers(known), moment.at, moment.ca_before)
    return {
        "schema": SCHEMA,
        "generated_at": moment.at,
        "collection_version": moment.version,
        "verdict": problems.verdict(told, found),
        "problems": told,
        **found,
    }


def sections(parts: Sequence[Part]) -> dict[str, Any]:
    """What was found, without a judgement."""
    rows = [migration.placed(row) for row in rows_of(parts, "workloads")]
    workloads = [row for row in rows if migration.in_mesh(row)]
    planes = _planes(parts)
    remote_secrets = _remote_secrets(parts)
    names = {host: name for part in parts for name, host in part.names.items()}
    return {
        "clusters": [_cluster(part, names) for part in parts],
        "control_planes": planes,
        "migration": migration.migration(parts, workloads, len(rows) - len(workloads)),
        "namespaces": rows_of(parts, "namespaces"),
        "workloads": workloads,
        "gateways": _gateways(parts),
        "listeners": [row for part in parts for row in part.facts_of("listeners")],
        "releases": _releases(parts),
        "remote_secrets": remote_secrets,
        "remote_endpoints": [row for part in parts for row in _endpoints(part)],
        "localities": [row for part in parts for row in part.facts_of("localities")],
        "certificates": expiry.certificates(planes, {part.host: part.facts.get("roots") or [] for part in parts}, remote_secrets),
        "unreadable": _unreadable(parts),
    }


def _cluster(part: Part, names: Mapping[str, str]) -> dict[str, Any]:
    """A cluster.

    :param names: of clusters in the mesh, by host. An istiod tells its own better.
    """
    known = part.facts.get("cluster_names") or ([names[part.host]] if part.host in names else [])
    return {
        "cluster": part.host,
        "answered": part.answered,
        "names": list(known),
        "network": str(part.facts.get("network") or ""),
        "told_by": part.told_by,
        "host": part.place.get("host") or part.failure.get("host") or "",
        "kubeconfig": part.kubeconfig,
        "context": part.place.get("context") or "",
        "code": "" if part.answered else str(part.failure.get("code") or "no_answer"),
        "message": "" if part.answered else str(part.failure.get("msg") or "It gave no answer."),
    }


def _planes(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The control planes, each with what its mesh is set to; C(None) where that is not known."""
    settings = {(part.host, one["namespace"], one["revision"]): one for part in parts for one in part.facts.get("settings") or []}
    return [{**row, "settings": _settings(settings.get(_key(row)))} for row in rows_of(parts, "revisions")]


def _key(plane: Row) -> tuple[str, str, str]:
    return plane["cluster"], str(plane.get("namespace") or ""), plane["revision"]


def _settings(found: Row | None) -> dict[str, Any] | None:
    if found is None or not found.get("read"):
        return None
    return {key: value for key, value in found.items() if key not in ("revision", "namespace", "read")}


def _gateways(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The gateways with the Services before them; one that was not read has no type."""
    services = {(part.host, one["namespace"], one["name"]): one for part in parts for one in part.facts.get("services") or []}
    found = []
    for row in rows_of(parts, "gateways"):
        named = [(name, services.get((row["cluster"], row["namespace"], name), {})) for name in row.get("services") or []]
        words = ("type", "addresses", "ports", "network")
        entries = [{"name": name, **{word: service[word] for word in words if word in service}} for name, service in named]
        found.append({**row, "entries": entries})
    return found


def _releases(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The releases under way and the changes that wait for one."""
    rows = [{"cluster": part.host, **row} for part in parts for row in part.releases.get("workloads") or []]
    return [{key: value for key, value in row.items() if key not in _PASSING} for row in rows if row.get("release") or row.get("waiting")]


def _remote_secrets(parts: Sequence[Part]) -> list[dict[str, Any]]:
    """The clusters that others read, each with its host where it is one of the run."""
    uids: dict[str, str] = {str(part.place["uid"]): part.host for part in parts if part.place.get("uid")}
    names = {name: host for part in parts for name, host in part.names.items()}
    names |= {name: part.host for part in parts for name in part.facts.get("cluster_names") or []}
    found = [row for part in parts for row in part.facts_of("remote_secrets")]
    return [{**row, "leads_to": uids.get(row["uid"]) if row["uid"] else names.get(row["name"])} for row in found]


def _endpoints(part: Part) -> list[dict[str, Any]]:
    """By which addresses a remote cluster should reach its istiod and mirrored services, and whether it does."""
    updates = {(one["namespace"], one["name"]): one for one in part.endpoints.get("updates") or []}
    rows = {(one["namespace"], one["name"]): one for one in part.endpoints.get("slices") or []}
    found = []
    for namespace, name in sorted({*rows, *updates}):
        shown = rows.get((namespace, name)) or {}
        where = {"cluster": part.host, "namespace": namespace, "name": name, "reach": str(shown.get("reach") or "")}
        found.append({**where, "addresses": list(shown.get("addresses") or []), "current": (namespace, name) not in updates})
    return found


def _unreadable(parts: Sequence[Part]) -> list[dict[str, str]]:
    """What is missing, and of which section alone; of which ones is not always known."""
    answers: Mapping[str, Part] = {part.host: part for part in parts}
    found = [{"cluster": part.host, "section": "", "message": text} for part in parts for text in part.unreadable()]
    found += [{"cluster": part.host, "section": "releases", "message": text} for part in parts for text in part.spoilt_releases()]
    for part in parts:
        teller = answers.get(part.told_by)
        if part.answered and part.told_by and (teller is None or "revisions" not in teller.answer):
            said = f"Its control planes and workloads are told by its primary {part.told_by}, which gave no answer."
            found.append({"cluster": part.host, "section": "", "message": said})
    return found


def _blockers(parts: Sequence[Part]) -> dict[str, Row]:
    """What stands against deleting each revision, by the cluster in which its istiod runs."""
    return {part.host: part.answer.get("blockers") or {} for part in parts}
