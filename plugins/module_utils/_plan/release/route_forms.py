# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Where the kinds of routes have their destinations, and which of these mean a service."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from ..._mesh import host, raw
from ..objects.steps import Object
from . import weights
from .target import Target

KINDS = ("VirtualService", "HTTPRoute", "GRPCRoute")


class RouteForm(ABC):
    """How a kind of route is read.

    :cvar parts: the lists of C(spec) with the rules. :cvar destinations: the list of a rule with its destinations.
    :cvar defaults: what the API server writes into a destination that does not name it.
    """

    parts: tuple[str, ...]
    destinations: str
    rule: weights.Rule
    defaults: Mapping[str, Any]

    @abstractmethod
    def means(self, destination: raw.Raw, namespace: str, service: host.Service) -> bool:
        """Whether a destination of a route in this namespace is a service."""

    @abstractmethod
    def renamed(self, destination: raw.Raw, service: host.Service) -> Object:
        """The destination with another service of the same namespace."""

    def is_stable(self, destination: raw.Raw, namespace: str, target: Target) -> bool:
        """Whether requests to a destination reach the pods that are released."""
        return self.means(destination, namespace, target.service)

    def is_canary(self, destination: raw.Raw, namespace: str, target: Target) -> bool:
        """Whether a destination is the canary."""
        return self.means(destination, namespace, target.canary_service)


class VirtualServiceForm(RouteForm):
    """VirtualService: HTTP, TCP and TLS, whatever its gateways."""

    parts = ("http", "tcp", "tls")
    destinations = "route"
    rule = weights.ISTIO
    defaults: Mapping[str, Any] = {}

    def means(self, destination: raw.Raw, namespace: str, service: host.Service) -> bool:
        """By its host. Istio completes only a name without dots, by the namespace of the VirtualService."""
        named = raw.text(destination, "destination", "host")
        return named == service.host or (named == service.name and namespace == service.namespace)

    def renamed(self, destination: raw.Raw, service: host.Service) -> Object:
        """A short name stays short."""
        before = raw.mapping(destination, "destination")
        named = service.host if "." in raw.text(before, "host") else service.name
        return {**destination, "destination": {**before, "host": named}}

    def is_stable(self, destination: raw.Raw, namespace: str, target: Target) -> bool:
        """Not where its subset selects pods of another workload."""
        subset = raw.text(destination, "destination", "subset")
        return subset not in target.other_subsets and super().is_stable(destination, namespace, target)


class GatewayApiForm(RouteForm):
    """HTTPRoute and the other routes of the Gateway API, whatever their parents."""

    parts = ("rules",)
    destinations = "backendRefs"
    rule = weights.GATEWAY_API
    defaults: Mapping[str, Any] = {"group": "", "kind": "Service"}

    def means(self, destination: raw.Raw, namespace: str, service: host.Service) -> bool:
        """By its name, in the namespace of the route unless it names one."""
        named = {**self.defaults, "namespace": namespace, **{key: value for key, value in destination.items() if value is not None}}
        wanted = {**self.defaults, "namespace": service.namespace, "name": service.name}
        return all(named.get(key) == value for key, value in wanted.items())

    def renamed(self, destination: raw.Raw, service: host.Service) -> Object:
        """Its namespace stays as it is written."""
        return {**destination, "name": service.name}


_VIRTUAL_SERVICE = VirtualServiceForm()
_GATEWAY_API = GatewayApiForm()


def of(route: raw.Raw) -> RouteForm:
    """The form of a route, by its kind."""
    return _VIRTUAL_SERVICE if raw.text(route, "kind") == "VirtualService" else _GATEWAY_API
