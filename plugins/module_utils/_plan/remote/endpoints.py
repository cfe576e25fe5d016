# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Bringing EndpointSlices on a remote cluster up to date with what the primary shows now."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..._mesh import raw
from ..objects import ownership
from ..objects.convergence import converge, manager_of, owner_of
from ..objects.steps import Apply, Object, Plan, Step, ref_of
from . import control_plane as remote_control_plane
from . import endpoint_source, mirrored_services
from .endpoint_source import Source


@dataclass(frozen=True)
class Shown:
    """What the primary shows.

    :ivar addresses: of istiod, by source. :ivar slices: of each mirrored Service, by its C(namespace/name).
    """

    addresses: Mapping[Source, Sequence[str]] = field(default_factory=dict)
    slices: Mapping[str, Sequence[Object]] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """The steps, and the sources that have no address now, whose slices stay as they are."""

    plan: Plan
    missing: tuple[Source, ...] = ()


def ours(slices: Iterable[Object]) -> list[Object]:
    """Those slices that an owner of ours made, without what a controller derived, which copies labels."""
    made = (one for one in slices if not raw.items(one, "metadata", "ownerReferences"))
    return [one for one in made if owner_of(one) == mirrored_services.OWNER or owner_of(one).startswith(remote_control_plane.OWNER)]


def nameless(slices: Iterable[Object]) -> list[str]:
    """Those slices, as C(namespace/name), that do not say where their addresses come from."""
    return [raw.qualified(one) for one in slices if endpoint_source.source_of(one) is None]


def sources(slices: Iterable[Object]) -> list[Source]:
    """The sources of these slices, each once; fixed addresses have none that could be looked at."""
    found = {known for one in slices if (known := endpoint_source.source_of(one)) and known.reach != endpoint_source.ADDRESS}
    return sorted(found)


def decide(slices: Sequence[Object], shown: Shown) -> Decision:
    """What is to be written, from our slices and from what the primary shows."""
    steps: list[Step] = []
    missing = []
    for known in sources(slices):
        its = [one for one in slices if endpoint_source.source_of(one) == known]
        if known.reach == endpoint_source.SERVICE:
            plan, found = mirrored_services.towards(known.subject, shown.slices.get(known.subject, ()), its)
            lacking = not found
        else:
            plans = [_readdressed(one, shown.addresses.get(known, ())) for one in its]
            plan, lacking = tuple(step for one in plans for step in one or ()), None in plans
        steps += plan
        missing += [known] if lacking else []
    return Decision(tuple(steps), tuple(missing))


def addresses_of(obj: raw.Raw) -> list[str]:
    """All addresses in a slice."""
    return [address for endpoint in raw.items(obj, "endpoints") for address in endpoint["addresses"]]


def written(step: Step) -> list[str]:
    """The addresses that a slice has after a step."""
    return addresses_of(step.body) if isinstance(step, Apply) else []


def _readdressed(live: Object, addresses: Iterable[str]) -> Plan | None:
    """The step towards these addresses; None where there is none of the slice's family."""
    fitting = [address for address in addresses if _family(address) == raw.text(live, "addressType")]
    if not fitting:
        return None
    owner = owner_of(live)
    ref = ref_of(live)
    # An apply takes away what it does not name, so that all that was applied before is named again.
    held = ownership.applied(live, manager_of(owner))
    meta = {**held.get("metadata", {}), "name": ref.name, "namespace": ref.namespace}
    identity = {"apiVersion": ref.api_version, "kind": ref.kind, "addressType": live["addressType"]}
    return converge([{**held, **identity, "metadata": meta, "endpoints": endpoint_source.ready(fitting)}], {ref: live}, owner, prune=False)


def _family(address: str) -> str:
    try:
        return f"IPv{ipaddress.ip_address(address).version}"
    except ValueError:  # a host name, which a slice cannot have
        return ""
