# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The Secret that makes istiod read another cluster: what it holds, and when it is not written."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..._errors import InvalidOption, MeshyardError
from ..._mesh import labels, raw, secret_data
from ..objects.convergence import converge, owner_of, stamped
from ..objects.steps import Delete, Object, Plan, Ref, ref_of
from .kubeconfig import Kubeconfig, parse
from .reader import ACCOUNT, role

OWNER = "remote-secret"
MULTICLUSTER = "istio/multiCluster"
CLUSTER = "networking.istio.io/cluster"
CLUSTER_UID = "meshyard.io/cluster-uid"


@dataclass(frozen=True)
class PrimaryState:
    """The cluster of istiod.

    :ivar secrets: all remote secrets of the namespace, and the one of this name whatever its labels.
    :ivar own_ids: the IDs by which its istiods know their own cluster.
    """

    cluster: str
    namespace: str
    secrets: tuple[Object, ...]
    own_ids: frozenset[str] = frozenset()

    def secret(self, name: str) -> Object | None:
        """The Secret for a cluster."""
        return next((one for one in self.secrets if raw.name(one) == secret_name(name)), None)


def secret_name(name: str) -> str:
    """The name that istioctl gives to the Secret too."""
    return f"{labels.REMOTE_SECRET}{name}"


def check_server(server: str, remote: str) -> None:
    """Refuses a URL by which istiod cannot reach another cluster.

    :raises MeshyardError: no HTTPS URL, or one that leads istiod to itself.
    """
    try:
        parts = urlsplit(server)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme != "https" or not host or parts.username:
        raise InvalidOption(
            f"The server {server!r} of cluster {remote} is not the HTTPS URL of an API server.",
            "Give server as a URL such as https://10.99.0.12:6443.",
        )
    if _leads_to_itself(host):
        raise InvalidOption(
            f"The server {server} of cluster {remote} means the own machine to istiod, which runs in another cluster.",
            "Give server as the URL by which pods of this cluster reach that API server.",
        )


def _leads_to_itself(host: str) -> bool:
    if host.rstrip(".").lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def kubeconfig_of(secret: raw.Raw | None, name: str) -> Kubeconfig | None:
    """The kubeconfig that a Secret holds for a cluster."""
    return parse(secret_data.text(secret or {}, name))


def refuse(here: PrimaryState, wanted: Kubeconfig, remote_uid: str) -> list[str]:
    """Warnings about what is taken over.

    :param wanted: without a token, and without a CA where that is not known yet.
    :raises MeshyardError: the name or the Secret belongs to another cluster.
    """
    name = wanted.name
    if name in here.own_ids:
        raise InvalidOption(
            f"The name {name} is the ID of cluster {here.cluster} itself, so that its istiod would ignore the remote secret.",
            "Give the remote cluster another name.",
        )
    for other in here.secrets:
        if raw.name(other) != secret_name(name) and name in raw.mapping(other, "data"):
            raise MeshyardError(
                f"Secret {raw.qualified(other)} on cluster {here.cluster} already gives the cluster ID {name}, and istiod takes only one.",
                "Give the remote cluster another name, or remove that Secret first.",
            )
    live = here.secret(name)
    if live is None:
        return []
    refuse_another(here, name, remote_uid)
    return _taken_over(here, live, wanted)


def refuse_another(here: PrimaryState, name: str, remote_uid: str) -> None:
    """Refuses a Secret of ours that leads to another cluster than the given one.

    :raises MeshyardError: it does.
    """
    live = here.secret(name)
    known = raw.annotations_of(live or {}).get(CLUSTER_UID)
    if live is not None and owner_of(live) == OWNER and known and known != remote_uid:
        raise MeshyardError(
            f"Secret {raw.qualified(live)} on cluster {here.cluster} leads to another cluster (UID {known}, not {remote_uid}).",
            f"Give this cluster another name than {name}, or remove the Secret with state absent first.",
        )


