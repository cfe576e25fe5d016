# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The one judge of pods: the revision each should have, the one that injected it, and the one it is connected to.

Moves, gates and statistics ask it, so that a pod is right for all of them or for none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from .._words import listed
from . import image, raw
from .proxies import Proxy, finished, is_terminating, proxy_of
from .restart import Owners, owner_of_pod
from .syncz import Connection, Connections
from .workload import Owner

Status = Literal["ok", "failed", "unknown"]


@dataclass(frozen=True)
class Target:
    """What a pod should have.

    :ivar revision: None: no sidecar.
    :ivar version: of its proxy, empty for any. :ivar image: what the revision's injector gives, right whatever its tag is called.
    """

    revision: str | None
    version: str = ""
    image: str = ""


@dataclass(frozen=True)
class Verdict:
    """One pod held against its target.

    C(status) is C(ok), C(failed), or C(unknown) where istiod could not be asked; C(reason) is empty when it is ok. C(cluster) is
    the name of its cluster, where that was told. C(terminating) tells that it is being deleted.
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
    terminating: bool = False


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
    wrong = fault(proxy, target, connection) or (unready(proxy) if target.revision else "")
    if wrong:
        return "failed", wrong
    if target.revision is None:
        return "ok", ""
    if connections is None:
        return "unknown", "no istiod was asked about its connection"
    if connection is None:
        return _unconnected(connections)
    wrong = unsynced(connection, target)
    return ("failed", wrong) if wrong else ("ok", "")


def is_right(pod: raw.Raw, target: Target) -> bool:
    """Whether a pod has the proxy that it should have, as far as the pod itself tells."""
    return not fault(proxy_of(pod), target)


def is_certain(pod: raw.Raw, target: Target) -> bool:
    """Whether the pod itself tells the version of its proxy: an image by digest does not."""
    proxy = proxy_of(pod)
    return proxy is None or not target.version or bool(proxy.version) or proxy.own_image


def fault(proxy: Proxy | None, target: Target, connection: Connection | None = None) -> str:
    """What is wrong with the proxy of a pod, ready or not; empty where nothing is.

    :param connection: tells the version of the proxy's build, which the tag of its image need not.
    """
    if target.revision is None:
        return f"it still has a sidecar of revision {proxy.revision}" if proxy and proxy.revision else ""
    if proxy is None:
        return f"it has no sidecar, and should have one of revision {target.revision}"
    if proxy.revision != target.revision:
        return f"its proxy is of revision {proxy.revision} in version {proxy.version}, and should be of {target.revision}"
    return _wrong_version(proxy, target, connection.version if connection else "")


def unready(proxy: Proxy | None) -> str:
    """Why a proxy cannot be counted on yet; empty where it can."""
    if proxy and proxy.terminating:
        return "it is being deleted"
    return "" if proxy and proxy.ready else "it is not ready"


def unsynced(connection: Connection, target: Target, *, proven: bool = False) -> str:
    """What is wrong with the connection of a proxy; empty where nothing is.

    :param proven: it was in sync before, so that what it has not acknowledged at this moment does not count.
    """
    if connection.plane != target.revision:
        return f"its proxy is connected to istiod {connection.plane}, and should be to {target.revision}"
    if connection.errors:
        return f"its proxy rejected configuration: {'; '.join(connection.errors)}"
    if proven or connection.synced:
        return ""
    if connection.pending:
        return f"its proxy has not acknowledged {', '.join(connection.pending)}"
    return "its proxy was sent no configuration yet"


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
        terminating=is_terminating(pod),
    )


def _wrong_version(proxy: Proxy, target: Target, build: str) -> str:
    if not target.version or proxy.own_image or image.same(proxy.image, target.image):
        return ""
    if proxy.version == target.version:
        return ""
    # A tag that names no release, or no tag at all, leaves it to the proxy's own word, which comes with its connection.
    if image.may_be(proxy.image, target.version) and (build or not proxy.version):
        return f"its proxy says that it has version {build}, and should have {target.version}" if build not in ("", target.version) else ""
    return f"its proxy has version {proxy.version}, and should have {target.version}"


def _unconnected(connections: Connections) -> tuple[Status, str]:
    if connections.silent:
        silent = listed(one.istiod for one in connections.silent)
        return "unknown", f"no istiod that answered knows it, and {silent} could not be asked"
    return "failed", "its proxy is connected to no istiod"
