# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Another cluster of the same mesh."""

from __future__ import annotations

from dataclasses import dataclass

from .connect import Cluster


@dataclass(frozen=True)
class Peer:
    """A cluster under the name by which Istio knows it.

    C(cluster) is None where it could not be reached, for C(problem).
    """

    name: str
    cluster: Cluster | None
    problem: str = ""

    @property
    def requests(self) -> int:
        """How many requests were sent to it since it was connected."""
        return self.cluster.api.requests if self.cluster else 0
