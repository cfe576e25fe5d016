# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is in a mesh, in no more requests than the question needs: pods and namespaces are listed for details only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError, Unreachable
from ..._cluster.peer import Peer
from ..._mesh import certificate, labels, raw, restart, secret_data, syncz
from ..._mesh.evidence import Evidence
from ..._mesh.plane import ControlPlane
from ..._plan.survey.cluster import AMBIENT, Authority, Survey
from ..._plan.survey.clusters import ClustersView, join
from ..._words import listed
from ..dataplane import read as dataplane
from ..objects.partial import PartialReader
from . import evidence, proxies

# What needs pods and namespaces; what needs pods in full and the workloads that own them; what needs the word of the istiods.
_COUNTED = frozenset({"pods", "workloads", "namespaces", "gateways", "blockers", "statistics"})
_DETAILED = frozenset({"pods", "workloads", "statistics", "gateways"})
_CONNECTED = frozenset({"proxies", "statistics"})
# Where a CA lies, the one that signs first: given by the user, or made by istiod itself.
_AUTHORITIES = ("cacerts", "istio-ca-secret")
_AUTHORITY_KEYS = ("ca-cert.pem", "root-cert.pem", "tls.crt", "ca.crt")
_ROOT = "istio-ca-root-cert"
_UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed"

_AT_ONCE = 8


@dataclass(frozen=True)
class Part:
    """A cluster among others of its mesh: its name in Istio, empty where nobody told, and whether it is another than the one asked."""

    name: str
    other: bool = False


def everywhere(cluster: Cluster, name: str, namespace: str, gather: Collection[str], peers: Sequence[Peer]) -> ClustersView:
    """What is in the mesh of several clusters, read at the same time.

    :param name: of the first cluster, by which istiod knows it.
    """
    if not peers:
        return ClustersView([_named(survey(cluster, namespace, gather), name or cluster.name)])
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        others = pool.map(lambda peer: _of_peer(peer, namespace, gather), peers)
        own = survey(cluster, namespace, gather, Part(name))
        found = list(others)
    unreached = {peer.name: one for peer, one in zip(peers, found, strict=True) if isinstance(one, str)}
    return join([own, *(one for one in found if isinstance(one, Survey))], unreached)


def _named(alone: Survey, name: str) -> Survey:
    proof = replace(alone.evidence, cluster=name) if alone.evidence else None
    return replace(alone, name=name, evidence=proof)


def _of_peer(peer: Peer, namespace: str, gather: Collection[str]) -> Survey | str:
    """What is in another cluster, or why it could not be read."""
    if peer.cluster is None:
        return peer.problem
    try:
        return survey(peer.cluster, namespace, gather, Part(peer.name, other=True))
    except (ApiError, Unreachable) as problem:
        return problem.problem.rstrip(".")


def survey(cluster: Cluster, namespace: str, gather: Collection[str] = (), part: Part | None = None) -> Survey:
    """What is in the mesh.

    :param namespace: the control plane namespace; those of other control planes are found by themselves.
    :param gather: the details that are wanted, as in the option C(gather).
    :param part: what the cluster is to others that are read as well; None where it is read alone.
    """
    mesh = dataplane.mesh(cluster, namespace)
    reader = PartialReader(cluster)
    wanted = frozenset(gather)
    proof = _proof(cluster, namespace, part) if "blockers" in wanted else None
    asked = [one for one in mesh.planes if part is None or one.location != "remote"]
    counted, detailed = bool(wanted & _COUNTED), bool(wanted & _DETAILED)
    some = None if counted else f"{labels.DATAPLANE_MODE}={AMBIENT}"
    istiods = reader.whole("Pod", labels=proxies.ISTIOD, fields=proxies.RUNNING) if wanted & _CONNECTED else []
    homes = sorted({one.namespace for one in mesh.planes if one.location == "cluster"})
    replica_sets = reader.reduced("ReplicaSet", metadata_only=True) if detailed else []
    found = Survey(
        mesh=mesh,
        namespaces=_reuse(proof and proof.namespaces, lambda: reader.reduced("Namespace", labels=some, metadata_only=True)),
        pods=_reuse(proof and proof.pods, lambda: reader.reduced("Pod", fields=_UNFINISHED, metadata_only=not detailed)) if counted else (),
        counted=counted,
        workloads={name: _workloads(proof, name, reader) for name in restart.ROLLS} if detailed else {},
        owners=restart.owners_of(replica_sets),
        services=_reuse(proof and proof.services, lambda: reader.reduced("Service")) if "gateways" in wanted else [],
        gateways=reader.reduced("Gateway"),
        connections=_connections(cluster, asked, proof, istiods) if wanted & _CONNECTED else None,
        cluster_id=proxies.cluster_id(istiods) or (part.name if part else ""),
        authorities={home: _authority(reader, home) for home in homes},
        evidence=proof,
        name=(part.name if part else "") or cluster.name,
    )
    found.unreadable.extend(dict.fromkeys([*reader.unread, *_silent(found), *_unread(proof)]))
    return found


def _reuse(known: Any, otherwise: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return list(known) if known is not None else otherwise()


def _proof(cluster: Cluster, namespace: str, part: Part | None) -> Evidence:
    found = evidence.collect(cluster, namespace, retired_too=part is None or not part.other)
    return replace(found, cluster=part.name) if part and part.name else found


def _connections(
    cluster: Cluster, planes: Sequence[ControlPlane], proof: Evidence | None, istiods: list[dict[str, Any]]
) -> syncz.Connections:
    known = proof.connections if proof else None
    return known if known is not None else proxies.connections(cluster, planes, istiods)


def _workloads(proof: Evidence | None, name: str, reader: PartialReader) -> list[dict[str, Any]]:
    known = proof.workloads.get(name) if proof else None
    return _reuse(known, lambda: reader.reduced(name))


def _silent(found: Survey) -> list[str]:
    silent = found.connections.silent if found.connections else ()
    return [f"The istiod {one.istiod} of revision {one.plane} could not be asked for its proxies: {one.reason}." for one in silent]


def _unread(proof: Evidence | None) -> list[str]:
    unread = listed(proof.unread()) if proof else ""
    return [f"These may not be read, so that nothing rules out that they use a revision: {unread}."] if unread else []


def _authority(reader: PartialReader, namespace: str) -> Authority | None:
    """When the CA of the control planes of a namespace expires; without access to its Secret, when its root does."""
    for name in _AUTHORITIES:
        secret = reader.get("Secret", namespace, name)
        found = certificate.expiry("\n".join(secret_data.text(secret or {}, key) for key in _AUTHORITY_KEYS))
        if found:
            return Authority(found, f"Secret {namespace}/{name}")
    root = reader.get("ConfigMap", namespace, _ROOT) or {}
    found = certificate.expiry(raw.text(root, "data", "root-cert.pem"))
    return Authority(found, f"ConfigMap {namespace}/{_ROOT}") if found else None
