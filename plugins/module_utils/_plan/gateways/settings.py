# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a gateway is rendered with, kept on its workload for calls that do not give it again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..._charts import values
from ..._errors import InvalidOption
from ..._mesh import labels, raw
from ..objects.steps import Object
from .model import GatewayState

ANNOTATION = "meshyard.io/gateway"
INGRESS, EGRESS, EASTWEST = "ingress", "egress", "eastwest"
# What an east-west gateway listens on where the chart is not told of a network, by the chart's own names.
_EASTWEST_PORTS = {"status-port": 15021, "tls": 15443, "tls-istiod": 15012, "tls-webhook": 15017}
# It passes TLS connections through and cannot tell their ends to open others: it must outlive those that it has. A rolling
# DaemonSet has no new pod on a node before the old one is gone, and is left as it is.
_OUTLIVING = {"env": {labels.DRAINS: "true"}, "terminationGracePeriodSeconds": 300}
# Values that this collection sets itself, and how the user sets them instead.
_RESERVED = {"revision": "the option revision", "name": "the option name"}
# https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#rfc-1035-label-names
_SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class GatewaySettings:
    """What a gateway is rendered with: C(ingress), C(egress) or C(eastwest), the user's values, and the network of the last kind."""

    kind: str
    values: Mapping[str, Any]
    network: str = ""

    def text(self) -> str:
        """As it is kept in an annotation of the workload, for later calls that do not give it."""
        network = {"network": self.network} if self.network else {}
        return json.dumps({"kind": self.kind, "values": self.values, **network}, sort_keys=True, separators=(",", ":"))

    def chart_values(self, revision: str) -> Object:
        """The values for the chart: what the kind needs, under what the user gives."""
        layers: list[Mapping[str, Any]] = []
        if self.values.get("kind", "Deployment") == "Deployment":
            # A gateway never gives up a pod before another one is ready.
            layers.append({"strategy": {"rollingUpdate": {"maxUnavailable": 0}}})
            layers.append(_OUTLIVING if self.kind == EASTWEST else {})
        if self.kind == EGRESS:
            layers.append({"service": {"type": "ClusterIP"}})
        if self.kind == EASTWEST:
            layers.append(_eastwest(self.network))
        return values.merge(*layers, self.values, {"revision": revision})


def refuse_options(options: Mapping[str, Any]) -> None:
    """Returns when the options of the module go together, and a chart can be rendered by the name where one is.

    :raises InvalidOption: they do not, or it cannot.
    """
    present = options["state"] == "present"
    if present and not options["revision"]:
        raise InvalidOption("State present needs a revision.", "Name the revision or tag that the gateway is to belong to.")
    if not present and options["revision"]:
        raise InvalidOption(f"revision has no meaning with state {options['state']}.", "Leave it out.")
    charted = [option for option in ("values", "network") if options[option] and not options["version"]]
    if present and charted:
        what = " and ".join(charted)
        raise InvalidOption(f"The option {what} needs a version, whose chart it is for.", f"Give version, or leave {what} out.")
    if present and options["version"]:
        refuse_name(options["name"])


def refuse_name(name: str) -> None:
    """Returns when the objects of the chart, a Service among them, can be called so.

    :raises InvalidOption: they cannot.
    """
    if not _SERVICE_NAME.fullmatch(name):
        raise InvalidOption(
            f"The option name is {name!r}, which no Service can be called.",
            "Give at most 63 lower case letters, digits and dashes, with a letter first and no dash at the end.",
        )


def chart_settings(found: GatewayState, kind: str | None, given: Mapping[str, Any] | None, network: str | None = None) -> GatewaySettings:
    """The recipe for this call: what is not given is as it was in the last one.

    :raises InvalidOption: the values set what has an option of its own, or there is a network for another kind than C(eastwest).
    """
    kept = _kept(found)
    wanted = GatewaySettings(kind or kept.kind, kept.values if given is None else given)
    for key, instead in {**_RESERVED, **({"networkGateway": "the option network"} if wanted.kind == EASTWEST else {})}.items():
        if key in (given or {}):
            raise InvalidOption(f"The values set {key}, which is not theirs to set.", f"Remove it and use {instead}.")
    if wanted.kind == EASTWEST:
        return replace(wanted, network=kept.network if network is None else network)
    if network:
        raise InvalidOption(
            f"The network {network} is given for a gateway of the kind {wanted.kind}.", "Set kind to eastwest, or leave network out."
        )
    return wanted


def _eastwest(network: str) -> Object:
    if network:
        return {"networkGateway": network}
    ports = [{"name": name, "port": port, "targetPort": port, "protocol": "TCP"} for name, port in _EASTWEST_PORTS.items()]
    return {"service": {"ports": ports}}


def _kept(found: GatewayState) -> GatewaySettings:
    try:
        recorded = json.loads(raw.annotations_of(found.workload or {}).get(ANNOTATION) or "{}")
        return GatewaySettings(recorded.get("kind", INGRESS), recorded.get("values", {}), recorded.get("network", ""))
    except (ValueError, AttributeError):
        return GatewaySettings(INGRESS, {})
