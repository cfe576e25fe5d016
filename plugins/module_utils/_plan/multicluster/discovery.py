# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Which clusters are primaries and which remotes, and who serves whom, from what each of them has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from urllib.parse import urlsplit

from .model import Role

_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Attached:
    """A cluster that istiods read by a remote secret.

    :ivar name: by which they know it. :ivar uid: of its namespace kube-system, where the secret tells. :ivar server: the URL by which
        they reach it.
    """

    name: str
    uid: str = ""
    server: str = ""


@dataclass(frozen=True)
class ClusterSeen:
    """What one cluster has.

    :ivar uid: of its namespace kube-system. :ivar server: the URL of its API server.
    :ivar name: by which its own istiods know it; empty without one, and where they disagree.
    :ivar istiods: whether some run here. :ivar served: whether istiods of another cluster serve it.
    :ivar network: of its pods. :ivar controlled_by: the names of the clusters whose istiods may write into it.
    :ivar attached: the clusters that its istiods read. :ivar unread: what could not be read, in sentences.
    """

    uid: str
    server: str
    name: str = ""
    istiods: bool = False
    served: bool = False
    network: str = ""
    controlled_by: tuple[str, ...] = ()
    attached: tuple[Attached, ...] = ()
    unread: tuple[str, ...] = ()

    def describe(self) -> dict[str, Any]:
        """As a dictionary, which a cache can keep: it holds no credential."""
        return asdict(self)


@dataclass(frozen=True)
class Member:
    """The part of a cluster in a mesh.

    :ivar role: None where it has nothing of a mesh. :ivar name: in the mesh; empty where nothing tells.
    :ivar primary: the host of the primary that serves a remote; empty where several could, or none is known.
    """

    uid: str
    role: Role | None = None
    name: str = ""
    network: str = ""
    primary: str = ""


def described(kept: Any) -> ClusterSeen | None:
    """What a dictionary describes; None where another version of this collection made it."""
    names = {one.name for one in fields(ClusterSeen)}
    if not isinstance(kept, Mapping) or set(kept) != names:
        return None
    try:
        lists = {name: tuple(kept[name]) for name in ("controlled_by", "unread")}
        return ClusterSeen(**{**kept, **lists, "attached": tuple(Attached(**one) for one in kept["attached"])})
    except TypeError:
        return None


def address(url: str) -> str:
    """Scheme, host and port of a URL: the user and the password that it may hold are left out."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.partition('/')[0].rpartition('@')[2]}"


def members(seen: Mapping[str, ClusterSeen]) -> dict[str, Member]:
    """The part of each cluster.

    :param seen: by host, those that could be reached.
    """
    primaries = {host: one for host, one in seen.items() if one.istiods}
    return {host: _primary(one) if one.istiods else _other(host, one, primaries) for host, one in seen.items()}


def _primary(seen: ClusterSeen) -> Member:
    return Member(seen.uid, "primary", seen.name, seen.network)


def _other(host: str, seen: ClusterSeen, primaries: Mapping[str, ClusterSeen]) -> Member:
    """A cluster without istiods: a remote where another one serves or reads it."""
    reading = dict(_reading(host, seen, primaries))
    if not seen.served and not reading:
        return Member(seen.uid, network=seen.network)
    names = set(reading.values())
    found = Member(seen.uid, "remote", names.pop() if len(names) == 1 else "", seen.network)
    named = [primary for primary, one in primaries.items() if one.name and one.name in seen.controlled_by]
    # Several primaries may read it; the one that may write into it serves it.
    serving = [primary for primary in named if primary in reading] or named or list(reading)
    return replace(found, primary=serving[0]) if len(serving) == 1 else found


def _reading(host: str, seen: ClusterSeen, primaries: Mapping[str, ClusterSeen]) -> Iterator[tuple[str, str]]:
    """The primaries that read a cluster, and the name by which each knows it."""
    for primary, one in primaries.items():
        found = next((known.name for known in one.attached if _is(known, host, seen)), "")
        if found:
            yield primary, found


def _is(known: Attached, host: str, seen: ClusterSeen) -> bool:
    """Whether a remote secret is about a cluster: by its UID where it tells one, else by its server, else by its name."""
    if known.uid:
        return known.uid == seen.uid
    return _place(known.server) == _place(seen.server) or known.name == host


def _place(url: str) -> tuple[str, int]:
    """Host and port of a URL."""
    try:
        parts = urlsplit(url)
        return parts.hostname or url, parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return url, 0
