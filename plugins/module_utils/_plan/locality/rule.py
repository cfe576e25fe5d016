# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Locality load balancing of one service: what is written into its DestinationRule, and how it becomes again what it was.

Only three fields are ever touched. What they were before lies in an annotation that is written in the same patch.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..._errors import InvalidOption, MeshyardError
from ..._mesh import host, labels, raw
from ..objects import merge_patch
from ..objects.steps import Create, Delete, Object, Patch, Plan, ref_of
from . import record as locality_record
from . import refusals as locality_refusals
from .request import LocalityRequest

ANNOTATION = locality_record.ANNOTATION
OWNER = "locality"
FIELDS = {
    "localityLbSetting": ("loadBalancer", "localityLbSetting"),
    "outlierDetection": ("outlierDetection",),
    "connectionPool": ("connectionPool",),
}


@dataclass(frozen=True)
class Decision:
    """What is to be written, and the rule as it then is; None where it is gone."""

    plan: Plan
    rule: Object | None

    @property
    def policy(self) -> Object:
        """The traffic policy of the rule."""
        return raw.mapping(self.rule or {}, "spec", "trafficPolicy")


def present(asked: LocalityRequest, live: Object | None, cluster: str) -> Decision:
    """The rule with the fields that were asked for.

    A field that an earlier run has set and that is not asked for any more becomes what it was before.

    :raises MeshyardError: priorities without outlier detection, or another setting that goes before.
    """
    title = f"DestinationRule {asked.namespace}/{asked.name} on cluster {cluster}"
    _refuse_other_host(asked, live, title)
    record = {} if live is None else dict(recorded(live) or {})
    policy = raw.mapping(live or {}, "spec", "trafficPolicy")
    kept = locality_record.kept(record, asked.fields, policy, FIELDS)
    after = locality_record.changed(policy, locality_record.targets(record, asked.fields), FIELDS)
    locality_refusals.refuse_policy(after, asked.fields, title)
    if live is None:
        return _create(asked, after, kept)
    return _patch(live, after, {ANNOTATION: locality_record.written(kept)}, {}, "set locality load balancing")


def absent(live: Object | None) -> Decision:
    """The rule as it was before; none where this collection made it and nobody else wrote into it."""
    record = None if live is None else recorded(live)
    if live is None or record is None:
        return Decision((), live)
    owned = raw.labels_of(live).get(labels.OWNER) == OWNER
    after = locality_record.changed(raw.mapping(live, "spec", "trafficPolicy"), record, FIELDS)
    if owned and not after and raw.mapping(live, "spec").keys() <= {"host", "trafficPolicy"}:
        return Decision((Delete(ref_of(live), raw.text(live, "metadata", "uid"), "it was made for locality load balancing alone"),), None)
    marks = {labels.OWNER: None} if owned else {}
    return _patch(live, after, {ANNOTATION: None}, marks, "bring the former state back")


def recorded(live: raw.Raw) -> Object | None:
    """The former values of the fields that are ours, None for one that was not there; None without a record.

    :raises MeshyardError: somebody wrote something else into the annotation.
    """
    remedy = "Set the rule's traffic policy as it should be by hand, remove the annotation, and run again."
    if ANNOTATION not in raw.annotations_of(live):
        return dict.fromkeys(FIELDS) if raw.labels_of(live).get(labels.OWNER) == OWNER else None
    return locality_record.parse(live, remedy)


def describe(rule: raw.Raw | None) -> Object | None:
    """The rule as it is returned."""
    if rule is None:
        return None
    return {
        "namespace": raw.namespace(rule),
        "name": raw.name(rule),
        "host": raw.text(rule, "spec", "host"),
        "traffic_policy": raw.mapping(rule, "spec", "trafficPolicy"),
    }


def refuse_others(found: Object | None, decision: Decision, cluster: str) -> None:
    """Returns where the rule holds what was written; a Create leaves alone what somebody else made a moment before.

    :raises MeshyardError: it does not.
    """
    theirs = raw.mapping(found or {}, "spec", "trafficPolicy")
    if decision.rule is None or all(raw.at(theirs, *path) == raw.at(decision.policy, *path) for path in FIELDS.values()):
        return
    raise MeshyardError(
        f"DestinationRule {raw.qualified(decision.rule)} on cluster {cluster} was changed by somebody else at the same time.",
        "Run again.",
        code="conflict",
    )


def _refuse_other_host(asked: LocalityRequest, live: Object | None, title: str) -> None:
    theirs = raw.text(live or {}, "spec", "host")
    if live is not None and not host.same(theirs, asked.host, asked.namespace):
        raise InvalidOption(f"{title} is for the host {theirs}, not for {asked.host}.", "Name another rule, or correct service_host.")


def _create(asked: LocalityRequest, policy: Object, record: Object) -> Decision:
    metadata = {
        "name": asked.name,
        "namespace": asked.namespace,
        "labels": {labels.OWNER: OWNER},
        "annotations": {ANNOTATION: locality_record.written(record)},
    }
    spec = {"host": asked.host, "trafficPolicy": policy}
    body = {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": metadata, "spec": spec}
    return Decision((Create(body, merge_patch.MANAGER, "set locality load balancing"),), body)


def _patch(live: Object, policy: Object, annotations: Object, marks: Object, reason: str) -> Decision:
    """The merge patch from the live traffic policy to another one, and of the annotation, in one step."""
    before = raw.mapping(live, "spec")
    spec = {**before, "trafficPolicy": policy} if policy else {key: value for key, value in before.items() if key != "trafficPolicy"}
    metadata = {
        "annotations": {key: value for key, value in annotations.items() if raw.annotations_of(live).get(key) != value},
        "labels": {key: value for key, value in marks.items() if raw.labels_of(live).get(key) != value},
    }
    parts = {"metadata": {key: value for key, value in metadata.items() if value}, "spec": merge_patch.difference(before, spec)}
    patch = {key: value for key, value in parts.items() if value}
    rule = {**live, "spec": spec}
    if not patch:
        return Decision((), rule)
    shown = merge_patch.restricted(live, patch)
    return Decision((Patch(ref_of(live), patch, merge_patch.MANAGER, shown, raw.text(live, "metadata", "resourceVersion"), reason),), rule)
