"""The Lease of a call that was killed, whose time a test need not wait out, and one that is held."""

from __future__ import annotations

from typing import Any

from lab.client import Client

SYSTEM = "istio-system"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases"
LEASE = f"{LEASES}/meshyard"
_LONG_AGO = "2026-01-01T00:00:00.000000Z"


def expire(client: Client, lease: str = LEASE) -> None:
    """The time of the Lease, if there is one, is long over."""
    if client.found(lease):
        client.merge(lease, {"spec": {"renewTime": _LONG_AGO}})


def held(client: Client) -> dict[str, Any] | None:
    """The C(spec) of the Lease, if there is one; who holds one that was expired is gone."""
    if not client.found(LEASE):
        return None
    found: dict[str, Any] = client.get(LEASE)["spec"]
    return None if found.get("renewTime") == _LONG_AGO else found


def hold(client: Client, identity: str) -> None:
    """Somebody takes the Lease over, whoever holds it."""
    client.ensure(LEASES, {"metadata": {"name": "meshyard"}, "spec": {"holderIdentity": identity}})
    now = "2040-01-01T00:00:00.000000Z"
    body = {
        "metadata": {"annotations": {"meshyard.io/run": None}},
        "spec": {"holderIdentity": identity, "renewTime": now, "acquireTime": now},
    }
    client.merge(LEASE, body)
