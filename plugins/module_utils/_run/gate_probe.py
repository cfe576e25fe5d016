# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Probes for the gate of an upgrade, which also want to know by which pairs of planes the answers came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import read
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.errors import ApiError
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import raw
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.proxies import injected_by
from ansible_collections.meshyard.istio.plugins.module_utils._plan import gate_traffic, traffic
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import Check
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate_traffic import Behind
from ansible_collections.meshyard.istio.plugins.module_utils._plan.relabel import Space
from ansible_collections.meshyard.istio.plugins.module_utils._run import probe
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe_exec import Request
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe_source import Patience, Source


@dataclass(frozen=True)
class Probe:
    """One probe of the gate; C(pairs) are the pairs of planes that its answers must have crossed."""

    name: str
    source: Source
    request: Request
    naming: traffic.Naming = field(default_factory=traffic.Naming)
    expected: traffic.Expectation = field(default_factory=traffic.Expectation)
    pairs: tuple[str, ...] = ()


def foresee(cluster: Cluster, one: Probe, patience: Patience) -> Check:
    """What would be sent."""
    sender = probe.foresee(cluster, one.source, one.request, patience)
    detail = f"{one.name}: {one.request.count} requests are to be sent from {one.source} to {one.request.url}"
    return Check("probe", "foretold", detail, {"name": one.name, "sender": sender.describe()})


def send(cluster: Cluster, one: Probe, target: str, spaces: Sequence[Space], patience: Patience) -> tuple[Check, Counter[str]]:
    """Sends a probe; its check, and how many answers crossed each pair of planes.

    :raises MeshyardError: nothing could be sent.
    """
    responders = behind(cluster, one, spaces)
    sent = probe.send(cluster, one.source, one.request, patience)
    result = traffic.judge(sent.answers, one.naming, one.expected)
    seen = gate_traffic.pairs(sent.sender.plane, result.by_responder, responders, target)
    facts = {
        "sender": sent.sender.describe(),
        "client": sent.client,
        "counts": result.counts,
        "latency_ms": dict(result.latency_ms),
        "failures": [dict(failure) for failure in result.failures],
        "unmet": list(result.unmet),
    }
    return gate_traffic.probe(one.name, result, seen, one.pairs, facts), seen


def behind(cluster: Cluster, one: Probe, spaces: Sequence[Space]) -> Behind:
    """Who may answer: the pods behind the Service that the URL names, and the pods of the namespaces that were moved."""
    near = [pod for space in spaces for pod in space.live_pods]
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
    selector = raw.mapping(service or {}, "spec", "selector")
    if not selector:
        return []
    wanted = ",".join(f"{key}={value}" for key, value in sorted(selector.items()))
    return [*read.objects(cluster, kind("Pod"), namespace, labels=wanted)]


def _is_label(text: str) -> bool:
    """Whether a part of a host name can be the name of an object, and is no number of an IP address."""
    return bool(text) and not text.isdigit() and all(char.isalnum() or char == "-" for char in text)
