# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Patches of the Deployment that is released, and of its autoscaler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..._mesh import raw, release
from ..._mesh.release import Record
from ..objects import merge_patch
from ..objects.steps import Object, Patch, Plan, Ref, ref_of
from .model import Observed
from .target import MANAGER

_MINIMUM = "minReplicas"
_FORMER, _WRITTEN = "former", "written"


def recorded(observed: Observed, record: Record) -> Plan:
    """The step that writes the record; none where it says so already."""
    if observed.record == record:
        return ()
    return changed(observed, {}, record, f"release: {record.phase}")


def changed(observed: Observed, patch: Mapping[str, Any], record: Record, reason: str) -> Plan:
    """The step that changes the Deployment and writes the record with it."""
    return patched(observed, {**patch, "metadata": {"annotations": {release.RECORD: record.dump()}}}, reason)


def closed(observed: Observed, patch: Mapping[str, Any], reason: str, **annotations: str | None) -> Plan:
    """The step that takes the record away, with the last change of the Deployment."""
    marks: dict[str, str | None] = {release.RECORD: None, **annotations}
    return patched(observed, {**patch, "metadata": {"annotations": marks}}, reason)


def patched(observed: Observed, patch: Object, reason: str) -> Plan:
    """The step that changes the Deployment, if nobody else changed it meanwhile."""
    version = raw.text(observed.stable, "metadata", "resourceVersion")
    ref = Ref("apps/v1", "Deployment", observed.target.namespace, observed.target.name)
    return (Patch(ref, patch, MANAGER, merge_patch.restricted(observed.stable, patch), version, reason),)


def scaled(deployment: Object, replicas: int, reason: str) -> Plan:
    """The step that gives a canary another size; none where it has it."""
    now = raw.number(deployment, "spec", "replicas", default=1)
    if now == replicas:
        return ()
    patch = {"spec": {"replicas": replicas}}
    return (Patch(ref_of(deployment), patch, MANAGER, {"spec": {"replicas": now}}, reason=reason),)


def pinned(observed: Observed, least: int = 0) -> Plan:
    """The step that keeps the autoscaler from shrinking the Deployment while it has less traffic than it will get back.

    :param least: how many pods it needs besides.
    """
    scaler, mark = observed.autoscaler, observed.target.record_annotation
    if scaler is None:
        return ()
    live = raw.number(scaler, "spec", _MINIMUM, default=1)
    wanted = min(max(observed.replicas, least, live), raw.number(scaler, "spec", "maxReplicas", default=observed.replicas))
    kept = _pin(scaler, mark)
    if kept is not None and wanted <= live:
        return ()
    former = live if kept is None else kept[_FORMER]
    patch = {"metadata": {"annotations": {mark: json.dumps({_FORMER: former, _WRITTEN: wanted})}}, "spec": {_MINIMUM: wanted}}
    return (_scaler(scaler, patch, f"not below {wanted} pods while the release is on"),)


def unpinned(observed: Observed) -> Plan:
    """The step that gives the autoscaler its minimum back, unless somebody else changed that meanwhile."""
    scaler, mark = observed.autoscaler, observed.target.record_annotation
    kept = _pin(scaler, mark) if scaler else None
    if scaler is None or kept is None:
        return ()
    ours = raw.number(scaler, "spec", _MINIMUM, default=1) == kept[_WRITTEN]
    patch: Object = {"metadata": {"annotations": {mark: None}}, **({"spec": {_MINIMUM: kept[_FORMER]}} if ours else {})}
    return (_scaler(scaler, patch, "the release has ended"),)


def _pin(scaler: Object, mark: str) -> dict[str, int] | None:
    """What the minimum was, and what was written in its place; None where nothing was, or where somebody wrote something else."""
    try:
        found = json.loads(raw.annotations_of(scaler).get(mark, ""))
        return {key: int(found[key]) for key in (_FORMER, _WRITTEN)}
    except (ValueError, TypeError, KeyError):
        return None


def _scaler(scaler: Object, patch: Object, reason: str) -> Patch:
    return Patch(ref_of(scaler), patch, MANAGER, merge_patch.restricted(scaler, patch), reason=reason)
