# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a setting of the mesh does to its services: which follow it, what becomes of their traffic, and who would be starved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._errors import MeshyardError
from ..._mesh import host, labels, raw, traffic_prediction
from ..._mesh.host import Service
from ..._mesh.locality import Client, Endpoint, Locality
from ..._mesh.traffic_prediction import Setting
from ..._words import listed
from ..finding import Finding
from . import model as locality_model

MOST = 20


@dataclass(frozen=True)
class MeshTraffic:
    """All that bears on the traffic of a mesh.

    :ivar endpoints: the ready ones, of all clusters. :ivar services: the Services of the cluster that holds the rules.
    :ivar rules: all DestinationRules there; None where they could not be read.
    :ivar root: the namespace whose rules count for all.
    """

    clients: Sequence[Client]
    endpoints: Mapping[Service, Sequence[Endpoint]]
    services: Mapping[Service, raw.Raw]
    rules: Sequence[raw.Raw] | None
    root: str = labels.SYSTEM_NAMESPACE


@dataclass(frozen=True)
class View:
    """A service with what counts for it.

    :ivar own: what of it does not follow the mesh, by the object that says so, such as C({'DestinationRule shop/cart': [...]}).
    :ivar placed: whether its locality setting is the mesh's.
    """

    service: Service
    setting: Setting
    endpoints: Sequence[Endpoint]
    own: Mapping[str, Sequence[str]]
    placed: bool

    @property
    def spread(self) -> bool:
        """Whether its endpoints are in more than one place."""
        return len({one.locality for one in self.endpoints}) > 1

    def starved(self, clients: Sequence[Client]) -> list[tuple[Client, list[Locality]]]:
        """Clients that send nothing to places with endpoints because of the mesh's weights, with these places."""
        found = [(client, traffic_prediction.starved(self.setting, client, self.endpoints)) for client in clients] if self.placed else []
        return [(client, left) for client, left in found if left]


def views(mesh_traffic: MeshTraffic, mesh: raw.Raw) -> list[View]:
    """Every service that is balanced and has endpoints, by its name.

    :param mesh: what the mesh says, in the shape of a traffic policy.
    """
    return [
        _view(service, mesh_traffic, mesh)
        for service in sorted(mesh_traffic.endpoints, key=lambda one: (one.namespace, one.name))
        if mesh_traffic.endpoints[service] and not _is_headless(mesh_traffic.services.get(service))
    ]


def chosen(found: Sequence[View], hosts: Sequence[str]) -> tuple[list[View], list[str]]:
    """The services whose traffic is predicted, and those that were asked for and have no endpoint.

    :param hosts: as the user named them; none means all that are in more than one place, but no more than C(MOST).
    :raises MeshyardError: one of them is no full name.
    """
    if not hosts:
        return [view for view in found if view.spread][:MOST], []
    wanted = [_named(one).host for one in hosts]
    known = {view.service.host: view for view in found}
    return [known[one] for one in wanted if one in known], [one for one in wanted if one not in known]


def rows(found: Sequence[View], clients: Sequence[Client]) -> list[dict[str, Any]]:
    """What is predicted, one row for each service and place of clients."""
    return [
        {"service": view.service.host, **row.describe()}
        for view in found
        for row in traffic_prediction.predict(view.setting, clients, view.endpoints)
    ]


def coverage(found: Sequence[View], predicted: Sequence[View]) -> dict[str, Any]:
    """How much of the mesh the prediction covers."""
    spread = [view for view in found if view.spread]
    return {
        "services": len(found),
        "spread": len(spread),
        "predicted": len(predicted),
        "left_out": len([view for view in spread if view not in predicted]),
        "not_following": not_following(found),
    }


def not_following(found: Sequence[View]) -> list[dict[str, Any]]:
    """The objects because of which services do not follow the mesh, each with what it sets and for which services."""
    grouped: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for view in found:
        for title, sets in view.own.items():
            grouped.setdefault((title, tuple(sets)), []).append(view.service.host)
    return [{"object": title, "sets": list(sets), "services": hosts} for (title, sets), hosts in sorted(grouped.items())]


