# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Everything that is read to decide about the control plane of one revision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._charts import values, versions
from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._errors import InvalidOption, MeshyardError
from ..._mesh import labels, maker, plane, raw
from ..._mesh.revision import Names
from ..._plan.control_plane import install
from ..._plan.objects import adoption
from ..._plan.objects.steps import Object, Ref
from ..objects import observe
from ..objects.rendering import Renderer

Warn = Callable[[str], None]
_DEPLOYMENT = kinds.kind("Deployment")
# What the istiod chart may render: the kinds that are looked through for objects to prune.
INVENTORY = (
    *(name for name in observe.INVENTORY if name != "EnvoyFilter"),
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)
# Values that this collection sets itself, and how the user sets them instead.
_RESERVED = {"revision": "revision", "revisionTags": "the module istio_tag", "defaultRevision": "default_revision of istio_base"}


@dataclass(frozen=True)
class Seen:
    """What is there: the objects of the revision, and whether its namespace exists."""

    live: dict[Ref, Object]
    namespace_exists: bool


def kubernetes_version(cluster: Cluster, version: versions.Version, unsupported: bool, warn: Warn) -> str:
    """The version of the API server, which must suit this version of Istio.

    :param unsupported: whether the user goes on all the same.
    :raises MeshyardError: the cluster is too old.
    """
    running = read.server_version(cluster)
    if not unsupported:
        warning = versions.check_kubernetes(version, versions.parse(running))
        if warning:
            warn(f"Cluster {cluster.name}: {warning}")
    return running


def check_values(given: Mapping[str, Any]) -> None:
    """Returns unless the values set what has an option or module of its own.

    :raises MeshyardError: they do.
    """
    for key, instead in _RESERVED.items():
        if key in given:
            raise InvalidOption(f"The values set {key}, which is not theirs to set.", f"Remove it and use {instead}.")


def deployments(cluster: Cluster, names: Names) -> list[Object]:
    """The Deployments that carry the owner of a revision, and that of its istiod whoever made it."""
    found = read.objects(cluster, _DEPLOYMENT, labels=f"{labels.OWNER}={install.owner(names.revision)}")
    if istiod(found, names) is None:
        found += filter(None, [read.get(cluster, _DEPLOYMENT, names.istiod, names.namespace)])
    return found


def istiod(found: Iterable[Object], names: Names) -> Object | None:
    """The Deployment of the revision among these."""
    return next((one for one in found if raw.qualified(one) == f"{names.namespace}/{names.istiod}"), None)


def check_step(deployment: Object | None, version: versions.Version, cluster: Cluster, *, back: bool = False) -> None:
    """Returns unless the live revision would skip a minor version in place, or go back.

    :param back: whether it may go back by one minor version.
    :raises MeshyardError: it would.
    """
    if deployment is None:
        return
    found = plane.control_planes([deployment])
    if not found or found[0].version == str(version):
        return
    try:
        running = versions.parse(found[0].version)
    except MeshyardError:  # an image of the user's own, which tells no version
        return
    try:
        versions.check_step(running, version, in_place=True, rollback=back)
    except MeshyardError as problem:
        problem.problem += f" Revision {found[0].revision} on cluster {cluster.name} would change in place."
        raise


def release_name(deployment: Object | None, names: Names) -> str:
    """The name of the release that the chart writes into labels: that of an adopted plane stays, or its pods would restart."""
    came_from = adoption.origin(deployment) if deployment else None
    return came_from.release if came_from and came_from.release else names.istiod


def chosen_values(cluster: Cluster, chart: Renderer, names: Names, given: Mapping[str, Any], source: str | None, warn: Warn) -> Object:
    """The values to render: those of another revision if one is named, and over them those that the user gives.

    :param source: the revision whose values are carried over.
    :raises MeshyardError: that revision has recorded none.
    """
    carried = chart.carried_over(_recorded(cluster, names, source, warn), f"revision {source} on cluster {cluster.name}") if source else {}
    merged = values.merge(carried, values.hoist(given))
    plain = names.revision == labels.DEFAULT
    return values.merge({"global": {"istioNamespace": names.namespace}}, merged, {"revision": "" if plain else names.revision})


def _recorded(cluster: Cluster, names: Names, source: str, warn: Warn) -> Object:
    """The values that a revision was made with; once it is retired, those that were carried over from it."""
    for revision in dict.fromkeys((source, names.revision)):
        name = Names(revision, names.namespace).values
        found = read.get(cluster, kinds.kind("ConfigMap"), name, names.namespace)
        if found is not None:
            if revision != source:
                warn(f"Revision {source} is gone from cluster {cluster.name}: the values that {revision} was made with stay.")
            return values.recorded(found)
    raise MeshyardError(
        f"Revision {source} on cluster {cluster.name} has no ConfigMap {names.namespace}/{Names(source, names.namespace).values} "
        "with its values.",
        "Correct values_from_revision, or give the values of the new revision in values.",
    )


def seen(cluster: Cluster, names: Names, rendered: list[Object], found: Sequence[Object] | None = None) -> Seen:
    """What is there of the revision, in about a dozen list requests.

    :param found: what C(deployments) found, where that was asked.
    """
    known = {} if found is None else {_DEPLOYMENT.name: found}
    live = observe.owned(cluster, install.owner(names.revision), rendered, INVENTORY, known)
    return Seen(live, bool(live) or namespace_exists(cluster, names.namespace))


def namespace_exists(cluster: Cluster, name: str) -> bool:
    """Whether there is such a namespace."""
    return read.get(cluster, kinds.kind("Namespace"), name, metadata_only=True) is not None


def made_by(live: Mapping[Ref, Object], names: Names) -> str:
    """Who made the revision that is there: C(meshyard), C(helm), C(istioctl), C(operator), C(unknown) or C(nobody)."""
    for ref, obj in sorted(live.items(), key=lambda item: item[0].kind != "Deployment"):
        if ref.name == names.istiod or raw.name(obj) == names.mutating_webhook:
            return maker.maker(obj).kind
    return "nobody"
