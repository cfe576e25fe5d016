# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is asked of locality load balancing, in Istio's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._mesh import host
from ..objects.steps import Object
from . import refusals as locality_refusals

_OUTLIER = {
    "consecutive_5xx_errors": "consecutive5xxErrors",
    "consecutive_gateway_errors": "consecutiveGatewayErrors",
    "interval": "interval",
    "base_ejection_time": "baseEjectionTime",
    "max_ejection_percent": "maxEjectionPercent",
    "min_health_percent": "minHealthPercent",
}


@dataclass(frozen=True)
class LocalityRequest:
    """A rule and what its fields are to be; fields that nobody asked for are missing."""

    namespace: str
    name: str
    host: str
    fields: Mapping[str, Any]


def request(options: Mapping[str, Any]) -> LocalityRequest:
    """What the options of the module ask for of one service.

    :raises MeshyardError: they make no sense.
    """
    asked = fields(options)
    host.of_host(options["service_host"], options["namespace"])
    return LocalityRequest(options["namespace"], options["name"], options["service_host"], asked)


def fields(options: Mapping[str, Any]) -> Object:
    """The fields that the options ask for, in the words of Istio.

    :raises MeshyardError: they make no sense.
    """
    locality_refusals.refuse(options)
    found: Object = {}
    setting: Object = {}
    if options["distribute"]:
        setting["distribute"] = [
            {"from": one["from"], "to": {place: locality_refusals.number(weight) for place, weight in one["to"].items()}}
            for one in options["distribute"]
        ]
    if options["failover"]:
        setting["failover"] = [{"from": one["from"], "to": one["to"]} for one in options["failover"]]
    if options["failover_priority"]:
        setting["failoverPriority"] = list(options["failover_priority"])
    if setting or options["enabled"] is not None:
        found["localityLbSetting"] = {"enabled": options["enabled"] is not False, **setting}
    if options["outlier_detection"] is not None:
        found["outlierDetection"] = {_OUTLIER[key]: value for key, value in options["outlier_detection"].items() if value is not None}
    if options["connection_pool"] is not None:
        found["connectionPool"] = _without_nulls(options["connection_pool"])
    return found


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(below) for key, below in value.items() if below is not None}
    return value
