# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading a cluster in which not everything may be read: what is refused is noted, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import kind
from ..._mesh import reduced
from ..._plan.objects.steps import Object

T = TypeVar("T")


class PartialReader:
    """Reads one cluster.

    :ivar unread: what the API server refused to show, in sentences.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.unread: list[str] = []

    def attempt(self, what: Callable[[], T], instead: T) -> T:
        """What a read gives, or something else where it is refused."""
        try:
            return what()
        except ApiError as problem:
            self.unread.append(problem.problem)
            return instead

    def whole(self, name: str, namespace: str | None = None, **options: Any) -> list[Object]:
        """Objects of a kind; none where they may not be read.

        :param options: those of C(read.objects).
        """
        return self.attempt(lambda: read.objects(self.cluster, kind(name), namespace, **options), [])

    def reduced(self, name: str, **options: Any) -> list[Object]:
        """All objects of a kind of which a cluster may have many: with what decisions read of them."""
        return self.whole(name, reduced=reduced.of(name), **options)

    def get(self, name: str, namespace: str | None, one: str, **options: Any) -> Object | None:
        """One object; None where it does not exist or may not be read.

        :param options: those of C(read.get).
        """
        return self.attempt(lambda: read.get(self.cluster, kind(name), one, namespace, **options), None)
