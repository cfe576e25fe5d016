# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Findings about namespaces, workloads and gateways: what cannot be moved, and what is not well before."""

from __future__ import annotations

from collections.abc import Iterator

from ..._mesh import gateway, labels, raw, workload
from ..._mesh.restart import restartable
from ..finding import Finding
from .model import PreflightInput

_OTHER_KINDS = ("ReplicaSet", "ReplicationController", "Rollout")


def findings(given: PreflightInput) -> Iterator[Finding]:
    """All findings of this file."""
    yield from _labels(given)
    yield from _not_restartable(given)
    yield from _health(given)
    yield from _gateways(given)


def _labels(given: PreflightInput) -> Iterator[Finding]:
    for member in given.members:
        name = f"Namespace {member.name}"
        if labels.INJECTION in member.labels and labels.REV in member.labels:
            yield Finding(
                "warning",
                "injection_labels",
                name,
                f"It has both {labels.INJECTION}={member.labels[labels.INJECTION]} and {labels.REV}={member.labels[labels.REV]}: "
                "the second one is ignored.",
                f"Remove the one that is not meant; a move writes {labels.REV} alone.",
            )
        if member.decision.kind in ("blocked", "double"):
            yield Finding(
                "blocker" if member.decision.concerns(given.route.from_revision) else "warning",
                f"injection_{member.decision.kind}",
                name,
                member.decision.reason,
                "Correct the webhook or the labels that the message names.",
            )
        elif member.decision.unserved:
            yield Finding(
                "warning",
                "no_webhook",
                name,
                member.decision.reason,
                "Label it with a revision or tag that exists, or remove the label.",
            )


def _not_restartable(given: PreflightInput) -> Iterator[Finding]:
    """What keeps its old proxy: pods of the old revision whose workload nobody here can restart."""
    known: set[str] = set()
    source = given.route.from_revision
    rolling = {(one.workload.kind, member.name, one.workload.name): one.workload for member in given.members for one in member.rolling}
    others = {
        (kind, raw.namespace(obj), raw.name(obj)): workload.parse(obj, kind)
        for kind in _OTHER_KINDS
        for obj in given.evidence.workloads.get(kind) or ()
    }
    pods = {(raw.namespace(pod), raw.name(pod)): pod for pod in given.evidence.pods or ()}
    for member in given.members:
        for proxy in member.proxies if source else ():
            key = (proxy.workload.kind, member.name, proxy.workload.name)
            seen = rolling.get(key) or others.get(key) or workload.parse(pods[(member.name, proxy.pod)], "Pod")
            reason = None if proxy.revision != source or proxy.terminating else restartable(seen)
            if reason and reason not in known and not _is_managed(seen):
                known.add(reason)
                yield Finding(
                    "warning",
                    "not_restartable",
                    str(seen),
                    f"{reason[0].upper()}{reason[1:]}",
                    f"Until then it stays on revision {source}, which cannot be retired.",
                )


def _is_managed(seen: workload.Workload) -> bool:
    """Gateways of the Gateway API are told of by themselves."""
    return labels.GATEWAY_MANAGED in seen.labels


def _health(given: PreflightInput) -> Iterator[Finding]:
    for one in given.restarted:
        seen = one.workload
        progress = workload.rolled_out(seen)
        if not progress.done and restartable(seen) is None:
            yield Finding(
                "warning",
                "not_ready",
                str(seen),
                f"{seen} is not ready before anything was changed: {progress.why}.",
                f"Repair it first, or leave the namespace {seen.namespace} out: its wave would wait for it in vain and go back.",
            )


def _gateways(given: PreflightInput) -> Iterator[Finding]:
    namespace_labels = {member.name: member.labels for member in given.members}
    for move in given.upgrade.gateways:
        one = move.gateway
        if one.managed:
            yield Finding(
                "info",
                "gateway_api",
                f"Gateway {move}",
                f"Gateway {move} is given to {given.route.to_revision} by a label on it; istiod then rolls {one} at once.",
            )
            continue
        obstacle = gateway.move(one, given.route.to_revision, namespace_labels[one.namespace]).obstacle
        if obstacle:
            yield Finding(
                "blocker",
                "gateway_obstacle",
                str(one),
                f"{obstacle}",
                "Or leave its namespace out of this upgrade with canary_upgrade_exclude_namespaces.",
            )
