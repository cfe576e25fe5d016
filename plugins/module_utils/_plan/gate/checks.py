# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The verdicts of an upgrade's gate, each with its evidence: passed, failed, or inconclusive where something could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..._mesh import labels, raw, restart, syncz, verdict, workload
from ..._mesh.proxies import Proxy, proxy_of
from ..._mesh.verdict import Target
from ..dataplane import gateway_api
from ..dataplane.labels import NamespaceState
from ..dataplane.mesh import Mesh
from .model import Check

# The owners of pods that only send: nobody moves them.
SENDERS = ("probe", "test-flight")
_LISTED = 50


@dataclass(frozen=True)
class Pods:
    """The pods of the namespaces, sorted by what the gate has to say of them.

    :ivar right: on the target. :ivar wrong: not on it, or not ready, with a reason for each.
    :ivar left: cannot be brought there by a restart. :ivar elsewhere: gateways that another revision is meant for.
    :ivar outside: how many have and need no sidecar.
    :ivar missing: workloads that are to have pods on the target, and have none at all.
    """

    right: tuple[raw.Raw, ...] = ()
    wrong: tuple[tuple[raw.Raw, str], ...] = ()
    left: tuple[tuple[raw.Raw, str], ...] = ()
    elsewhere: tuple[tuple[raw.Raw, str], ...] = ()
    outside: int = 0
    missing: tuple[workload.Workload, ...] = ()


def sort_pods(
    namespace_states: Iterable[NamespaceState], mesh: Mesh, target: Target, connections: syncz.Connections | None = None, cluster: str = ""
) -> Pods:
    """Every live pod of these namespaces, held against the target.

    :param connections: what the istiods say, of which the versions count here. :param cluster: the cluster ID by which they know the pods.
    """
    right, wrong, left, elsewhere, outside = [], [], [], [], 0
    missing: list[workload.Workload] = []
    for namespace_state in namespace_states:
        missing += _missing(namespace_state, mesh, target)
        for pod in namespace_state.live_pods:
            connection = connections.find(raw.namespace(pod), raw.name(pod), cluster) if connections else None
            place, reason = _sort(pod, namespace_state, mesh, target, connection)
            if place == "wrong" and (obstacle := _obstacle(pod, namespace_state)):
                left.append((pod, obstacle))
            elif place in ("wrong", "unready"):
                wrong.append((pod, reason))
            elif place == "elsewhere":
                elsewhere.append((pod, reason))
            elif place == "right":
                right.append(pod)
            else:
                outside += 1
    return Pods(tuple(right), tuple(wrong), tuple(left), tuple(elsewhere), outside, tuple(missing))


def pods(found: Pods, namespace_states: Sequence[NamespaceState], target: Target) -> Check:
    """Whether every pod is on the target."""
    total = len(found.right) + len(found.wrong)
    gone = [namespace_state.name for namespace_state in namespace_states if namespace_state.obj is None]
    facts = {
        "total": total,
        "on_target": len(found.right),
        "versions": dict(sorted(Counter(proxy.version for proxy in _proxies(found.right)).items())),
        "wrong": _listed(found.wrong),
        "left": _listed(found.left),
        "elsewhere": _listed(found.elsewhere),
        "outside": found.outside,
        "missing": [{"namespace": one.namespace, "kind": one.kind, "name": one.name} for one in found.missing[:_LISTED]],
        "namespaces_gone": gone,
    }
    said = f"{len(found.right)} of {total} pods are on {target.revision} {target.version}".rstrip()
    if gone:
        return Check("pods", "failed", f"{said}; the namespace {gone[0]} does not exist", facts, "namespace_missing")
    if found.wrong:
        pod, reason = found.wrong[0]
        return Check("pods", "failed", f"{said}; {raw.qualified(pod)}: {reason}", facts, "pods_wrong")
    if found.missing:
        return Check("pods", "failed", f"{said}; {found.missing[0]} has no pod at all", facts, "pods_missing")
    also = f"; {len(found.left)} cannot be restarted and stay as they are" if found.left else ""
    return Check("pods", "passed", f"{said}{also}" if total or also else f"{said}: nothing there was to be moved", facts)


