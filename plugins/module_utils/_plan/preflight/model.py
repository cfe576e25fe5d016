# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a preflight looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..._mesh import raw
from ..._mesh.evidence import Evidence
from ..upgrade.members import Member
from ..upgrade.remaining import Upgrade
from ..upgrade.route import Route


@dataclass(frozen=True)
class Image:
    """The image of the new proxies. C(present) tells that a node has it, C(pulled) whether a trial succeeded, C(why) if not."""

    name: str
    present: bool = False
    pulled: bool | None = None
    why: str = ""


@dataclass(frozen=True)
class PreflightInput:
    """All that a preflight looks at.

    C(kubernetes) is the version of the API server. The lists are raw objects of which the evidence holds only metadata or nothing:
    None where they could not be read. C(remote) tells that the cluster is known to be served by the istiod of another one, C(together)
    which other clusters the same run upgrades. C(identity) is what the old control plane shares with those beside it, and what the new one
    would; None where nothing new is made.
    """

    route: Route
    upgrade: Upgrade
    members: Sequence[Member]
    evidence: Evidence
    namespace: str = "istio-system"
    kubernetes: str = ""
    envoy_filters: Sequence[raw.Raw] | None = ()
    wasm_plugins: Sequence[raw.Raw] | None = ()
    api_gateways: Sequence[raw.Raw] | None = ()
    budgets: Sequence[raw.Raw] | None = ()
    image: Image | None = None
    unread: Sequence[str] = field(default_factory=tuple)
    remote: bool = False
    together: frozenset[str] = frozenset()
    identity: tuple[Mapping[str, str], Mapping[str, str]] | None = None

    @property
    def touched(self) -> list[Member]:
        """The namespaces that the upgrade moves, or in which it moves gateways."""
        names = {*self.upgrade.namespaces, *(one.gateway.namespace for one in self.upgrade.gateways)}
        return [member for member in self.members if member.name in names]
