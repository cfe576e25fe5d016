# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""A revision on a remote cluster: what the chart's remote profile renders, with the addresses by which istiod is reached."""

from __future__ import annotations

import copy
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._charts import values
from ..._errors import MeshyardError
from ..._mesh import labels, raw
from ..._mesh.revision import Names
from ..._words import listed
from ..objects import adoption
from ..objects.convergence import stamped
from ..objects.steps import Create, Object, Patch, Plan, Ref, ref_of
from . import leftovers
from .endpoint_source import GATEWAY, PODS, Source, ready
from .leftovers import MANAGER

NETWORK = "topology.istio.io/network"
CONTROLLED_BY = "topology.istio.io/controlPlaneClusters"
OWNER = "remote-"  # and the revision
# What istiod does on a cluster that it serves, besides reading it: it sets the webhook's CA bundle, puts the root certificate into
# every namespace, and elects a leader. The chart grants much more, such as all configuration of Istio and services exported to others.
SERVING: list[Object] = [
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "get", "list", "watch", "update"]},
    {
        "apiGroups": ["admissionregistration.k8s.io"],
        "resources": ["mutatingwebhookconfigurations"],
        "verbs": ["get", "list", "watch", "update"],
    },
]
_READER = "istio-reader-clusterrole"
_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_ANY = "*"
# The chart needs an address to render, and records it among its values. These are for documentation (RFC 5737, RFC 3849): with a
# real one, that record would change whenever istiod's address does. The addresses themselves are in our EndpointSlice.
PLACEHOLDER_ADDRESSES = {4: "192.0.2.1", 6: "2001:db8::1"}


@dataclass(frozen=True)
class Place:
    """A remote cluster in its mesh.

    :ivar cluster: the name by which istiod knows it. :ivar network: empty where all clusters share one network.
    :ivar primary: the name by which the primary's istiod knows its own cluster.
    """

    cluster: str
    network: str
    primary: str


@dataclass(frozen=True)
class Istiod:
    """The istiod of a revision on its primary: its cluster's name, whether it serves other clusters, and its image."""

    cluster: str
    serves_others: bool
    image: str = ""


def owner(revision: str) -> str:
    """The owner of the objects of a revision on a remote cluster."""
    return f"{OWNER}{revision}"


def istiod(deployment: raw.Raw) -> Istiod:
    """What a primary's Deployment tells of itself by its environment."""
    containers = raw.items(deployment, "spec", "template", "spec", "containers")
    env = {raw.text(one, "name"): raw.text(one, "value") for container in containers for one in raw.items(container, "env")}
    image = raw.text(containers[0], "image") if containers else ""
    return Istiod(env.get("CLUSTER_ID") or "Kubernetes", env.get("EXTERNAL_ISTIOD") == "true", image)


def refuse_name(name: str) -> None:
    """Returns when a cluster name is possible.

    :raises MeshyardError: istiod would not take it.
    """
    if not _DNS_LABEL.fullmatch(name):
        raise MeshyardError(
            f"The cluster name {name!r} is not a DNS label.",
            "Use lower-case letters, digits and dashes, with a letter or digit at both ends, at most 63 characters.",
        )


def refuse_istiod(found: Istiod | None, place: str, names: Names, cluster: str) -> None:
    """Returns when the primary's istiod can serve a remote cluster of this name.

    :param place: the name of the remote cluster. :param cluster: the primary, in words.
    :raises MeshyardError: there is none, it serves nobody else, or it has that name itself.
    """
    if found is None:
        raise MeshyardError(
            f"There is no istiod {names.namespace}/{names.istiod} on the primary cluster {cluster}.",
            "Install the revision there first, or correct revision, control_plane_namespace or the connection of primary.",
        )
    if not found.serves_others:
        raise MeshyardError(
            f"The istiod {names.namespace}/{names.istiod} of cluster {cluster} serves its own cluster only: it would never trust the "
            "webhook of this one.",
            "Set the value global.externalIstiod to true for this revision on the primary, then run again.",
        )
    if found.cluster == place:
        raise MeshyardError(
            f"The cluster name {place} is that of the primary cluster {cluster} itself.",
            "Give each cluster of a mesh a name of its own.",
        )


def refuse_addresses(addresses: Sequence[str], source: str) -> None:
    """Returns when istiod has addresses that a Service without selector can have as endpoints.

    :param source: where they come from, in words.
    :raises MeshyardError: there is none, or one is a host name.
    """
    if not addresses:
        raise MeshyardError(
            f"There is no address of istiod: {source} has none.",
            "Wait until it has one, or give addresses with reach address.",
        )
    for address in addresses:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise MeshyardError(
                f"{address} ({source}) is a host name, and the API server calls webhooks behind a Service by IP addresses only.",
                "Resolve it and give the IP addresses in addresses with reach address, or give the gateway's Service fixed addresses.",
            ) from None
    if len({ipaddress.ip_address(address).version for address in addresses}) > 1:
        raise MeshyardError(
            f"The addresses {listed(addresses)} are of two families, and one EndpointSlice takes one.", "Give addresses of one family."
        )


