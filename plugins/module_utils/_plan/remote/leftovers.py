# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What joining leaves on a remote cluster besides objects with an owner: marks of its namespace, and what istiod writes there itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._mesh import raw
from ..objects.steps import Delete, Object, Patch, Plan, Ref, ref_of

JOINED = "meshyard.io/joined"
MANAGER = "meshyard-remote"
# Written by istiod into every namespace of a cluster that it serves, and where it elects a leader (pilot/pkg/leaderelection).
SPREAD = ("istio-ca-root-cert", "istio-ca-crl")
_ISTIOD = "pilot-discovery"
_LEADER = "control-plane.alpha.kubernetes.io/leader"
_OF_EVERY_NAMESPACE = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
_MARKS = ("annotations", "labels")


@dataclass(frozen=True)
class Leftovers:
    """A remote cluster as its last reader leaves it.

    :ivar namespace: the control plane namespace; None where there is none. :ivar config_maps: of all namespaces, metadata only.
    :ivar content: what lies in the control plane namespace, metadata only. :ivar served: whether an istiod still serves the cluster.
    """

    namespace: Object | None
    config_maps: tuple[Object, ...] = ()
    content: tuple[Object, ...] = ()
    served: bool = False


def record(live: raw.Raw | None, wanted: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The annotation by which the namespace remembers what it was before it joined; what was noted first holds."""
    known = _parsed(live)
    noted: dict[str, Any] = known or {"created": live is None}
    for part in _MARKS:
        present = raw.mapping(live or {}, "metadata", part)
        noted[part] = {**{key: present.get(key) for key in wanted.get(part, {})}, **(noted.get(part) or {})}
    return {JOINED: json.dumps(noted, sort_keys=True)}


def plan(rest: Leftovers, going: Plan) -> Plan:
    """The steps that take away what nobody owns, once nobody reads the cluster any more.

    :param going: the steps that take away what has an owner.
    """
    if rest.served:
        return ()
    home = raw.name(rest.namespace) if rest.namespace else ""
    stray = [one for one in rest.config_maps if _of_istiod(one, home)]
    deletions = tuple(Delete(ref_of(one), raw.text(one, "metadata", "uid"), "istiod wrote it here") for one in stray)
    return (*deletions, *_namespace(rest, {step.ref for step in (*going, *deletions)}))


def _namespace(rest: Leftovers, gone: Iterable[Ref]) -> Plan:
    joined = _parsed(rest.namespace)
    if rest.namespace is None or joined is None:
        return ()
    ref, uid = Ref("v1", "Namespace", "", raw.name(rest.namespace)), raw.text(rest.namespace, "metadata", "uid")
    kept = [one for one in rest.content if (one["kind"], raw.name(one)) not in _OF_EVERY_NAMESPACE and ref_of(one) not in gone]
    if joined.get("created") and not kept:
        return (Delete(ref, uid, "joining made it, and it is empty"),)
    meta: dict[str, Any] = {part: dict(joined.get(part) or {}) for part in _MARKS}
    meta["annotations"][JOINED] = None
    before = {part: {key: raw.mapping(rest.namespace, "metadata", part).get(key) for key in meta[part]} for part in _MARKS}
    return (Patch(ref, {"metadata": meta}, MANAGER, {"metadata": before}, "", "leaves the mesh"),)


def _parsed(namespace: raw.Raw | None) -> dict[str, Any] | None:
    try:
        found = json.loads(raw.annotations_of(namespace or {}).get(JOINED, "null"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _of_istiod(obj: Object, home: str) -> bool:
    written = any(raw.text(entry, "manager") == _ISTIOD for entry in raw.items(obj, "metadata", "managedFields"))
    elected = raw.namespace(obj) == home and raw.name(obj).endswith("-election") and _LEADER in raw.annotations_of(obj)
    return written and (raw.name(obj) in SPREAD or elected)
