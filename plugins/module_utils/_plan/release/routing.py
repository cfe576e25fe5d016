# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""All that leads to a Service together: its routes, and the Sidecars that let clients see it."""

from __future__ import annotations

from ..._errors import MeshyardError
from ..._mesh import raw
from ..._words import listed
from ..objects.steps import Create, Object, Patch, Plan, ref_of
from . import companions, mesh_route, routes
from .model import Observed
from .routes import Look
from .target import MANAGER


def weighted(observed: Observed, percent: int) -> Plan:
    """The steps after which every route sends this share to the canary; none for those that do already."""
    target = observed.target
    found = [routes.reweighted(one, target, percent) for one in observed.routes]
    return (*companions.sidecars(observed.sidecars, target), *_own(observed, percent), *(one for one in found if one is not None))


def given_back(observed: Observed) -> Plan:
    """The steps after which no route sends anything to the canary. Where others changed a route only the canary is taken out of it.

    A VirtualService of the release itself goes with the canary, and until then leaves everything to the Service.
    """
    target = observed.target
    found = [_own_back(one, observed) if _is_own(one, observed) else routes.given_back(one, target) for one in observed.routes]
    return (*(one for one in found if one is not None), *companions.sidecars_given_back(observed.sidecars, target))


def looks(observed: Observed) -> list[tuple[Object, Look]]:
    """Each route to the Service with what was found in it."""
    return [(one, routes.look(one, observed.target)) for one in observed.routes]


def refuse_changed(observed: Observed) -> None:
    """Returns unless somebody changed a route since the release wrote it.

    :raises MeshyardError: they did; nothing is written over it.
    """
    changed = [str(ref_of(one)) for one, look in looks(observed) if look.state == "changed"]
    if changed:
        raise MeshyardError(
            f"Somebody else changed {listed(changed)} since the release of {observed.title} wrote it.",
            "Traffic stays as it is. Give it the weights back that the release wrote, or run aborted, which only takes the canary out.",
            code="route_changed",
            verdict="inconclusive",
            routes=changed,
        )


def _own_back(route: Object, observed: Observed) -> Patch | None:
    changed = routes.look(route, observed.target).state == "changed"
    return routes.given_back(route, observed.target) if changed else routes.reweighted(route, observed.target, 0)


def _is_own(route: Object, observed: Observed) -> bool:
    return observed.target.labels.items() <= raw.labels_of(route).items()


def _own(observed: Observed, percent: int) -> Plan:
    """A VirtualService of the release itself, where nobody routes to the Service inside the mesh."""
    if not mesh_route.is_missing(observed.routes, observed.target):
        return ()
    front = next(one for one in observed.services if raw.name(one) == observed.target.service.name)
    return (Create(mesh_route.own_route(front, observed.target, percent), MANAGER, f"give the canary {percent} % inside the mesh"),)
