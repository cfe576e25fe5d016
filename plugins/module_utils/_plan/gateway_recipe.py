# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a gateway is rendered with, kept on its workload for calls that do not give it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._charts import values
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import raw
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateway_state import Found
from ansible_collections.meshyard.istio.plugins.module_utils._plan.steps import Object

ANNOTATION = "meshyard.io/gateway"
INGRESS, EGRESS = "ingress", "egress"
# Values that this collection sets itself, and how the user sets them instead.
_RESERVED = {"revision": "the option revision", "name": "the option name"}


@dataclass(frozen=True)
class Recipe:
    """What a gateway is rendered with: C(ingress) or C(egress), and the user's values."""

    kind: str
    values: Mapping[str, Any]

    def text(self) -> str:
        """As it is kept in an annotation of the workload, for later calls that do not give it."""
        return json.dumps({"kind": self.kind, "values": self.values}, sort_keys=True, separators=(",", ":"))

    def chart_values(self, revision: str) -> Object:
        """The values for the chart: what the kind needs, under what the user gives."""
        layers: list[Mapping[str, Any]] = []
        if self.values.get("kind", "Deployment") == "Deployment":
            # A gateway never gives up a pod before another one is ready.
            layers.append({"strategy": {"rollingUpdate": {"maxUnavailable": 0}}})
        if self.kind == EGRESS:
            layers.append({"service": {"type": "ClusterIP"}})
        return values.merge(*layers, self.values, {"revision": revision})


def recipe(found: Found, kind: str | None, given: Mapping[str, Any] | None) -> Recipe:
    """The recipe for this call: what is not given is as it was in the last one.

    :raises MeshyardError: the values set what has an option of its own.
    """
    for key, instead in _RESERVED.items():
        if key in (given or {}):
            raise MeshyardError(f"The values set {key}, which is not theirs to set.", f"Remove it and use {instead}.")
    kept = _kept(found)
    return Recipe(kind or kept.kind, kept.values if given is None else given)


def _kept(found: Found) -> Recipe:
    try:
        told = json.loads(raw.annotations_of(found.workload or {}).get(ANNOTATION) or "{}")
        return Recipe(told.get("kind", INGRESS), told.get("values", {}))
    except (ValueError, AttributeError):
        return Recipe(INGRESS, {})