def chart_values(place: Place, names: Names, addresses: Sequence[str], given: Mapping[str, Any]) -> Object:
    """The values of the istiod chart, those of the user below what joins the cluster."""
    ours = {
        "profile": "remote",
        "revision": "" if names.revision == labels.DEFAULT else names.revision,
        "global": {
            "istioNamespace": names.namespace,
            "remotePilotAddress": PLACEHOLDER_ADDRESSES[ipaddress.ip_address(addresses[0]).version],
            "multiCluster": {"clusterName": place.cluster},
            **({"network": place.network} if place.network else {}),
        },
    }
    path = {"istiodRemote": {"injectionPath": f"/inject/cluster/{place.cluster}/net/{place.network or place.cluster}"}}
    return values.merge(path, values.hoist(given), ours)


def wanted(
    rendered: Iterable[Object], names: Names, addresses: Sequence[str], source: Source, *, least_rights: bool = True
) -> list[Object]:
    """The objects as they are to be applied: the chart's own slice holds one address, ours holds all and names their source.

    :param least_rights: whether the reader gets only what istiod was seen to do on a cluster that it serves, see C(SERVING).
    """
    complete = [_complete(obj, addresses, source) if _is_slice(obj, names) else obj for obj in rendered]
    narrowed = [{**obj, "rules": copy.deepcopy(SERVING)} if least_rights and _is_reader(obj) else obj for obj in complete]
    return stamped(narrowed, owner(names.revision))


def source(reach: str, revision: str, gateway_service: str) -> Source:
    """Where the addresses of istiod come from."""
    return Source(reach, {PODS: revision, GATEWAY: gateway_service}.get(reach, ""))


def namespace_plan(live: raw.Raw | None, names: Names, place: Place) -> Plan:
    """The step by which the control plane namespace names its network and who may write into it."""
    meta: Object = {"annotations": {CONTROLLED_BY: _controllers(live, place.primary)}}
    if place.network:
        meta["labels"] = {NETWORK: place.network}
    if live is None:
        meta["annotations"] |= leftovers.record(None, meta)
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": names.namespace, **meta}}
        return (Create(body, MANAGER, "the control plane has no namespace yet"),)
    present = {"annotations": raw.annotations_of(live), "labels": raw.labels_of(live)}
    changing = {part: new for part, pairs in meta.items() if (new := {k: v for k, v in pairs.items() if present[part].get(k) != v})}
    if not changing:
        return ()
    changing["annotations"] = changing.get("annotations", {}) | leftovers.record(live, changing)
    before = {part: {key: present[part].get(key) for key in pairs} for part, pairs in changing.items()}
    ref = Ref("v1", "Namespace", "", names.namespace)
    return (Patch(ref, {"metadata": changing}, MANAGER, {"metadata": before}, "", "joins the mesh"),)


def refuse_network(live: raw.Raw | None, place: Place, cluster: str) -> None:
    """Returns unless the cluster is in another network already.

    :raises MeshyardError: it is; pods would stay Ready while istiod refuses them.
    """
    present = raw.labels_of(live).get(NETWORK) if live else None
    if present and place.network and present != place.network:
        raise MeshyardError(
            f"Namespace {raw.name(live or {})} of cluster {cluster} names the network {present}, but option network is {place.network}.",
            "Correct network; to move a live cluster to another network, leave the mesh first and join again.",
        )


def refuse_strangers(targets: Iterable[Object], live: Mapping[Ref, Object], names: Names, cluster: str) -> None:
    """Returns unless something of the revision on this cluster was made by others.

    :raises MeshyardError: it was; another revision stands beside it.
    """
    existing = [live[ref] for ref in map(ref_of, targets) if ref in live]
    adoption.refuse_operators(existing, cluster)
    found = adoption.strangers(existing, owner(names.revision))
    if found:
        ref = min(found)
        raise MeshyardError(
            f"Revision {names.revision} on cluster {cluster} was made by {adoption.said(found[ref])} ({len(found)} objects, first {ref}).",
            "Choose another revision to stand beside it, or remove what is there first.",
            code="not_ours",
            made_by=found[ref].kind,
        )


def _controllers(live: raw.Raw | None, primary: str) -> str:
    """Who may write into the cluster: those named already, and the primary."""
    controlled_by = raw.annotations_of(live or {}).get(CONTROLLED_BY, "")
    named = [name.strip() for name in controlled_by.split(",") if name.strip()]
    return controlled_by if primary in named or _ANY in named else ",".join([*named, primary])


def _is_slice(obj: Object, names: Names) -> bool:
    return obj["kind"] == "EndpointSlice" and ref_of(obj).name == names.istiod


def _is_reader(obj: Object) -> bool:
    return obj["kind"] == "ClusterRole" and ref_of(obj).name.startswith(_READER)


def _complete(obj: Object, addresses: Sequence[str], source: Source) -> Object:
    family = f"IPv{ipaddress.ip_address(addresses[0]).version}"
    meta = {**obj["metadata"], "annotations": {**raw.annotations_of(obj), **source.annotation}}
    return {**obj, "metadata": meta, "addressType": family, "endpoints": ready(addresses)}
