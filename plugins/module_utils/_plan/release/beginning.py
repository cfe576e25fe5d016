# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The way to the canary: the release begins, the canary and what belongs to it are made, and routes know it with no traffic yet."""

from __future__ import annotations

from ..._mesh import raw, release
from ..._mesh.release import Record
from ..objects import merge_patch
from ..objects.steps import Create, Object, Plan, ref_of
from . import canary, companions, deployment, phase_refusals, policies, routing
from .model import Observed, Place, Request, Stage
from .target import MANAGER

_FIRST = 1
_OF_KUBERNETES = ("NetworkPolicy", "PodDisruptionBudget")


def stages(observed: Observed, request: Request) -> list[Stage]:
    """What leads to a canary that is ready and has no traffic; nothing is left to do once it has had some."""
    record = observed.record
    if record is not None and record.phase != "preparing":
        return []
    if record is not None:
        phase_refusals.refuse_template(observed)
    begun = record or _begun(observed, request)
    template = judged_template(observed, request)
    return [
        Stage("begin", () if record else deployment.changed(observed, _pause(observed, template), begun, "the release begins")),
        Stage("autoscaler", deployment.pinned(observed)),
        Stage("configuration", _missing(observed, "config", _configuration(observed, template, begun.policy_gap)), place="config"),
        Stage("canary", _missing(observed, "workload", _workload(observed, template, begun.policy_gap)), "canary_ready"),
        Stage("routes", routing.weighted(observed, 0), place="config"),
        Stage("prepared", deployment.recorded(observed, begun.to("prepared", now=request.now, run=request.run))),
    ]


def judged_template(observed: Observed, request: Request) -> Object:
    """The pod template that is released."""
    return observed.template if observed.record or request.template is None else request.template


def _begun(observed: Observed, request: Request) -> Record:
    template = judged_template(observed, request)
    return Record(
        phase="preparing",
        run=request.run,
        template=release.hash_of(template),
        service=observed.target.service.name,
        paused=raw.at(observed.stable, "spec", "paused") is True,
        restore=merge_patch.difference(template, observed.template),
        policy_gap=request.policy_gap,
        begun=request.now,
        moved=request.now,
    )


def _pause(observed: Observed, template: Object) -> Object:
    change = merge_patch.difference(observed.template, template)
    return {"spec": {"paused": True, **({"template": change} if change else {})}}


def _configuration(observed: Observed, template: Object, policy_gap: str) -> list[Object]:
    copies = companions.destination_rules(observed.rules, observed.target, _labels(observed, template))
    copies += companions.reference_grants(observed.grants, observed.target)
    return [*copies, *(one for one in _policies(observed, template, policy_gap) if one["kind"] not in _OF_KUBERNETES)]


def _workload(observed: Observed, template: Object, policy_gap: str) -> list[Object]:
    target, marks = observed.target, _labels(observed, template)
    front = next(one for one in observed.services if raw.name(one) == target.service.name)
    return [
        *(one for one in _policies(observed, template, policy_gap) if one["kind"] in _OF_KUBERNETES),
        canary.service(front, target, marks),
        canary.deployment(observed.stable, template, target, marks, _FIRST),
    ]


def _policies(observed: Observed, template: Object, policy_gap: str) -> list[Object]:
    if policy_gap != "copy":
        return []
    return [gap.copy for gap in gaps(observed, template)]


def canary_again(observed: Observed, replicas: int) -> Plan:
    """The steps that make a canary again of which somebody removed the Deployment, or the Service in front of it."""
    marks = _labels(observed, observed.template)
    front = next((one for one in observed.services if raw.name(one) == observed.target.service.name), None)
    service = [canary.service(front, observed.target, marks)] if front else []
    made = canary.deployment(observed.stable, observed.template, observed.target, marks, replicas)
    return _missing(observed, "workload", [*service, made])


def additions(observed: Observed, template: Object) -> list[Object]:
    """Everything that a release may add, but for a route."""
    return [*_configuration(observed, template, "copy"), *_workload(observed, template, "copy")]


def gaps(observed: Observed, template: Object) -> list[policies.Gap]:
    """Policies that select the pods of the Deployment and would not select those of its canary."""
    before, after = pod_labels(observed, template)
    return policies.gaps(observed.policies, before, after, observed.target, namespace_labels=observed.namespace_labels, root=observed.root)


def pod_labels(observed: Observed, template: Object) -> tuple[dict[str, str], dict[str, str]]:
    """The labels of the Deployment's pods, and those of its canary's."""
    return raw.labels_of(observed.running or observed.template), {**raw.labels_of(template), **_labels(observed, template)}


def _labels(observed: Observed, template: Object) -> dict[str, str]:
    return canary.canary_labels(observed.stable, observed.services, template)


def _missing(observed: Observed, place: Place, wanted: list[Object]) -> Plan:
    there = {ref_of(one) for one in observed.owned.get(place, ())}
    return tuple(Create(one, MANAGER, "for the canary") for one in wanted if ref_of(one) not in there)
