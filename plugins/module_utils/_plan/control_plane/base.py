# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What all control planes of a cluster share: the CRDs, the reader's account and the default validator."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..._charts import versions
from ..._errors import MeshyardError
from ..._mesh import labels, maker, raw
from ..._words import listed
from ..objects import adoption, inventory, order, ownership
from ..objects.convergence import converge, manager_of, owner_of, stamped
from ..objects.steps import Object, Plan, Ref, ref_of

OWNER = "base"
VERSION = "meshyard.io/base-version"
# Everything of the base chart besides the CRDs.
INVENTORY = (
    "ServiceAccount",
    "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)
_CRD = "CustomResourceDefinition"
_CHART = "helm.sh/chart"
_CHART_VERSION = "app.kubernetes.io/version"
_COMPONENT = "operator.istio.io/component"


@dataclass(frozen=True)
class BaseRequest:
    """What the user asks for.

    C(adopt): what others made becomes ours; otherwise only its CRDs go forward. C(move_validator): another revision was asked for
    than the default validator has, so that it moves, or is made, even if others made the rest. C(namespace): that of the reader's account;
    what is in another one serves control planes there.
    """

    version: versions.Version
    adopt: bool = False
    move_validator: bool = False
    namespace: str = labels.SYSTEM_NAMESPACE


@dataclass(frozen=True)
class Decision:
    """The steps, and what they mean.

    C(applied) and C(kept) are names of CRDs: those that change, and those that stay because the cluster has newer ones.
    C(made_by) is who made the base that is there: C(meshyard), C(helm), C(istioctl), C(unknown) or C(nobody).
    """

    plan: Plan
    applied: tuple[str, ...]
    kept: tuple[str, ...]
    made_by: str
    warnings: tuple[str, ...] = ()


def plan(rendered: Iterable[Object], live: Mapping[Ref, Object], request: BaseRequest, cluster: str) -> Decision:
    """The steps that bring the base to a version.

    :param live: all objects of the owner, and the rendered ones that exist.
    :raises MeshyardError: an operator keeps it.
    """
    rendered = list(rendered)
    existing = [live[ref] for ref in map(ref_of, rendered) if ref in live]
    adoption.refuse_operators(existing, cluster)
    others = frozenset() if request.adopt else frozenset(adoption.strangers(existing, OWNER))
    crds = [obj for obj in rendered if obj["kind"] == _CRD]
    kept = tuple(sorted(raw.name(obj) for obj in crds if _is_older(obj, live.get(ref_of(obj)), request)))
    forward = [obj for obj in crds if raw.name(obj) not in kept]
    shared = [obj for obj in rendered if obj["kind"] != _CRD]
    shared_by_others = any(ref_of(obj) in others for obj in shared)
    targets = _crd_targets(forward, live, others, request)
    if shared_by_others:
        targets += _beside_others(shared, live, others, request)
    else:
        targets += inventory.naming_kinds(stamped(shared, OWNER), live)
    refs = {ref_of(obj) for obj in targets}
    places = ("", request.namespace)
    prunable = {ref: obj for ref, obj in live.items() if ref in refs or (ref.kind != _CRD and ref.namespace in places)}
    steps = converge(targets, prunable, OWNER, prune=not shared_by_others)
    if request.adopt:
        steps = adoption.with_adoption(steps, OWNER)
    applied = dict.fromkeys(step.ref.name for step in steps if step.ref.kind == _CRD)
    maker_kind = made_by(existing)
    warnings = (_partly(maker_kind, request, cluster),) if shared_by_others and steps else ()
    return Decision(steps, tuple(applied), kept, maker_kind, warnings)


def removal(objects: Iterable[Object], planes: Iterable[str], force: bool, cluster: str) -> list[Object]:
    """Those of the objects that go with the base: all but the CRDs, with which every Istio object of the users would go.

    :param objects: with their metadata: all of the kinds of C(INVENTORY).
    :param planes: the control planes that are there, as C(namespace/revision).
    :raises MeshyardError: control planes are there, and C(force) was not given.
    """
    planes = sorted(planes)
    if planes and not force:
        raise MeshyardError(
            f"The base on cluster {cluster} serves control planes that are there: {listed(planes)}.",
            "Remove them first, or set force to true to leave them without a default validator and without a reader's account.",
            planes=planes,
            code="in_use",
        )
    own = [obj for obj in objects if _is_base(obj)]
    adoption.refuse_operators(own, cluster)
    return sorted(own, key=lambda obj: order.deletion(ref_of(obj)))


def versions_of(crd: raw.Raw) -> list[str]:
    """The versions of Istio that a CRD says it comes from: by our annotation, and by the label of the chart."""
    marks = raw.labels_of(crd)
    chart = marks.get(_CHART, "")
    by_chart = marks.get(_CHART_VERSION) or (chart.removeprefix("base-") if chart.startswith("base-") else "")
    return [version for version in (raw.annotations_of(crd).get(VERSION), by_chart) if version]


def _partly(maker_kind: str, request: BaseRequest, cluster: str) -> str:
    known = {"helm": "Helm", "istioctl": "istioctl"}.get(maker_kind, "someone else")
    return (
        f"The base on cluster {cluster} was made by {known}: only its CRDs go forward to {request.version}, and the default validator "
        "where another revision is asked for. Set adopt to true to take over the rest."
    )


def _is_older(crd: Object, live: Object | None, request: BaseRequest) -> bool:
    """Whether to apply this CRD would take the live one back."""
    if live is None:
        return False
    found = versions_of(live)
    if found:
        return any(_is_newer(version, request.version) for version in found)
    served = {version["name"] for version in crd["spec"]["versions"]}
    return not {version["name"] for version in live["spec"]["versions"]} <= served


def _is_newer(found: str, wanted: versions.Version) -> bool:
    with contextlib.suppress(MeshyardError):  # a chart of one's own may have a version that compares with none
        return versions.parse(found) > wanted
    return False


def _crd_targets(crds: Iterable[Object], live: Mapping[Ref, Object], others: frozenset[Ref], request: BaseRequest) -> list[Object]:
    targets = []
    for crd in crds:
        metadata = {**crd["metadata"], "annotations": {**raw.annotations_of(crd), VERSION: str(request.version)}}
        body = {**crd, "metadata": metadata}
        ref = ref_of(crd)
        if ref not in others:
            targets += stamped([body], OWNER)
        elif _is_ahead(live[ref], request):
            # Its labels stay those of its maker, so that Helm still knows it.
            metadata.pop("labels", None)
            targets.append(body)
    return targets


def _is_ahead(live: Object, request: BaseRequest) -> bool:
    """Whether somebody else's CRD must change, or was changed here before and must not drift."""
    return versions_of(live) != [str(request.version)] or VERSION in raw.annotations_of(live)


def _beside_others(shared: list[Object], live: Mapping[Ref, Object], others: frozenset[Ref], request: BaseRequest) -> list[Object]:
    """What may change of a base that others made: its default validator, when another revision is asked for or we changed it before."""
    validators = [obj for obj in shared if raw.name(obj) == labels.DEFAULT_VALIDATOR]
    targets = []
    for obj in validators:
        found = live.get(ref_of(obj))
        if ref_of(obj) not in others and (found is not None or request.move_validator):
            targets += stamped([obj], OWNER)
        elif found is not None and (request.move_validator or ownership.applied_fields(found, manager_of(OWNER)) is not None):
            targets.append(_only_revision(obj))
    return targets


def _only_revision(validator: Object) -> Object:
    """The least that points somebody else's validator to a revision."""
    hooks = [
        {"name": hook["name"], "clientConfig": {key: value for key, value in hook["clientConfig"].items() if key != "caBundle"}}
        for hook in validator["webhooks"]
    ]
    metadata = {"name": raw.name(validator), "labels": {labels.REV: raw.labels_of(validator)[labels.REV]}}
    return {"apiVersion": validator["apiVersion"], "kind": validator["kind"], "metadata": metadata, "webhooks": hooks}


def _is_base(obj: Object) -> bool:
    owner = owner_of(obj)
    if owner:
        return owner == OWNER
    made = maker.maker(obj)
    by_istioctl = made.kind == "istioctl" and raw.labels_of(obj).get(_COMPONENT) == "Base"
    named = raw.name(obj) in (labels.DEFAULT_VALIDATOR, "istio-reader-service-account")
    return named or by_istioctl or raw.labels_of(obj).get(_CHART, "").startswith("base-")


def made_by(existing: Iterable[Object]) -> str:
    """Who made the base: whoever made its account or validator, else its CRDs."""
    made = [maker.maker(obj).kind for obj in sorted(existing, key=lambda obj: obj["kind"] == _CRD)]
    return made[0] if made else "nobody"
