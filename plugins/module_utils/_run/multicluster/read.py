# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading what decides whether clusters can be one mesh, and asking an API server from a pod of another cluster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._charts import manifests
from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._errors import Abandoned, MeshyardError
from ..._mesh import certificate, labels, plane, proxies, raw, secret_data
from ..._mesh.revision import Names
from ..._plan.control_plane import identity
from ..._plan.gateways import addresses as gateway_addresses
from ..._plan.multicluster.model import Gateway, Given, Plane, Probe, Reach, Trust, View
from ..._plan.objects.steps import Object
from ..._plan.remote import control_plane as remote_control_plane
from ..objects.partial import PartialReader
from ..probe import send as probe
from ..probe.exec import Request
from ..probe.source import Source, WaitPolicy
from ..remote import control_plane as reading
from ..remote import secret as remote_secrets

_CA_SECRETS = ("cacerts", "istio-ca-secret")
_SHOWN = "istio-ca-root-cert"
# istiod takes both names; the CA that it makes itself is its own root.
_ROOT_KEYS = {"cacerts": ("root-cert.pem", "ca.crt"), "istio-ca-secret": ("root-cert.pem", "ca-cert.pem")}
# Everybody may ask for it, and any answer tells that somebody is there.
_ASKED = "/version"
_ATTEMPTS = 2


def unreachable(given: Given, host: str, problem: MeshyardError) -> View:
    """A cluster to which there is no connection."""
    return View(given, host=host, problem=problem)


def view(given: Given, cluster: Cluster, namespace: str, joining: str) -> View:
    """One cluster as it is, in about 15 requests.

    :param joining: the name of the cluster that is to join, whose remote secret is looked for.
    """
    seen = PartialReader(cluster)
    try:
        home = seen.attempt(lambda: read.get(cluster, kind("Namespace"), namespace, metadata_only=True), None)
        deployments = seen.whole("Deployment", namespace, labels="app=istiod")
        found = plane.control_planes(deployments, seen.whole("MutatingWebhookConfiguration"), seen.whole("Service", namespace))
        planes = tuple(_plane(seen, namespace, one, deployments) for one in found if one.location == "cluster")
        pods = [pod for pod in seen.reduced("Pod") if not proxies.finished(pod)]
        own, ca_read = _own_root(seen, namespace)
        return View(
            given,
            host=cluster.host,
            uid=cluster.uid,
            home=home,
            planes=planes,
            served=any(one.location != "orphan" for one in found),
            own=own,
            ca_read=ca_read,
            shown=_shown_root(seen, namespace),
            secrets=seen.attempt(lambda: remote_secrets.here(cluster, namespace, joining, seen.unread.append), None),
            gateways=tuple(map(_gateway, seen.whole("Service", labels=remote_control_plane.NETWORK))),
            kubernetes=seen.attempt(lambda: read.server_version(cluster), ""),
            ranges=tuple(_ranges(seen.reduced("Node"))),
            pods=_addresses(pods),
            proxies=proxies.proxies(pods),
            unread=tuple(seen.unread),
        )
    except Abandoned:
        raise
    except MeshyardError as problem:
        return unreachable(given, cluster.host, problem)


def reach(cluster: Cluster, namespace: str, revision: str, planes: Sequence[Plane], options: Mapping[str, Any]) -> Reach:
    """The addresses of the istiod of a revision, without one those of the first plane there is."""
    chosen = revision or next((one.revision for one in planes), labels.DEFAULT)
    try:
        addresses, source = reading.addresses(cluster, Names(chosen, namespace), options)
    except Abandoned:
        raise
    except MeshyardError as problem:
        return Reach(problem=problem)
    return Reach(tuple(addresses), source)


def ask(cluster: Cluster, namespace: str, image: str, server: str, patience: WaitPolicy) -> Probe:
    """Whether anything answers at a server when a pod of this cluster asks; the pod is deleted again whatever happens."""
    source = Source(namespace=namespace, temporary=True, image=image, labels={labels.INJECT: "false"})
    try:
        sent = probe.send(cluster, source, Request(f"{server.rstrip('/')}{_ASKED}", count=_ATTEMPTS, tls_verify=False), patience)
    except Abandoned:
        raise
    except MeshyardError as problem:
        return Probe(None, problem.problem)
    if any(answer.status is not None for answer in sent.answers):
        return Probe(True)
    return Probe(False, next((answer.error for answer in sent.answers if answer.error), "no answer"))


def _plane(seen: PartialReader, namespace: str, found: plane.ControlPlane, deployments: Iterable[Object]) -> Plane:
    deployment = next(one for one in deployments if raw.name(one) == found.deployment)
    names = Names(found.revision, namespace)
    maps = [one for one in (seen.get("ConfigMap", namespace, name) for name in (names.mesh_config, names.injector)) if one]
    known = identity.identity([*maps, deployment], names, _yaml)
    mesh = next((_yaml(raw.text(one, "data", "mesh")) for one in maps if raw.name(one) == names.mesh_config), None)
    istiod = remote_control_plane.istiod(deployment)
    return Plane(
        revision=found.revision,
        version=found.version,
        cluster_id=istiod.cluster,
        serves_others=istiod.serves_others,
        mesh_id=raw.text(mesh or {}, "defaultConfig", "meshId") or known.get("global.meshID", ""),
        trust_domain="" if mesh is None else known.get("meshConfig.trustDomain") or "cluster.local",
        network=known.get("global.network", ""),
        aliases=tuple(str(one) for one in raw.items(mesh or {}, "trustDomainAliases")),
    )


def _yaml(text: str) -> dict[str, Any]:
    """One document; nothing where someone broke it."""
    try:
        found = manifests.documents_of(text)
    except MeshyardError:
        return {}
    return found[0] if found and isinstance(found[0], dict) else {}


def _own_root(seen: PartialReader, namespace: str) -> tuple[Trust | None, bool]:
    """The root of the CA as istiod would find it, and whether it could be looked for."""
    before = len(seen.unread)
    for name in _CA_SECRETS:
        found = seen.get("Secret", namespace, name)
        for key in _ROOT_KEYS[name]:
            roots = certificate.certificates(secret_data.text(found or {}, key))
            if roots:
                return Trust(f"Secret {namespace}/{name}", tuple(roots)), True
    return None, len(seen.unread) == before


def _shown_root(seen: PartialReader, namespace: str) -> Trust | None:
    found = seen.get("ConfigMap", namespace, _SHOWN)
    roots = certificate.certificates(raw.text(found or {}, "data", "root-cert.pem"))
    return Trust(f"ConfigMap {namespace}/{_SHOWN}", tuple(roots)) if roots else None


def _gateway(service: Object) -> Gateway:
    return Gateway(
        raw.qualified(service), raw.labels_of(service)[remote_control_plane.NETWORK], tuple(gateway_addresses.addresses(service))
    )


def _ranges(nodes: Iterable[Object]) -> list[str]:
    return sorted({one for node in nodes for one in raw.items(node, "spec", "podCIDRs") or [raw.text(node, "spec", "podCIDR")] if one})


def _addresses(pods: Iterable[Object]) -> dict[str, str]:
    """The pods with addresses of their own: those of nodes are another matter."""
    inside = [pod for pod in pods if not raw.at(pod, "spec", "hostNetwork")]
    return {raw.text(one, "ip"): raw.qualified(pod) for pod in inside for one in raw.items(pod, "status", "podIPs") if raw.text(one, "ip")}
