# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What somebody should know who sets locality load balancing: what else bears on the service, and how far the prediction holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._errors import MeshyardError
from ..._mesh import host, locality, raw, traffic_prediction
from ..._mesh.host import Service
from ..._mesh.locality import Client, Endpoint
from ..._mesh.traffic_prediction import Setting
from ..._words import listed
from ..finding import Finding

_KNOWN_OF_CLIENTS = (*locality.PLACES, locality.NETWORK, locality.CLUSTER)
_KNOWN_BEHIND_GATEWAYS = (locality.NETWORK, locality.CLUSTER)


@dataclass(frozen=True)
class ServiceTraffic:
    """All that bears on the traffic of a service.

    :ivar rules: further DestinationRules that may apply; None where they could not be read.
    :ivar service: the Service on this cluster; None where there is none.
    :ivar mesh: what the mesh says for rules that leave it out, in the shape of a traffic policy.
    :ivar doubt: why that is not sure; empty where it is.
    """

    clients: Sequence[Client]
    endpoints: Sequence[Endpoint]
    rules: Sequence[raw.Raw] | None
    service: raw.Raw | None
    mesh: raw.Raw = field(default_factory=dict)
    doubt: str = ""

    def effective(self, policy: raw.Raw) -> Setting:
        """What counts for the service: the traffic policy of its rule, its own wish, or the mesh's."""
        return traffic_prediction.effective(policy, self.service or {}, self.mesh)

    def starved(self, setting: Setting) -> list[tuple[Client, list[locality.Locality]]]:
        """Clients whose weights leave out localities that have endpoints, with these localities."""
        found = [(client, traffic_prediction.starved(setting, client, self.endpoints)) for client in self.clients]
        return [(client, left) for client, left in found if left]


def refuse_starving(setting: Setting, traffic: ServiceTraffic, service: Service) -> None:
    """Returns where every locality with ready endpoints is named for every client.

    :raises MeshyardError: one is not, and would get no traffic.
    """
    for client, left in traffic.starved(setting)[:1]:
        places = listed(left)
        raise MeshyardError(
            f"The distribute for clients in {client.locality} of cluster {client.cluster} does not name {places}, "
            f"where {service} has ready endpoints: they would get none of this traffic.",
            "Name these localities in to, or set allow_starving.",
            starved=[str(one) for one in left],
        )


def findings(
    setting: Setting, traffic: ServiceTraffic, service: Service, rule: raw.Raw | None, counts: Setting | None = None
) -> list[Finding]:
    """All that is worth knowing, the important first.

    :param setting: that of the rule by itself. :param counts: what counts for the service in all, where that is something else.
    """
    counts = counts or setting
    findings = [*_of_service(setting, counts, traffic, service), *of_prediction(counts, traffic, str(service))]
    if traffic.doubt:
        findings.append(Finding("info", "mesh_unknown", str(service), traffic.doubt, "What the rule itself sets is not concerned."))
    if rule is not None:
        findings += [*_of_other_rules(traffic, service, rule), *_of_parts(rule)]
    return sorted(findings, key=lambda one: one.level != "warning")


def _of_service(setting: Setting, counts: Setting, traffic: ServiceTraffic, service: Service) -> Iterator[Finding]:
    if traffic.service is None:
        yield Finding("warning", "no_service", str(service), f"{service} does not exist on this cluster.", "Check host.")
    elif not traffic.endpoints:
        yield Finding("warning", "no_endpoints", str(service), f"{service} has no ready endpoint.", "Nothing can be predicted yet.")
    wanted = traffic_prediction.traffic_distribution(traffic.service or {})
    if wanted and setting == Setting(outlier_detection=setting.outlier_detection):
        message = f"{service} has trafficDistribution {wanted}, which counts while its rule has no locality setting."
        yield Finding("warning", "traffic_distribution", str(service), message, "Give failover_priority or distribute to decide here.")
    for client, left in traffic.starved(counts):
        message = f"Clients in {client.locality} of cluster {client.cluster} send nothing to {listed(left)}."
        yield Finding("warning", "starved", str(service), message, "Name these localities in distribute.")


