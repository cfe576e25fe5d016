# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Probes for the gate of an upgrade, which also want to know by which pairs of planes the answers came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import kind
from ..._mesh import raw
from ..._mesh.proxies import injected_by
from ..._plan.dataplane.labels import NamespaceState
from ..._plan.gate import traffic, traffic_checks
from ..._plan.gate.model import Check
from ..._plan.gate.traffic_checks import Behind
from ..dataplane.read import pods_with
from ..probe import send as probe
from ..probe.exec import Request
from ..probe.source import Source, WaitPolicy


@dataclass(frozen=True)
class Probe:
    """One probe of the gate; C(pairs) are the pairs of planes that its answers must have crossed."""

    name: str
    source: Source
    request: Request
    naming: traffic.Naming = field(default_factory=traffic.Naming)
    expected: traffic.Expectation = field(default_factory=traffic.Expectation)
    pairs: tuple[str, ...] = ()


def foresee(cluster: Cluster, one: Probe, patience: WaitPolicy) -> Check:
    """What would be sent."""
    sender = probe.foresee(cluster, one.source, one.request, patience)
    detail = f"{one.name}: {one.request.count} requests are to be sent from {one.source} to {one.request.url}"
    return Check("probe", "predicted", detail, {"name": one.name, "sender": sender.describe()}, "not_tried")


def send(
    cluster: Cluster, one: Probe, target: str, namespace_states: Sequence[NamespaceState], patience: WaitPolicy
) -> tuple[Check, Counter[str]]:
    """Sends a probe; its check, and how many answers crossed each pair of planes.

    :raises MeshyardError: nothing could be sent.
    """
    responders = behind(cluster, one, namespace_states)
    sent = probe.send(cluster, one.source, one.request, patience)
    result = traffic.judge(sent.answers, one.naming, one.expected)
    seen = traffic_checks.pairs(sent.sender.plane, result.by_responder, responders, target)
    facts = {
        "sender": sent.sender.describe(),
        "client": sent.client,
        "counts": result.counts,
        "latency_ms": dict(result.latency_ms),
        "failures": [dict(failure) for failure in result.failures],
        "unmet": list(result.unmet),
    }
    return traffic_checks.probe(one.name, result, seen, one.pairs, facts), seen


def behind(cluster: Cluster, one: Probe, namespace_states: Sequence[NamespaceState]) -> Behind:
    """Who may answer: the pods behind the Service that the URL names, and the pods of the namespaces that were moved."""
    near = [pod for namespace_state in namespace_states for pod in namespace_state.live_pods]
    try:
        direct = _endpoints(cluster, one)
    except ApiError:  # then the names of the responders must do
        direct = []
    planes = {raw.name(pod): injected_by(pod) for pod in (*near, *direct)}
    return Behind(planes, frozenset(raw.name(pod) for pod in direct))


def _endpoints(cluster: Cluster, one: Probe) -> list[raw.Raw]:
    name, _dot, rest = (urlsplit(one.request.url).hostname or "").partition(".")
    namespace = rest.partition(".")[0] or one.source.namespace
    service = read.get(cluster, kind("Service"), name, namespace) if namespace and _is_label(name) and _is_label(namespace) else None
    return [*pods_with(cluster, namespace, raw.mapping(service or {}, "spec", "selector"))]


def _is_label(text: str) -> bool:
    """Whether a part of a host name can be the name of an object, and is no number of an IP address."""
    return bool(text) and not text.isdigit() and all(char.isalnum() or char == "-" for char in text)
