# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The rows of a report as cells of a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]
Cells = tuple[Any, ...]
NONE, UNKNOWN = "none", "unknown"
_KINDS = {"ca": "certificate of a CA", "root": "root that proxies trust", "token": "token of a remote secret"}
_GROUPS = {"networking.istio.io": "Istio", "gateway.networking.k8s.io": "Gateway API"}


def plane(one: Row) -> Cells:
    """A control plane."""
    replicas = one.get("replicas") or {}
    tags = [*(one.get("tags") or ()), *(["default"] if one.get("default") else [])]
    counts = (UNKNOWN if one.get(name) is None else one[name] for name in ("pods", "proxies"))
    state = "ready" if one.get("ready") else one.get("status")
    ready = f"{replicas['ready']} of {replicas['wanted']}" if one.get("location") == "cluster" and replicas else ""
    return (
        one["revision"],
        one["cluster"],
        one.get("version"),
        one.get("location"),
        one.get("made_by"),
        _text(tags),
        state,
        ready,
        *counts,
    )


def settings(one: Row) -> Cells:
    """What the mesh of a control plane is set to."""
    found = one["settings"]
    domains = _text([found["trust_domain"], *found["trust_domain_aliases"]])
    mtls = "automatic" if found["auto_mtls"] else "not automatic"
    return (one["revision"], one["cluster"], domains, found["mesh_id"], mtls, found["min_tls"], found["outbound_policy"], found["locality"])


def namespace_migration(one: Row) -> Cells:
    """How far a namespace is."""
    pods = sum(one["pods"].values())
    workloads = f"{one['workloads_as_desired']} of {one['workloads']}"
    return (one["namespace"], one["cluster"], workloads, f"{one['pods_as_desired']} of {pods}", counts(one["pods"]))


def mismatch(one: Row) -> Cells:
    """Pods of a workload that are not as they should be."""
    words = ("workload", "cluster", "namespace", "pods", "desired", "injected", "connected", "status", "reason")
    return tuple(one[word] for word in words)


def workload(one: Row) -> Cells:
    """A workload."""
    name, desired = f"{one['kind']} {one['name']}", one.get("desired") or NONE
    return (name, one["cluster"], one["namespace"], desired, counts(one.get("pods") or {}), yes(one["as_desired"]))


def namespace(one: Row) -> Cells:
    """A namespace."""
    return (one["name"], one["cluster"], one["injection"], one.get("revision") or NONE, one.get("tag"), one.get("reason"))


def gateway(one: Row) -> Iterator[Cells]:
    """A gateway, once for each Service before it."""
    for entry in one["entries"] or [{"name": NONE}]:
        addresses, ports = _text(entry.get("addresses") or ()), _text(entry.get("ports") or ())
        where = (f"{one['kind']} {one['name']}", one["cluster"], one["namespace"], entry["name"], entry.get("type"), addresses, ports)
        yield (*where, one.get("desired") or NONE, _text(one.get("running") or ()))


def listener(one: Row) -> Cells:
    """What a gateway listens to."""
    kind = _GROUPS.get(one["group"], one["group"])
    return (one["name"], one["cluster"], one["namespace"], kind, _text(one["ports"]), _text(one["hosts"]), _text(one["routed_hosts"]))


def release(one: Row) -> Cells:
    """A release, or a change that waits for one."""
    found = one.get("release") or {}
    canary = one.get("canary") or {}
    pods = f"{canary['ready']} of {canary['replicas']} ready" if canary else ""
    phase = found.get("phase") or ("was taken back" if one.get("refused") else "waits")
    weight = f"{found['weight']} %" if found else ""
    verdicts = "; ".join(map(_verdict, found.get("verdicts") or ()))
    return (one["name"], one["cluster"], one["namespace"], phase, weight, pods, found.get("begun"), verdicts)


def cluster(one: Row) -> Cells:
    """A cluster."""
    message = one["message"] or (f"Told by its primary {one['told_by']}." if one["told_by"] else "")
    names = _text(one["names"])
    return (one["cluster"], yes(one["answered"]), names, one["network"], one["host"], one["context"], message)


def remote(one: Row) -> Cells:
    """A remote secret."""
    expires = one["token_expiry"] or ("never" if one["usable"] else UNKNOWN)
    return (one["secret"], one["cluster"], one["name"], one["leads_to"] or "not in this report", one["server"], expires)


def endpoints(one: Row) -> Cells:
    """By which addresses a remote cluster should reach something of its primary."""
    return (one["name"], one["cluster"], one["namespace"], one["reach"], _text(one["addresses"]), yes(one["current"]))


def locality(one: Row) -> Cells:
    """A rule by locality."""
    return (one["name"], one["cluster"], one["namespace"], one["host"], one["locality"], yes(one["outlier_detection"]))


def certificate(one: Row) -> Cells:
    """What expires."""
    return (one["object"] or UNKNOWN, one["cluster"], _KINDS[one["kind"]], one["expires"] or "never", one["fingerprint"][:16])


def counts(found: Mapping[str, int]) -> str:
    """Numbers by name."""
    return ", ".join(f"{name or NONE}: {count}" for name, count in sorted(found.items()))


def _verdict(one: Any) -> str:
    return str(one.get("detail") or one) if isinstance(one, Mapping) else str(one)


def _text(found: Any) -> str:
    return ", ".join(map(str, found))


def yes(value: Any) -> str:
    """A truth value in a word."""
    return "yes" if value else "no"
