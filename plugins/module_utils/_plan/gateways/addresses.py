# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What callers notice of a gateway: its Service, and whether its pods may all go at once."""

from __future__ import annotations

import math
from typing import Any

from ..._mesh import raw
from ..._mesh.workload import Workload


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


def may_drop(seen: Workload, obj: raw.Raw) -> bool:
    """Whether a rolling update of this workload may leave no pod at all for a moment."""
    if seen.update_strategy == "Recreate":
        return True
    key = "updateStrategy" if seen.kind == "DaemonSet" else "strategy"
    rolling = raw.mapping(obj, "spec", key, "rollingUpdate")
    daemons = seen.kind == "DaemonSet"
    surge = _share(rolling.get("maxSurge", 0 if daemons else "25%"), seen.replicas, up=True)
    unavailable = _share(rolling.get("maxUnavailable", 1 if daemons else "25%"), seen.replicas, up=False)
    return 0 < seen.replicas <= unavailable and not (daemons and surge)


def _share(value: Any, replicas: int, *, up: bool) -> int:
    """A number or percentage of pods, rounded as Kubernetes does."""
    text = str(value)
    if not text.endswith("%"):
        return int(text) if text.isdigit() else 0
    share = int(text[:-1]) * replicas / 100
    return math.ceil(share) if up else math.floor(share)
