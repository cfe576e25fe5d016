# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Collecting what a preflight looks at beyond the evidence of use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import kind
from ..._mesh import raw, reduced
from ..._plan.preflight.model import Image
from ..._plan.preflight.proxies import image_name
from ..._plan.upgrade.members import Member

_KINDS = ("EnvoyFilter", "WasmPlugin", "Gateway", "PodDisruptionBudget", "Node")
_DEFAULT_REGISTRY = "docker.io/"


@dataclass(frozen=True)
class Extras:
    """Lists by kind, None where a list could not be read, and the version of the API server."""

    lists: Mapping[str, list[dict[str, Any]] | None]
    kubernetes: str

    @property
    def unread(self) -> tuple[str, ...]:
        """What could not be read, in words."""
        return tuple(f"{name}s" for name, found in self.lists.items() if found is None)


def extras(cluster: Cluster) -> Extras:
    """Five lists and the version."""
    return Extras({name: _list(cluster, name) for name in _KINDS}, read.server_version(cluster))


def image(extra: Extras, everywhere: Iterable[Member], revision: str, version: str, values: Mapping[str, Any]) -> Image:
    """The image of the new proxies, and whether a node has it already.

    :param revision: the revision whose present proxies tell the registry and the variant.
    """
    running = Counter(proxy.image for member in everywhere for proxy in member.proxies if proxy.revision == revision)
    name = image_name(dict(values), [one for one, _count in running.most_common()], version)
    return Image(name, present=_canonical(name) in _on_nodes(extra.lists["Node"] or ()))


def _on_nodes(nodes: Sequence[raw.Raw]) -> set[str]:
    return {_canonical(name) for node in nodes for entry in raw.items(node, "status", "images") for name in entry.get("names") or ()}


def _canonical(name: str) -> str:
    return name.removeprefix(_DEFAULT_REGISTRY).removeprefix("library/")


def _list(cluster: Cluster, name: str) -> list[dict[str, Any]] | None:
    try:
        return read.objects(cluster, kind(name), reduced=reduced.of(name))
    except ApiError:
        return None
