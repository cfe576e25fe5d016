# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The service that a DestinationRule is for, by the name of its host."""

from __future__ import annotations

from dataclasses import dataclass

from .._errors import InvalidOption

_SERVICE = "svc"
_DOMAIN = "cluster.local"


@dataclass(frozen=True)
class Service:
    """A service of Kubernetes."""

    namespace: str
    name: str
    domain: str = _DOMAIN

    def __str__(self) -> str:
        return f"Service {self.namespace}/{self.name}"

    @property
    def host(self) -> str:
        """Its full name."""
        return f"{self.name}.{self.namespace}.{_SERVICE}.{self.domain}"


def of_host(host: str, namespace: str) -> Service:
    """The service that a rule of this namespace means.

    :raises MeshyardError: a wildcard, or no service of Kubernetes. Istio completes only names without a dot.
    """
    name, *further = host.split(".")
    if host and not further and host != "*":
        return Service(namespace, name)
    if len(further) > 2 and further[1] == _SERVICE and "*" not in host and all((name, *further)):
        return Service(further[0], name, ".".join(further[2:]))
    raise InvalidOption(
        f"The host '{host}' is not one service of Kubernetes: Istio completes only a name without dots, by the namespace of the rule.",
        "Write the name of a service of the rule's own namespace, or NAME.NAMESPACE.svc.cluster.local.",
    )


def same(one: str, other: str, namespace: str) -> bool:
    """Whether two hosts of rules in the same namespace mean the same."""
    return _full(one, namespace) == _full(other, namespace)


def is_covered(service: Service, host: str) -> bool:
    """Whether a wildcard such as C(*.shop.svc.cluster.local) or C(*) takes in a service."""
    return host.startswith("*") and service.host.endswith(host[1:])


def _full(host: str, namespace: str) -> str:
    return host if "." in host or host == "*" else Service(namespace, host).host