def refuse_unproven(here: PrimaryState, wanted: Kubeconfig, *, proven: bool) -> None:
    """Refuses a Secret without the UID of its cluster, as istioctl makes it, of which nothing tells that it leads to the given one.

    :param wanted: without a token. :param proven: whether the given cluster knows its token, or has the UID that was expected of it.
    :raises MeshyardError: it may be the Secret of another cluster.
    """
    live = here.secret(wanted.name)
    found = kubeconfig_of(live, wanted.name)
    if live is None or found is None or proven or raw.annotations_of(live).get(CLUSTER_UID):
        return
    if found.server != wanted.server or not wanted.ca or found.ca != wanted.ca:
        raise MeshyardError(
            f"Nothing tells that Secret {raw.qualified(live)} on cluster {here.cluster} leads to the cluster of the option remote: the "
            "Secret names no UID, and that cluster does not know its token.",
            "Correct the connection remote, or confirm it with its expected_cluster_uid.",
        )


def _taken_over(here: PrimaryState, live: Object, wanted: Kubeconfig) -> list[str]:
    found = kubeconfig_of(live, wanted.name)
    apart = found.apart(wanted) if found else [f"it holds no kubeconfig for {wanted.name}"]
    if owner_of(live) == OWNER:
        return [f"Secret {raw.qualified(live)} on cluster {here.cluster} is changed: {' and '.join(apart)}."] if apart else []
    if apart and not is_known_form(live, wanted.name):
        raise MeshyardError(
            f"Secret {raw.qualified(live)} on cluster {here.cluster} was made by somebody else, and {' and '.join(apart)}.",
            "Correct the server, give the cluster another name, or remove that Secret first.",
            code="not_ours",
        )
    differs = f"; {' and '.join(apart)}, which is changed" if apart else ""
    return [f"Secret {raw.qualified(live)} on cluster {here.cluster} was made by others and is taken over{differs}."]


def is_known_form(secret: raw.Raw, name: str) -> bool:
    """Whether a Secret is as istioctl makes it: marks, one cluster, one bearer token."""
    found = kubeconfig_of(secret, name)
    marked = raw.labels_of(secret).get(MULTICLUSTER) == "true" and raw.annotations_of(secret).get(CLUSTER) == name
    return marked and set(raw.mapping(secret, "data")) == {name} and found is not None and found.name == name and bool(found.token)


def plan(here: PrimaryState, wanted: Kubeconfig, remote_uid: str) -> Plan:
    """The steps towards the Secret; a kubeconfig that says the same in other bytes stays as it is."""
    live = here.secret(wanted.name)
    same = kubeconfig_of(live, wanted.name) == wanted and wanted.token
    data = raw.text(live or {}, "data", wanted.name) if same else secret_data.encoded(wanted.render())
    body: Object = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": secret_name(wanted.name),
            "namespace": here.namespace,
            "labels": {MULTICLUSTER: "true"},
            "annotations": {CLUSTER: wanted.name, CLUSTER_UID: remote_uid},
        },
        "type": "Opaque",
        "data": {wanted.name: data},
    }
    found: Mapping[Ref, Object] = {} if live is None else {ref_of(live): live}
    return converge(stamped([body], OWNER), found, OWNER, prune=False)


def removal(here: PrimaryState, name: str) -> Plan:
    """The step that ends the reading.

    :raises MeshyardError: somebody else made the Secret, and for something else.
    """
    live = here.secret(name)
    if live is None:
        return ()
    if owner_of(live) != OWNER and not is_known_form(live, name):
        raise MeshyardError(
            f"Secret {raw.qualified(live)} on cluster {here.cluster} was made by somebody else and is not a plain remote secret.",
            "Remove it by hand if it is not needed.",
            code="not_ours",
        )
    return (Delete(ref_of(live), raw.text(live, "metadata", "uid"), f"istiod is no longer to read cluster {name}"),)


def what_stays(name: str, namespace: str) -> str:
    """The warning about a removal that did not reach the remote cluster."""
    return (
        f"Cluster {name} was not connected to: its ServiceAccount {ACCOUNT}, the ClusterRole {role(namespace)} with its binding and "
        f"the token in namespace {namespace} stay, and the token stays valid."
    )


def own_ids(deployments: Iterable[raw.Raw]) -> frozenset[str]:
    """The cluster IDs that istiods are given."""
    found = set()
    for deployment in deployments:
        containers: Sequence[raw.Raw] = raw.items(deployment, "spec", "template", "spec", "containers")
        for container in containers:
            found |= {raw.text(one, "value") for one in raw.items(container, "env") if raw.text(one, "name") == "CLUSTER_ID"}
    return frozenset(found - {""})
