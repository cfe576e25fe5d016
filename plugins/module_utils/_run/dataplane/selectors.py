# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading what selects pods, where a move changes labels of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import kind
from ..._plan.dataplane import selectors
from ..._plan.dataplane.selectors import LabelChange

_IN_NAMESPACE = ("Service", "PodDisruptionBudget", "HorizontalPodAutoscaler")
# These may select pods of every namespace.
_EVERYWHERE = ("NetworkPolicy", "IstioGateway")
# These select in their own namespace, or in all from the mesh's root namespace.
_POLICIES = (
    "AuthorizationPolicy",
    "PeerAuthentication",
    "RequestAuthentication",
    "Telemetry",
    "WasmPlugin",
    "ProxyConfig",
    "EnvoyFilter",
    "Sidecar",
    "ServiceEntry",
    "DestinationRule",
    "VirtualService",
)


def refuse_losses(
    cluster: Cluster,
    changed: Sequence[LabelChange],
    around: Mapping[str, Mapping[str, str]],
    root: str,
    warn: Callable[[str], None],
) -> None:
    """Returns unless something would not select the pods any more; asks for nothing where no label changes.

    :param around: the labels of the workloads' namespaces. :param root: the control plane namespace, whose policies hold for all.
    :raises MeshyardError: it names each Service, budget and policy.
    """
    if not changed:
        return
    homes = sorted({change.namespace for change in changed})
    lists: list[tuple[str, str | None]] = [(name, None) for name in _EVERYWHERE]
    lists += [(name, home) for home in homes for name in _IN_NAMESPACE]
    lists += [(name, place) for place in dict.fromkeys((*homes, root)) for name in _POLICIES]
    found = [obj for name, place in lists for obj in _list(cluster, name, place, warn)]
    selectors.refuse_losses(changed, found, around, root)


def _list(cluster: Cluster, name: str, namespace: str | None, warn: Callable[[str], None]) -> list[dict[str, Any]]:
    try:
        return read.objects(cluster, kind(name), namespace)
    except ApiError as error:
        if error.status != 403:
            raise
        warn(f"{error.problem} Whether one of them selects pods by a label that changes is not known.")
        return []
