# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What an east-west gateway lets through: the services of the mesh to other networks, and istiod to other clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._errors import InvalidOption, MeshyardError
from ..._mesh import labels, raw
from ..._mesh.revision import Names, check_revision, suffixed
from ..objects import convergence, order
from ..objects.steps import Delete, Object, Plan, Ref, ref_of

OWNER = "exposure"
INVENTORY = ("IstioGateway", "VirtualService")
SERVICES_GATEWAY, ISTIOD_GATEWAY = "cross-network-gateway", "istiod-gateway"
_API = "networking.istio.io/v1"
_XDS, _WEBHOOK, _WEBHOOK_OF_SERVICE = 15012, 15017, 443
_ANY = ["*"]


@dataclass(frozen=True)
class ExposureRequest:
    """What is to be let through.

    :ivar namespace: of istiod. :ivar place: the namespace of the objects. :ivar selector: labels of the gateway's pods.
    :ivar services: whether services are reached from other networks. :ivar revisions: of istiod that are reached from other clusters.
    """

    namespace: str
    place: str
    selector: Mapping[str, str]
    services: bool
    revisions: tuple[str, ...]

    def check(self) -> None:
        """Returns when this can be written.

        :raises MeshyardError: a revision is no name, or the selector would take every gateway.
        """
        for revision in self.revisions:
            check_revision(revision or labels.DEFAULT)
        if not self.selector:
            raise InvalidOption(
                "The selector is empty, so that every gateway of the mesh would let others in.",
                "Name the labels of the east-west gateway's pods, such as istio: eastwestgateway.",
            )


def objects(request: ExposureRequest) -> list[Object]:
    """The objects that let through what is wished for."""
    found = [_services(request)] if request.services else []
    revisions = sorted({revision or labels.DEFAULT for revision in request.revisions})
    if revisions:
        found += [_istiod(request), *(_route(request, revision) for revision in revisions)]
    return convergence.stamped(found, OWNER)


def theirs(wanted: Iterable[Object], live: Mapping[Ref, Object], cluster: str) -> tuple[Ref, ...]:
    """The wanted objects that somebody else made, and that do what is wanted.

    :raises MeshyardError: one of somebody else does something else.
    """
    left = []
    for obj in wanted:
        ref = ref_of(obj)
        found = live.get(ref)
        if found is None or convergence.owner_of(found) == OWNER:
            continue
        if _normal(found.get("spec")) not in (_normal(obj["spec"]), _normal(_for_any_name(obj))):
            raise MeshyardError(
                f"{ref.kind} {ref.namespace}/{ref.name} on cluster {cluster} was made by somebody else and lets through something else "
                "than what is wanted.",
                f"Delete it or rename it, then run again. To keep it, give it the content that is wanted: {_normal(obj['spec'])}.",
                code="not_ours",
            )
        left.append(ref)
    return tuple(left)


def plan(wanted: Iterable[Object], live: Mapping[Ref, Object], left: Iterable[Ref]) -> Plan:
    """The steps towards what is wanted; what others made stays, what of ours is not wanted any more goes."""
    kept = set(left)
    ours = [obj for obj in wanted if ref_of(obj) not in kept]
    steps = convergence.converge(ours, live, OWNER, prune=False)
    named = {ref_of(obj) for obj in ours}
    stale = [ref for ref, obj in live.items() if convergence.owner_of(obj) == OWNER and ref not in named]
    gone = (Delete(ref, raw.text(live[ref], "metadata", "uid"), "is no longer exposed") for ref in sorted(stale, key=order.deletion))
    return (*steps, *gone)


def _services(request: ExposureRequest) -> Object:
    """Any service by its name in the TLS handshake, which only workloads of the mesh can begin."""
    server = {"port": _port("tls", 15443), "tls": {"mode": "AUTO_PASSTHROUGH"}, "hosts": ["*.local"]}
    return _object("Gateway", SERVICES_GATEWAY, request, {"selector": dict(request.selector), "servers": [server]})


def _istiod(request: ExposureRequest) -> Object:
    """The ports of istiod; the routes tell which revision is meant."""
    ports = (_port("tls-istiod", _XDS), _port("tls-istiodwebhook", _WEBHOOK))
    servers = [{"port": port, "tls": {"mode": "PASSTHROUGH"}, "hosts": list(_ANY)} for port in ports]
    return _object("Gateway", ISTIOD_GATEWAY, request, {"selector": dict(request.selector), "servers": servers})


def _route(request: ExposureRequest, revision: str) -> Object:
    service = f"{Names(revision, request.namespace).istiod}.{request.namespace}.svc"
    names = [service, f"{service}.cluster.local"]
    pairs = ((_XDS, _XDS), (_WEBHOOK, _WEBHOOK_OF_SERVICE))
    routes = [
        {
            "match": [{"port": port, "sniHosts": list(names)}],
            "route": [{"destination": {"host": names[1], "port": {"number": target}}}],
        }
        for port, target in pairs
    ]
    spec = {"hosts": list(_ANY), "gateways": [ISTIOD_GATEWAY], "tls": routes}
    return _object("VirtualService", suffixed("istiod-vs", revision), request, spec)


def _port(name: str, number: int) -> Object:
    return {"name": name, "number": number, "protocol": "TLS"}


def _object(kind: str, name: str, request: ExposureRequest, spec: Object) -> Object:
    return {"apiVersion": _API, "kind": kind, "metadata": {"name": name, "namespace": request.place}, "spec": spec}


def _for_any_name(obj: Object) -> Object:
    """The route of the plane without a revision as Istio's samples write it: for whatever name is asked for."""
    spec: Object = obj["spec"]
    if obj["metadata"]["name"] != "istiod-vs":
        return spec
    routes = [{**route, "match": [{**one, "sniHosts": _ANY} for one in route["match"]]} for route in spec["tls"]]
    return {**spec, "tls": routes}


def _normal(value: Any, key: str = "") -> Any:
    """As Istio reads it: protocols in any case, host names in any order."""
    if isinstance(value, dict):
        return {name: _normal(below, name) for name, below in value.items()}
    if isinstance(value, list):
        return sorted(value) if key == "sniHosts" else [_normal(one) for one in value]
    return value.upper() if key == "protocol" and isinstance(value, str) else value