def proxies(found: Pods, connections: syncz.Connections, target: Target, cluster: str, proven: set[tuple[str, str]]) -> Check:
    """Whether the proxies of the pods on the target are connected to its istiods and have taken all configuration.

    :param cluster: the cluster ID by which istiod knows them.
    :param proven: pods that were in sync before: while configuration changes some proxy is always about to acknowledge, so
        one that was in sync once need not be so at the very moment at which all others are. Pods in sync are added.
    """
    total = len(found.right) + len(found.wrong)
    unknown, wrong, versions = [], [], Counter[str]()
    for pod in found.right:
        key = raw.namespace(pod), raw.name(pod)
        connection = connections.find(*key, cluster)
        if connection is None and connections.silent:
            unknown.append((pod, "no istiod that answered knows it"))
        elif connection is None:
            wrong.append((pod, "its proxy is not connected"))
        elif reason := verdict.unsynced(connection, target, proven=key in proven):
            wrong.append((pod, reason))
        if connection:
            versions[connection.version] += 1
            if connection.synced:
                proven.add(key)
    facts = {
        "total": total,
        "connected": sum(versions.values()),
        "versions": dict(sorted(versions.items())),
        "wrong": _listed(wrong),
        "unknown": _listed(unknown),
        "unreadable": [{"istiod": one.istiod, "reason": one.reason} for one in connections.silent],
    }
    said = f"{len(found.right) - len(wrong) - len(unknown)} of {total} proxies are connected to istiod {target.revision} and in sync"
    if wrong:
        pod, reason = wrong[0]
        return Check("proxies", "failed", f"{said}; {raw.qualified(pod)}: {reason}", facts, "proxies_unsynced")
    if found.wrong:
        return Check("proxies", "failed", f"{said}; the other pods are not right themselves", facts, "pods_wrong")
    if unknown:
        silent = connections.silent[0]
        return Check(
            "proxies", "inconclusive", f"{said}; istiod {silent.istiod} could not be asked: {silent.reason}", facts, "istiod_silent"
        )
    return Check("proxies", "passed", said, facts)


def _missing(namespace_state: NamespaceState, mesh: Mesh, target: Target) -> list[workload.Workload]:
    """Workloads that are to have pods on the target, and have none at all: there is nothing to be judged by."""
    owners = {restart.owner_of_pod(pod, namespace_state.owners) for pod in namespace_state.pods}
    there = {(owner.kind, owner.name) for owner in owners}
    found = []
    for obj in namespace_state.workloads:
        seen = workload.parse(obj)
        if seen.replicas == 0 or (seen.kind, seen.name) in there or gateway_api.is_managed(obj):
            continue
        decision = mesh.decide(seen.namespace, namespace_state.labels, seen.template_labels, seen.template_annotations, seen.host_network)
        if decision.kind == "revision" and decision.revision == target.revision:
            found.append(seen)
    return found


def _sort(
    pod: raw.Raw, namespace_state: NamespaceState, mesh: Mesh, target: Target, connection: syncz.Connection | None
) -> tuple[str, str]:
    if raw.labels_of(pod).get(labels.OWNER) in SENDERS:
        return "outside", ""
    proxy = proxy_of(pod, namespace_state.owners)
    decision = gateway_api.of_pod(pod, namespace_state.labels, namespace_state.gateways, mesh)
    if decision.kind == "revision" and decision.revision == target.revision:
        return _held_against(proxy, target, connection)
    expected = decision.revision or decision.unserved or "/".join(decision.rivals)
    reason = f"of a new pod like it: {decision.reason.rstrip('.')}"
    if proxy is None or proxy.revision is None:
        return ("wrong", reason) if expected else ("outside", "")
    if proxy.gateway and expected:
        return "elsewhere", f"it is a gateway of revision {expected}"
    return "wrong", reason


def _held_against(proxy: Proxy | None, target: Target, connection: syncz.Connection | None) -> tuple[str, str]:
    wrong = verdict.fault(proxy, target, connection)
    if wrong:
        return "wrong", wrong
    late = verdict.unready(proxy)
    return ("unready", late) if late else ("right", "")


def _obstacle(pod: raw.Raw, namespace_state: NamespaceState) -> str | None:
    """Why no restart brings a pod to the target, or None: it should be there."""
    obj = _workload(pod, namespace_state)
    if obj is not None:
        return restart.restartable(workload.parse(obj))
    vanished = restart.owner_of_pod(pod, namespace_state.owners).kind in restart.ROLLS
    return None if vanished else restart.restartable(workload.parse(pod, "Pod"))


def _workload(pod: raw.Raw, namespace_state: NamespaceState) -> raw.Raw | None:
    owner = restart.owner_of_pod(pod, namespace_state.owners)
    return next((obj for obj in namespace_state.workloads if (raw.text(obj, "kind"), raw.name(obj)) == (owner.kind, owner.name)), None)


def _proxies(found: Iterable[raw.Raw]) -> list[Proxy]:
    return [proxy for pod in found if (proxy := proxy_of(pod))]


def _listed(found: Sequence[tuple[raw.Raw, str]]) -> list[dict[str, str]]:
    return [{"namespace": raw.namespace(pod), "pod": raw.name(pod), "reason": reason} for pod, reason in found[:_LISTED]]