def of_prediction(setting: Setting, traffic: ServiceTraffic, title: str) -> Iterator[Finding]:
    """How far a prediction holds.

    :param title: what it is about.
    """
    keys = [entry.partition("=")[0] for entry in setting.failover_priority]
    hidden = [key for key in keys if key not in _KNOWN_BEHIND_GATEWAYS]
    if hidden and any(one.is_behind_gateway(client) for one in traffic.endpoints for client in traffic.clients):
        message = f"Endpoints behind an east-west gateway do not show {', '.join(hidden)}: none of them matches there."
        yield Finding("warning", "labels_across_networks", title, message, f"Use {locality.NETWORK} across networks.")
    unknown = [entry for entry in setting.failover_priority if "=" not in entry and entry not in _KNOWN_OF_CLIENTS]
    if unknown:
        message = f"What is predicted holds for clients without the labels {', '.join(unknown)}."
        yield Finding("info", "client_labels", title, message, "A client that has them may see another order.")
    lost = sum(one.locality == locality.Locality() for one in traffic.endpoints)
    if lost:
        message = f"The locality of {lost} endpoints of {title} is not known, because their nodes have no such labels."
        yield Finding("warning", "unknown_locality", title, message, f"Label the nodes with {locality.REGION} and {locality.ZONE}.")


def _of_other_rules(traffic: ServiceTraffic, service: Service, rule: raw.Raw) -> Iterator[Finding]:
    if traffic.rules is None:
        message = "The other DestinationRules may not be read, so that nobody knows whether one of them counts for this service too."
        yield Finding("info", "rules_unread", str(service), message, "Let this account list destinationrules.")
    for other in traffic.rules or ():
        theirs, title = raw.text(other, "spec", "host"), f"DestinationRule {raw.qualified(other)}"
        if raw.qualified(other) == raw.qualified(rule):
            continue
        if host.is_covered(service, theirs):
            message = f"{title} for {theirs} no longer counts for {service}, which has its own rule now; Istio takes nothing over."
            yield Finding("warning", "wildcard_replaced", title, message, "Repeat in this rule what is needed of it.")
        elif host.same(theirs, service.host, raw.namespace(other)):
            message = f"{title} is for {service} too, and only one traffic policy counts."
            yield Finding("warning", "second_rule", title, message, "Put both into one rule.")


def own_settings(rule: raw.Raw) -> list[str]:
    """What of the mesh's locality load balancing a rule sets by itself, for all, for a port or for a subset."""
    policy = raw.mapping(rule, "spec", "trafficPolicy")
    parts = [("", policy)]
    parts += [(f"port {raw.number(one, 'port', 'number')}: ", one) for one in raw.items(policy, "portLevelSettings")]
    parts += [(f"subset {raw.text(one, 'name')}: ", raw.mapping(one, "trafficPolicy")) for one in raw.items(rule, "spec", "subsets")]
    paths = {"localityLbSetting": ("loadBalancer", "localityLbSetting"), "outlierDetection": ("outlierDetection",)}
    return [f"{where}{name}" for where, part in parts for name, path in paths.items() if raw.at(part, *path) is not None]


def _of_parts(rule: raw.Raw) -> Iterator[Finding]:
    """Subsets and ports that have a setting of their own."""
    title = f"DestinationRule {raw.qualified(rule)}"
    for subset in raw.items(rule, "spec", "subsets"):
        own = _own(raw.mapping(subset, "trafficPolicy"))
        if own:
            message = f"Subset {raw.text(subset, 'name')} of {title} has its own {own}, which counts there instead."
            yield Finding("warning", "subset_differs", title, message, "Change it there too.")
    for port in raw.items(rule, "spec", "trafficPolicy", "portLevelSettings"):
        message = f"Port {raw.number(port, 'port', 'number')} of {title} has settings of its own, which count there instead of these."
        yield Finding("warning", "port_differs", title, message, "Change them there too.")


def _own(policy: Mapping[str, Any]) -> str:
    return " and ".join(key for key in ("loadBalancer", "outlierDetection", "connectionPool") if policy.get(key) is not None)
