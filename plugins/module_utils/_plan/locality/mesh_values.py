# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Locality load balancing of a mesh: which values of a revision change, and how they become again what they were.

What they were lies in an annotation of the ConfigMap with the values. It belongs to another field manager than the rest of that
object, so that no apply of the revision takes it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..._charts import values, versions
from ..._errors import MeshyardError
from ..._mesh import raw
from ..._mesh.plane import ControlPlane
from ..._words import listed
from ..control_plane import install
from ..objects import merge_patch
from ..objects.steps import Object, Patch, Plan, ref_of
from . import record as locality_record

ANNOTATION = locality_record.ANNOTATION
# The first version whose mesh configuration has a default traffic policy.
FIRST = (1, 31)
VALUES = {
    "localityLbSetting": ("meshConfig", "localityLbSetting"),
    "outlierDetection": ("meshConfig", "defaultTrafficPolicy", "outlierDetection"),
    "connectionPool": ("meshConfig", "defaultTrafficPolicy", "connectionPool"),
}


@dataclass(frozen=True)
class Decision:
    """The values that the revision is to have, with what is written before and after they change.

    :ivar nothing: there is no former state to be brought back, so that nothing is looked at or changed.
    """

    values: Object
    before: Plan = ()
    after: Plan = ()
    nothing: bool = False


def chosen(planes: Sequence[ControlPlane], revision: str | None, cluster: str) -> ControlPlane:
    """The control plane whose values change.

    :param planes: those whose istiod runs in the cluster. :param revision: as the user named it, if at all.
    :raises MeshyardError: there is none, several and none was named, or others made it.
    """
    names = listed(plane.revision for plane in planes)
    found = [plane for plane in planes if revision in (None, plane.revision)]
    if not found:
        what = f"no control plane of revision {revision}" if revision else "no control plane"
        known = f"; there are {names}" if names else ""
        raise MeshyardError(
            f"There is {what} on cluster {cluster}{known}.",
            "Correct revision, or work on the cluster in which istiod of this mesh runs.",
        )
    if len(found) > 1:
        raise MeshyardError(
            f"There are several control planes on cluster {cluster}: {names}.", "Name one of them in revision: each has values of its own."
        )
    _refuse_others(found[0], cluster)
    return found[0]


def chart_version(plane: ControlPlane, deployment: raw.Raw) -> versions.Version:
    """The version of the chart that the plane was rendered from, which an image of the user's own does not tell.

    :raises MeshyardError: nobody knows it.
    """
    version = raw.labels_of(deployment).get("app.kubernetes.io/version") or plane.version
    return versions.parse(version)


def refuse_version(version: versions.Version, asked: Object, plane: ControlPlane, cluster: str) -> None:
    """Returns where this version of Istio does what is asked for in its mesh configuration.

    :raises MeshyardError: it does not know outlier detection there, without which failover does nothing.
    """
    if (version.major, version.minor) >= FIRST:
        return
    setting = asked.get("localityLbSetting") or {}
    fields = [
        name
        for name, given in (
            ("outlier_detection", "outlierDetection" in asked),
            ("connection_pool", "connectionPool" in asked),
            ("failover", "failover" in setting),
            ("failover_priority", "failoverPriority" in setting),
        )
        if given
    ]
    if fields:
        raise MeshyardError(
            f"Revision {plane.revision} on cluster {cluster} is Istio {version}, whose mesh configuration has no outlier detection or "
            f"connection pool before {FIRST[0]}.{FIRST[1]}; without outlier detection nothing fails over, so that {' and '.join(fields)} "
            "cannot be set for the mesh.",
            "Upgrade Istio first, or set it for each service: give namespace, name and service_host.",
        )


def present(asked: Object, recorded: Object, config_map: Object) -> Decision:
    """The values with the fields that were asked for.

    :param recorded: the values that the revision was made with. :param config_map: the object that holds them.
    """
    plain = values.hoist(recorded)
    former = _former(config_map) or {}
    kept = locality_record.kept(former, asked, plain, VALUES)
    after = locality_record.changed(plain, locality_record.targets(former, asked), VALUES)
    if after == plain and not former:
        return Decision(recorded)
    if kept == former:
        return Decision(after)
    # Values that go back to what they were lose their record only once they have done so.
    lost = former.keys() - kept.keys()
    both = {**former, **kept}
    before = () if both == former else _annotate(config_map, locality_record.written(both), "record the former values")
    last = _annotate(config_map, locality_record.written(kept), "record the former values", settled=True) if lost else ()
    return Decision(after, before, last)


def absent(recorded: Object, config_map: Object) -> Decision:
    """The values as they were before."""
    former = _former(config_map)
    if former is None:
        return Decision(recorded, nothing=True)
    after = locality_record.changed(values.hoist(recorded), former, VALUES)
    return Decision(after, (), _annotate(config_map, None, "the former values are back", settled=True))


def touched(asked: Object) -> Object:
    """What is asked for, as values."""
    return locality_record.changed({}, asked, VALUES)


def describe(plane: ControlPlane, version: versions.Version, policy: raw.Raw) -> dict[str, Any]:
    """The revision and its settings as they are returned."""
    settings = {field: raw.at(policy, *(("loadBalancer", field) if field == "localityLbSetting" else (field,))) for field in VALUES}
    return {"revision": plane.revision, "version": str(version), "settings": settings}


def _refuse_others(plane: ControlPlane, cluster: str) -> None:
    made = plane.made_by
    if (made.kind, made.name) == ("meshyard", install.owner(plane.revision)):
        return
    by = f"{made.name}, which keeps it" if made.kind == "operator" else {"helm": "Helm", "istioctl": "istioctl"}.get(made.kind, "others")
    take = f"Take it over by istio_revision with adopt and values_from_revision {plane.revision} first"
    raise MeshyardError(
        f"Revision {plane.revision} on cluster {cluster} was made by {by}, and only values of a revision of this collection are changed.",
        f"{'Set it where that one takes its values from' if made.kind == 'operator' else take}, or set the rules of each service.",
        code="not_ours",
        made_by=made.kind,
    )


def _former(config_map: Object) -> Object | None:
    return locality_record.parse(config_map, "Set the values as they should be by istio_revision, remove the annotation, and run again.")


def _annotate(config_map: Object, text: str | None, reason: str, *, settled: bool = False) -> Plan:
    """The step that writes or removes the annotation.

    :param settled: the object has changed by then, through a step of the same plan.
    """
    patch = {"metadata": {"annotations": {ANNOTATION: text}}}
    version = "" if settled else raw.text(config_map, "metadata", "resourceVersion")
    return (Patch(ref_of(config_map), patch, merge_patch.MANAGER, merge_patch.restricted(config_map, patch), version, reason),)
