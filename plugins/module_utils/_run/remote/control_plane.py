# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading what a remote cluster's join depends on: the primary's istiod and its addresses, and what is there on the remote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._errors import InvalidOption, MeshyardError
from ..._mesh import labels, raw
from ..._mesh.revision import Names
from ..._plan.gateways import addresses as gateway_addresses
from ..._plan.objects.steps import Object
from ..._plan.remote import control_plane as remote_control_plane
from ..._plan.remote import endpoint_source

INVENTORY = (
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Service",
    "EndpointSlice",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
)


def istiod(primary: Cluster, names: Names) -> remote_control_plane.Istiod | None:
    """The istiod of the revision on the primary."""
    found = read.get(primary, kinds.kind("Deployment"), names.istiod, names.namespace)
    return remote_control_plane.istiod(found) if found else None


def stand_in(primary: Cluster, names: Names) -> Names:
    """The names of the revision if its istiod is there, else those of another istiod beside it."""
    found = read.objects(primary, kinds.kind("Deployment"), names.namespace, labels="app=istiod", metadata_only=True)
    revisions = sorted(raw.labels_of(one).get(labels.REV, labels.DEFAULT) for one in found)
    return names if names.revision in revisions or not revisions else Names(revisions[-1], names.namespace)


def addresses(primary: Cluster, names: Names, options: Mapping[str, Any], *, planned: bool = False) -> tuple[list[str], str]:
    """The addresses by which a remote cluster reaches istiod, and where they come from, in words.

    :param planned: whether the gateway is still to be made; then an address of documentation stands for its own.
    """
    if options["reach"] == "address":
        return list(options["addresses"]), "addresses"
    if options["reach"] == "pods":
        return _of_pods(primary, names), f"the ready pods of istiod {names.revision} on cluster {primary.name}"
    return _of_gateway(primary, options["gateway_service"], planned)


def namespace(cluster: Cluster, names: Names) -> Object | None:
    """The control plane namespace of the remote cluster."""
    return read.get(cluster, kinds.kind("Namespace"), names.namespace, metadata_only=True)


def _of_pods(primary: Cluster, names: Names) -> list[str]:
    pods = read.objects(primary, kinds.kind("Pod"), names.namespace, labels=f"app=istiod,{labels.REV}={names.revision}")
    return endpoint_source.of_pods(pods)


def _of_gateway(primary: Cluster, named: str, planned: bool) -> tuple[list[str], str]:
    home, _slash, name = named.partition("/")
    if not home or not name:
        raise InvalidOption(
            f"gateway_service is {named!r}, which is not NAMESPACE/NAME.", "Name the Service as istio-system/istio-eastwestgateway."
        )
    place = f"Service {named} on cluster {primary.name}"
    found = read.get(primary, kinds.kind("Service"), name, home)
    if found is None and not planned:
        raise MeshyardError(
            f"There is no {place}, by which this cluster is to reach istiod.",
            "Install an east-west gateway there with istio_gateway and expose istiod by it, or choose reach address.",
        )
    return gateway_addresses.addresses(found or {}) or ([remote_control_plane.PLACEHOLDER_ADDRESSES[4]] if planned else []), place
