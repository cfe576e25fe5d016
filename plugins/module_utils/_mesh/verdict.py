# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The proof per pod: the revision it should have, the one that injected it, and the one it is connected to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from . import raw
from .proxies import Proxy, finished, proxy_of
from .restart import Owners, owner_of_pod
from .syncz import Connection, Connections
from .workload import Owner

Status = Literal["ok", "failed", "unknown"]


@dataclass(frozen=True)
class Target:
    """What a pod should have: a revision (None: no sidecar), and the version of its proxy, empty for any."""

    revision: str | None
    version: str = ""


@dataclass(frozen=True)
class Verdict:
    """One pod held against its target.

    C(status) is C(ok), C(failed), or C(unknown) where istiod could not be asked; C(reason) is empty when it is ok. C(cluster) is
    the name of its cluster, where that was told.
    """

    namespace: str
    pod: str
    workload: Owner
    desired: str | None
    injected: str | None
    connected: str | None
    version: str
    status: Status
    reason: str
    cluster: str = ""


def verdicts(
    pods: Iterable[raw.Raw],
    targets: Mapping[tuple[str, str], Target],
    connections: Connections | None,
    cluster: str = "",
    owners: Owners | None = None,
) -> list[Verdict]:
    """A verdict for every pod with a target that has not run to its end.

    :param targets: by namespace and pod name.
    :param connections: what the istiods say; None when nobody was asked, which leaves moved pods C(unknown).
    :param cluster: the cluster ID by which istiod knows the proxies of these pods.
    """
    found = []
    for pod in pods:
        target = targets.get((raw.namespace(pod), raw.name(pod)))
        if target is not None and not finished(pod):
            found.append(_verdict(pod, target, connections, cluster, owners))
    return found


def judge(proxy: Proxy | None, target: Target, connection: Connection | None, connections: Connections | None) -> tuple[Status, str]:
    """Whether a pod's proxy is as it should be, and if not, what is wrong."""
    if target.revision is None:
        return ("failed", f"it still has a sidecar of revision {proxy.revision}") if proxy else ("ok", "")
    if proxy is None:
        return "failed", f"it has no sidecar, and should have one of revision {target.revision}"
    wrong = _wrong_proxy(proxy, target)
    if wrong:
        return "failed", wrong
    if connections is None:
        return "unknown", "no istiod was asked about its connection"
    if connection is None:
        return _unconnected(connections)
    wrong = _wrong_connection(proxy, connection, target)
    return ("failed", wrong) if wrong else ("ok", "")


def _verdict(pod: raw.Raw, target: Target, connections: Connections | None, cluster: str, owners: Owners | None) -> Verdict:
    namespace, name = raw.namespace(pod), raw.name(pod)
    proxy = proxy_of(pod, owners)
    connection = connections.find(namespace, name, cluster) if connections else None
    status, reason = judge(proxy, target, connection, connections)
    return Verdict(
        namespace=namespace,
        pod=name,
        workload=proxy.workload if proxy else owner_of_pod(pod, owners),
        desired=target.revision,
        injected=proxy.revision if proxy else None,
        connected=connection.plane if connection else None,
        version=proxy.version if proxy else "",
        status=status,
        reason=reason,
    )


def _wrong_proxy(proxy: Proxy, target: Target) -> str:
    if proxy.revision != target.revision:
        return f"its sidecar is of revision {proxy.revision}, and should be of {target.revision}"
    if target.version and proxy.version and proxy.version != target.version:
        return f"its proxy has version {proxy.version}, and should have {target.version}"
    if proxy.terminating:
        return "it is being deleted"
    return "" if proxy.ready else "it is not ready"


def _unconnected(connections: Connections) -> tuple[Status, str]:
    if connections.silent:
        silent = ", ".join(one.istiod for one in connections.silent)
        return "unknown", f"no istiod that answered knows it, and {silent} could not be asked"
    return "failed", "its proxy is connected to no istiod"


def _wrong_connection(proxy: Proxy, connection: Connection, target: Target) -> str:
    if connection.plane != target.revision:
        return f"its proxy is connected to istiod {connection.plane}, and should be to {target.revision}"
    # An image by digest does not tell its version: then the proxy's own word counts.
    if target.version and not proxy.version and connection.version != target.version:
        return f"its proxy says that it has version {connection.version}, and should have {target.version}"
    if connection.errors:
        return f"its proxy rejected configuration: {'; '.join(connection.errors)}"
    if connection.pending:
        return f"its proxy has not acknowledged {', '.join(connection.pending)}"
    return "its proxy was sent no configuration yet" if connection.idle else ""
