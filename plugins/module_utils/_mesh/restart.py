# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Restarting workloads: which ones can be, what each was restarted for, and what owns a pod."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from . import raw
from .workload import Owner, Workload, owner

TEMPLATE_HASH = "pod-template-hash"
ROLLOUT_HASH = "rollouts-pod-template-hash"
GATEWAY_API = "gateway.networking.k8s.io"
ROLLS = ("Deployment", "StatefulSet", "DaemonSet")
# (namespace, kind, name) of an owned object to its owner.
Owners = Mapping[tuple[str, str, str], Owner]


def restartable(workload: Workload) -> str | None:
    """None when a restart mark in its pod template makes it roll, else a sentence why not and what to do.

    A Deployment that is paused between two releases also has to be resumed by whoever restarts it.
    """
    reason = _by_kind(workload) or _by_owner(workload) or _by_strategy(workload)
    return f"{workload} {reason}" if reason else None


def _by_kind(workload: Workload) -> str | None:
    if workload.kind in ROLLS:
        return None
    if workload.owner and workload.kind in ("Pod", "ReplicaSet", "Job"):
        return f"belongs to {workload.owner}: restart that."
    sentences = {
        "Pod": "is a bare pod that nothing creates again: delete it and create it anew.",
        "Job": "is a Job, whose pods run to their end: wait for it, or delete it and start it anew.",
        "CronJob": "starts its pods by schedule: the next run takes the new revision by itself.",
        "Rollout": "is an Argo Rollout, which rolls by steps of its own: restart it with kubectl argo rollouts restart.",
    }
    return sentences.get(workload.kind, f"is a {workload.kind}, which does not replace its pods: delete them by hand.")


def _by_owner(workload: Workload) -> str | None:
    if workload.owner is None:
        return None
    if workload.owner.group == GATEWAY_API:
        return f"belongs to {workload.owner}: istiod rolls it when the revision of that changes."
    return f"belongs to {workload.owner}, which may take a change of it back: restart it by means of its owner."


def _by_strategy(workload: Workload) -> str | None:
    if workload.held:
        return _by_pause(workload)
    if workload.update_strategy == "OnDelete":
        return "has the update strategy OnDelete: delete its pods one after the other yourself."
    if workload.partition:
        return f"has the partition {workload.partition}, below which pods are not replaced: set it to 0 first."
    return None


def _by_pause(workload: Workload) -> str:
    if not workload.release_enabled:
        return "is paused, so that nothing would roll: resume it first (kubectl rollout resume)."
    if workload.observed_generation < workload.generation:
        return "was changed just now, and whether the change waits for a release is not known yet: run again."
    if not workload.total:
        return "has no pods that tell whether a change waits for a release: release it (workload_canary), or give it pods first."
    return "has a changed pod template that waits for a release: release it (workload_canary) or set the template back, then run again."


def mark(revision: str, proxy_version: str, values_hash: str) -> str:
    """What a pod template is restarted for: the revision, the version of its proxies and a hash of its values."""
    return f"{revision}@{proxy_version}+{values_hash}"


def owners_of(replica_sets: Iterable[raw.Raw]) -> dict[tuple[str, str, str], Owner]:
    """The owners of ReplicaSets, by which pods find their Deployment."""
    found = {(raw.namespace(one), "ReplicaSet", raw.name(one)): owner(one) for one in replica_sets}
    return {key: known for key, known in found.items() if known}


def owner_of_pod(pod: raw.Raw, owners: Owners | None = None) -> Owner:
    """The workload that a pod belongs to: the Deployment rather than its ReplicaSet, the CronJob rather than its Job.

    :param owners: owners of ReplicaSets and Jobs, where they were read; else a ReplicaSet's name and the pod's
        template hash tell the Deployment, and a Job stays a Job.
    """
    direct = owner(pod)
    if direct is None:
        return Owner("Pod", raw.name(pod))
    known = (owners or {}).get((raw.namespace(pod), direct.kind, direct.name))
    return known or _above(direct, raw.labels_of(pod))


def _above(direct: Owner, pod_labels: Mapping[str, str]) -> Owner:
    if direct.kind != "ReplicaSet":
        return direct
    for label, kind, group in ((ROLLOUT_HASH, "Rollout", "argoproj.io"), (TEMPLATE_HASH, "Deployment", "apps")):
        suffix = f"-{pod_labels.get(label, '')}"
        if label in pod_labels and direct.name.endswith(suffix):
            return Owner(kind, direct.name.removesuffix(suffix), group)
    return direct
