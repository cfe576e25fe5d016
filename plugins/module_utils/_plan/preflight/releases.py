# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about releases that are open where an upgrade or a rollback would restart their Deployments."""

from __future__ import annotations

from collections.abc import Iterator

from ..._errors import MeshyardError
from ..._mesh import raw, release
from ..._mesh.evidence import Evidence
from ..finding import Finding
from ..upgrade.remaining import Upgrade
from .model import PreflightInput


def findings(given: PreflightInput) -> Iterator[Finding]:
    """All findings of this file."""
    yield from against(given.upgrade, given.evidence)


def against(upgrade: Upgrade, evidence: Evidence) -> Iterator[Finding]:
    """The releases in namespaces that are moved, and of gateways that are moved by themselves."""
    for obj in evidence.workloads.get("Deployment") or ():
        if _is_moved(obj, upgrade):
            yield from _open(obj)


def _is_moved(obj: raw.Raw, upgrade: Upgrade) -> bool:
    gateways = {(one.gateway.kind, one.gateway.namespace, one.gateway.name) for one in upgrade.gateways}
    return raw.namespace(obj) in upgrade.namespaces or ("Deployment", raw.namespace(obj), raw.name(obj)) in gateways


def _open(obj: raw.Raw) -> Iterator[Finding]:
    name = f"Deployment {raw.qualified(obj)}"
    try:
        problem = release.obstacle(obj)
    except MeshyardError as unreadable:
        yield Finding("blocker", unreadable.code, name, unreadable.problem, unreadable.remedy)
        return
    if problem:
        yield Finding("blocker", "release_open", name, problem, release.REMEDY)
