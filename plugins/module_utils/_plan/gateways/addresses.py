# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What callers know a gateway by: its Service."""

from __future__ import annotations

from typing import Any

from ..._mesh import raw


def serves(service: raw.Raw | None) -> dict[str, Any] | None:
    """What callers outside know a gateway by: it stays as it is when the gateway moves."""
    if service is None:
        return None
    ingress = _balanced(service)
    ports = [one for one in raw.items(service, "spec", "ports") if one.get("nodePort")]
    return {
        "service": raw.name(service),
        "uid": raw.text(service, "metadata", "uid"),
        "cluster_ip": raw.text(service, "spec", "clusterIP") or None,
        "address": ingress[0] if ingress else None,
        "node_ports": {raw.text(one, "name") or str(one.get("port")): one["nodePort"] for one in ports},
    }


def addresses(service: raw.Raw) -> list[str]:
    """By what a Service is reached from outside: what its load balancer gave it, host names too, else its external IPs."""
    return _balanced(service) or [str(one) for one in raw.items(service, "spec", "externalIPs")]


def _balanced(service: raw.Raw) -> list[str]:
    return [raw.text(one, "ip") or raw.text(one, "hostname") for one in raw.items(service, "status", "loadBalancer", "ingress")]
