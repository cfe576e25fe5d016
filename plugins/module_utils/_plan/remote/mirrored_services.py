# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Services of the primary mirrored on a remote cluster: a Service without selector and the endpoints that the primary shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence

from ..._errors import InvalidOption, MeshyardError
from ..._mesh import raw
from ..._words import listed
from ..objects import adoption
from ..objects.convergence import converge, owner_of, stamped
from ..objects.steps import Delete, Object, Plan, Ref, ref_of
from . import endpoint_source

OWNER = "mirrored-services"
SERVICE_NAME = "kubernetes.io/service-name"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
# As many as Kubernetes' own controller puts into one slice: each change sends a whole slice to every node.
MOST = 100
_FAMILIES = ("IPv4", "IPv6")
_HEADLESS = "None"


def subjects(services: Iterable[Mapping[str, str]]) -> list[str]:
    """Services as C(namespace/name), each once.

    :raises MeshyardError: one cannot be a namespace and a name.
    """
    found = {f"{one['namespace']}/{one['name']}" for one in services}
    for subject in sorted(found):
        if not endpoint_source.is_service(subject):
            raise InvalidOption(
                f"{subject} in services is not the namespace and the name of a Service.",
                "Give both in lower-case letters, digits, dashes and dots, without a slash.",
            )
    return sorted(found)


def service(primary: raw.Raw) -> Object:
    """The Service on the remote cluster that stands for one of the primary."""
    ports = [_port(port) for port in raw.items(primary, "spec", "ports")]
    headless = {"clusterIP": _HEADLESS} if raw.text(primary, "spec", "clusterIP") == _HEADLESS else {}
    meta = {"name": raw.name(primary), "namespace": raw.namespace(primary)}
    return stamped([{"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {**headless, "ports": ports}}], OWNER)[0]


def slices(subject: str, shown: Iterable[raw.Raw]) -> list[Object]:
    """The slices of a mirrored Service: one for each family and set of ports, and more where one would be too large.

    :param subject: C(namespace/name). :param shown: the slices of the primary's Service.
    """
    groups: dict[tuple[str, str], set[str]] = {}
    for one in shown:
        ports = json.dumps([_port(port) for port in raw.items(one, "ports")], sort_keys=True)
        known = groups.setdefault((raw.text(one, "addressType"), ports), set())
        known |= {address for endpoint in raw.items(one, "endpoints") if _is_ready(endpoint) for address in endpoint["addresses"]}
    made = []
    for (family, ports), addresses in sorted(groups.items()):
        ordered = sorted(addresses) if family in _FAMILIES else []
        # Named by their ports and not by their position, so that a slice keeps its name while other ports come and go.
        stem = f"{family.lower()}-{hashlib.sha256(ports.encode()).hexdigest()[:6]}"
        for start in range(0, len(ordered), MOST):
            number = start // MOST + 1
            made.append(_slice(subject, f"{stem}-{number}", family, json.loads(ports), ordered[start : start + MOST]))
    return stamped(made, OWNER)


def towards(subject: str, shown: Iterable[raw.Raw], live: Iterable[Object]) -> tuple[Plan, bool]:
    """The steps for the slices of a mirrored Service, and whether the primary shows an endpoint at all.

    Without one the slices stay as they are. A Service that never had one gets an empty slice, by which it is found later.
    """
    known = {ref_of(obj): obj for obj in live}
    wanted = slices(subject, shown)
    if not wanted:
        none = stamped([_slice(subject, "none", _FAMILIES[0], [], [])], OWNER)
        return (() if known else converge(none, {}, OWNER)), False
    targets = {ref_of(obj) for obj in wanted}
    surplus = (Delete(ref, obj["metadata"].get("uid", ""), "has no endpoint any more") for ref, obj in known.items() if ref not in targets)
    return (*converge(wanted, known, OWNER, prune=False), *surplus), True


def refuse_service(found: raw.Raw | None, subject: str, cluster: str) -> None:
    """Returns when a Service of the primary can be mirrored.

    :raises MeshyardError: it is not there, or is a name without endpoints.
    """
    if found is None:
        raise MeshyardError(
            f"There is no Service {subject} on the primary cluster {cluster}.", "Correct services, or create it there first."
        )
    if raw.text(found, "spec", "type") == "ExternalName":
        raise MeshyardError(
            f"Service {subject} of the primary cluster {cluster} is of type ExternalName: it has no endpoints to mirror.",
            "Create a Service of the same type on this cluster instead, and take it out of services.",
        )


def refuse_strangers(targets: Iterable[Object], live: Mapping[Ref, Object], cluster: str) -> None:
    """Returns unless something of that name on the remote cluster was made by others.

    :raises MeshyardError: it was, and stays theirs.
    """
    existing = [live[ref] for ref in map(ref_of, targets) if ref in live]
    adoption.refuse_operators(existing, cluster)
    found = adoption.strangers(existing, OWNER)
    if found:
        ref = min(found)
        raise MeshyardError(
            f"{ref} on cluster {cluster} was made by {adoption.said(found[ref])}, and would be overwritten by the mirrored one.",
            "Remove it there, or take this service out of services.",
            code="not_ours",
            made_by=found[ref].kind,
        )


def refuse_namespaces(missing: Sequence[str], cluster: str) -> None:
    """Returns when the namespaces of all services are there.

    :raises MeshyardError: one is not; labels and rights of a namespace are not for this module to choose.
    """
    if missing:
        raise MeshyardError(
            f"There is no namespace {listed(missing, ' and no namespace ')} on cluster {cluster}.",
            "Create it there first, then run again.",
            code="namespace_missing",
        )


def removal(live: Mapping[Ref, Object], kept: Iterable[str], reason: str) -> Plan:
    """The deletion of all mirrored Services and their slices but of those that are kept, each as C(namespace/name)."""
    stays = set(kept)
    stale = [ref for ref, obj in live.items() if owner_of(obj) == OWNER and subject_of(obj) not in stays]
    return tuple(Delete(ref, live[ref]["metadata"].get("uid", ""), reason) for ref in sorted(stale))


def subject_of(obj: raw.Raw) -> str:
    """The Service, as C(namespace/name), that a mirrored object belongs to."""
    name = raw.name(obj) if obj["kind"] == "Service" else raw.labels_of(obj).get(SERVICE_NAME, "")
    return f"{raw.namespace(obj)}/{name}"


def _slice(subject: str, suffix: str, family: str, ports: list[Object], addresses: Iterable[str]) -> Object:
    namespace, _slash, name = subject.partition("/")
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-{suffix}",
            "namespace": namespace,
            "labels": {SERVICE_NAME: name, _MANAGED_BY: "meshyard"},
            "annotations": endpoint_source.Source(endpoint_source.SERVICE, subject).annotation,
        },
        "addressType": family,
        "endpoints": endpoint_source.ready(addresses),
        "ports": ports,
    }


def _port(port: raw.Raw) -> Object:
    return {key: port[key] for key in ("name", "port", "protocol", "appProtocol") if port.get(key) is not None}


def _is_ready(endpoint: raw.Raw) -> bool:
    """Whether it takes requests; Kubernetes reads an unknown state as ready."""
    return raw.at(endpoint, "conditions", "ready") is not False
