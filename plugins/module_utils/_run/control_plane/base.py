# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading the base of a cluster: CRDs, the reader's account, the default validator, and the control planes that use them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._cluster.wait import Pending, Ready
from ..._errors import MeshyardError
from ..._mesh import labels, plane, raw
from ..._plan.control_plane import base, readiness
from ..._plan.objects.steps import Object, Ref, ref_of
from ..._words import listed
from ..objects import observe

_CRD = kinds.kind("CustomResourceDefinition")
_VALIDATOR = kinds.kind("ValidatingWebhookConfiguration")
_PART_OF = "app.kubernetes.io/part-of=istio"


def validator(cluster: Cluster) -> Object | None:
    """The live default validator."""
    return read.get(cluster, _VALIDATOR, labels.DEFAULT_VALIDATOR)


def validators(cluster: Cluster) -> list[Object]:
    """All webhooks that validate, whoever made them."""
    return read.objects(cluster, _VALIDATOR)


def default_among(found: Iterable[Object]) -> Object | None:
    """The default validator among these."""
    return next((one for one in found if raw.name(one) == labels.DEFAULT_VALIDATOR), None)


def revision_of(found: raw.Raw | None) -> str:
    """The revision that a default validator asks; empty where there is none."""
    return raw.labels_of(found).get(labels.REV, "") if found else ""


def planes(cluster: Cluster) -> list[plane.ControlPlane]:
    """The control planes that run in this cluster, and those that serve it by a webhook."""
    deployments = read.objects(cluster, kinds.kind("Deployment"), labels="app=istiod")
    return plane.control_planes(deployments, read.objects(cluster, kinds.kind("MutatingWebhookConfiguration")))


def crds(cluster: Cluster) -> list[str]:
    """The names of Istio's CRDs."""
    return sorted(raw.name(obj) for obj in read.objects(cluster, _CRD, labels=_PART_OF, metadata_only=True))


def seen(cluster: Cluster, rendered: Iterable[Object], validating: Sequence[Object]) -> dict[Ref, Object]:
    """What is there of the base: the objects of its owner, and the rendered ones that exist.

    :param validating: what C(validators) found.
    """
    rendered = list(rendered)
    live = {ref_of(obj): obj for obj in read.objects(cluster, _CRD, labels=_PART_OF)}
    others = [obj for obj in rendered if ref_of(obj) not in live]
    return live | observe.owned(cluster, base.OWNER, others, base.INVENTORY, {_VALIDATOR.name: validating})


def refuse_target(revision: str, known: Iterable[plane.ControlPlane], cluster: str) -> None:
    """Returns when the default validator may move to a revision: it must be there and ready, or all Istio configuration is refused.

    :raises MeshyardError: it is not.
    """
    known = list(known)
    target = next((one for one in known if one.revision == revision), None)
    if target is None:
        there = listed(one.revision for one in known) or "none"
        raise MeshyardError(
            f"The default validator on cluster {cluster} cannot move to revision {revision}, which is not there.",
            f"Install that revision first, or choose one of those that are there: {there}.",
            code="revision_missing",
        )
    if not (target.serving and target.rollout.done):
        why = target.rollout.why or "it has no ready istiod"
        raise MeshyardError(
            f"The default validator on cluster {cluster} cannot move to revision {revision}, which is not ready: {why}.",
            "Wait until the revision is ready, then run again: until then all Istio configuration would be refused.",
            code="revision_not_ready",
        )


def closed(cluster: Cluster, revision: str) -> Callable[[], Pending | Ready[Object]]:
    """The condition that a revision validates all Istio configuration, and that nothing passes without it."""

    def look() -> Pending | Ready[Object]:
        found = validator(cluster)
        if found is not None and readiness.trusted_and_closed(found):
            return Ready(found)
        return Pending(f"istiod {revision} to close the default validator")

    return look


def established(cluster: Cluster, names: Iterable[str]) -> Callable[[], Pending | Ready[None]]:
    """The condition that the API server serves these CRDs."""
    left = list(names)

    def look() -> Pending | Ready[None]:
        left[:] = [name for name in left if not _is_established(read.get(cluster, _CRD, name))]
        return Pending(f"CustomResourceDefinition {left[0]} to be served") if left else Ready(None)

    return look


def _is_established(crd: raw.Raw | None) -> bool:
    conditions = raw.items(crd or {}, "status", "conditions")
    return any((raw.text(one, "type"), raw.text(one, "status")) == ("Established", "True") for one in conditions)