def refuse_starving(found: Sequence[View], clients: Sequence[Client], title: str) -> None:
    """Returns where every place with ready endpoints of a service that follows the mesh is named for every client.

    :raises MeshyardError: one is not, and would get no traffic; services and places are named.
    """
    starved = _starved(found, clients)
    if not starved:
        return
    shown = listed((f"clients in {one['from']} send nothing to {listed(one['localities'])} of {one['service']}" for one in starved), "; ")
    raise MeshyardError(
        f"With the distribute of {title} places with ready endpoints would get no traffic: {shown}.",
        "Name these localities in to, or set allow_starving.",
        starved=starved,
    )


def findings(
    found: Sequence[View], predicted: Sequence[View], missing: Sequence[str], mesh_traffic: MeshTraffic, setting: Setting
) -> Iterator[Finding]:
    """What else is worth knowing of the mesh's services.

    :param setting: the mesh's own. :param missing: services that were asked for and have no endpoint.
    """
    for host_name in missing:
        yield Finding("warning", "no_endpoints", host_name, f"The service {host_name} has no ready endpoint.", "Check services.")
    starved = _starved(found, mesh_traffic.clients)
    if starved:
        names = listed(sorted({one["service"] for one in starved}))
        message = f"In {len(starved)} cases clients send nothing to a place with ready endpoints, of these services: {names}."
        yield Finding("warning", "starved", "the mesh", message, "Name these localities in distribute.")
    if mesh_traffic.rules is None:
        message = "DestinationRules may not be read, so that nobody knows which services have settings of their own."
        yield Finding("info", "rules_unread", "the mesh", message, "Let this account list destinationrules.")
    for one in not_following(found):
        message = f"{one['object']} sets {', '.join(one['sets'])} itself, which goes before the mesh for {listed(one['services'])}."
        yield Finding("info", "not_following", one["object"], message, "Change it there too, or take it out there.")
    left = len([view for view in found if view.spread and view not in predicted])
    if left:
        message = f"The traffic of {left} more services in more than one place is not shown."
        yield Finding("info", "not_shown", "the mesh", message, "Name those of interest in services.")
    everything = [one for view in found for one in view.endpoints]
    traffic = locality_model.ServiceTraffic(mesh_traffic.clients, everything, mesh_traffic.rules, None)
    yield from locality_model.of_prediction(setting, traffic, "the mesh")


def _view(service: Service, mesh_traffic: MeshTraffic, mesh: raw.Raw) -> View:
    own, rule = _rules_of(service, mesh_traffic.rules or (), mesh_traffic.root)
    body = mesh_traffic.services.get(service, {})
    policy = raw.mapping(rule or {}, "spec", "trafficPolicy")
    asked = traffic_prediction.traffic_distribution(body)
    placed = raw.at(policy, "loadBalancer", "localityLbSetting") is None and not asked
    if asked:
        own[str(service)] = [f"trafficDistribution {asked}"]
    return View(service, traffic_prediction.effective(policy, body, mesh), mesh_traffic.endpoints[service], own, placed)


def _rules_of(service: Service, rules: Sequence[raw.Raw], root: str) -> tuple[dict[str, Sequence[str]], raw.Raw | None]:
    """What rules for a service set by themselves, and the rule that counts for it: the most specific one, its own namespace first."""
    own: dict[str, Sequence[str]] = {}
    ranked = []
    for rule in rules:
        theirs = raw.text(rule, "spec", "host")
        exact = host.same(theirs, service.host, raw.namespace(rule))
        if not exact and not host.is_covered(service, theirs):
            continue
        sets = locality_model.own_settings(rule)
        if sets:
            own[f"DestinationRule {raw.qualified(rule)}"] = sets
        if raw.namespace(rule) in (service.namespace, root):
            ranked.append(((raw.namespace(rule) == service.namespace, exact, len(theirs)), rule))
    return own, max(ranked, key=lambda one: one[0])[1] if ranked else None


def _starved(found: Sequence[View], clients: Sequence[Client]) -> list[dict[str, Any]]:
    return [
        {"service": view.service.host, "from": f"{client.locality} of cluster {client.cluster}", "localities": [str(one) for one in left]}
        for view in found
        for client, left in view.starved(clients)
    ]


def _named(text: str) -> Service:
    found = host.of_host(text, "")
    if not found.namespace:
        raise MeshyardError(f"'{text}' in services does not name a namespace.", "Write NAME.NAMESPACE.svc.cluster.local.")
    return found


def _is_headless(service: raw.Raw | None) -> bool:
    """Whether clients choose the endpoint themselves, so that nothing is balanced."""
    return raw.text(service or {}, "spec", "clusterIP") == "None"
