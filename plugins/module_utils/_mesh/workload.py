# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Workloads: what owns pods, whether it can be restarted, and how far a rollout is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import labels, raw

# Kinds with spec.replicas, which Kubernetes takes as 1 when it is missing.
COUNTED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout"})


@dataclass(frozen=True)
class Owner:
    """The object that an owner reference names."""

    kind: str
    name: str
    group: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Workload:
    """Something that has a pod template, or a bare pod, in one shape for every kind.

    Counts are those of C(status), C(replicas) is what C(spec) asks for. C(partition) is a StatefulSet's first ordinal
    that is updated. C(settled) is false while a StatefulSet still has pods of its former revision.
    C(release_enabled) tells of a Deployment that changes of its template wait for a release.
    """

    kind: str
    namespace: str
    name: str
    uid: str
    owner: Owner | None
    labels: dict[str, str]
    template_labels: dict[str, str]
    template_annotations: dict[str, str]
    selector: dict[str, str]
    images: tuple[str, ...]
    host_network: bool
    replicas: int
    update_strategy: str
    partition: int
    paused: bool
    release_enabled: bool
    generation: int
    observed_generation: int
    total: int
    updated: int
    ready: int
    available: int
    settled: bool
    deadline_exceeded: bool

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def restarted_for(self) -> str:
        """What it was last restarted for by this collection; empty if never."""
        return self.template_annotations.get(labels.RESTARTED_FOR, "")

    @property
    def released(self) -> bool:
        """Whether it is paused only until its next release: all of its pods have the present template, so that nothing waits.

        Its controller counts the pods of the present template as updated also while it is paused.
        """
        seen = self.observed_generation >= self.generation
        return self.release_enabled and self.paused and seen and 0 < self.total == self.updated

    @property
    def held(self) -> bool:
        """Whether it is paused so that somebody has to resume or release it before it rolls."""
        return self.paused and not self.released


@dataclass(frozen=True)
class Progress:
    """How far a rollout is; C(why) says in words what it waits for, C(stuck) that Kubernetes gave it up."""

    done: bool
    stuck: bool
    why: str


def parse(obj: raw.Raw, kind: str = "") -> Workload:
    """A workload from a raw Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob, Rollout or Pod.

    :param kind: its kind, for an object out of a list: the API server does not repeat the kind in each.
    """
    kind = kind or raw.text(obj, "kind")
    template = pod_template(obj, kind)
    daemons = kind == "DaemonSet"
    return Workload(
        kind=kind,
        namespace=raw.namespace(obj),
        name=raw.name(obj),
        uid=raw.text(obj, "metadata", "uid"),
        owner=owner(obj),
        labels=raw.labels_of(obj),
        template_labels=raw.labels_of(template),
        template_annotations=raw.annotations_of(template),
        selector=raw.mapping(obj, "spec", "selector", "matchLabels"),
        images=tuple(raw.text(container, "image") for container in raw.items(template, "spec", "containers")),
        host_network=raw.at(template, "spec", "hostNetwork") is True,
        replicas=_desired(obj, kind),
        update_strategy=raw.text(obj, "spec", "updateStrategy", "type") or raw.text(obj, "spec", "strategy", "type"),
        partition=raw.number(obj, "spec", "updateStrategy", "rollingUpdate", "partition"),
        paused=raw.at(obj, "spec", "paused") is True,
        release_enabled=kind == "Deployment" and labels.RELEASE_ENABLED in raw.annotations_of(obj),
        generation=raw.number(obj, "metadata", "generation"),
        observed_generation=raw.number(obj, "status", "observedGeneration"),
        total=raw.number(obj, "status", "currentNumberScheduled" if daemons else "replicas"),
        updated=raw.number(obj, "status", "updatedNumberScheduled" if daemons else "updatedReplicas"),
        ready=raw.number(obj, "status", "numberReady" if daemons else "readyReplicas"),
        available=raw.number(obj, "status", "numberAvailable" if daemons else "availableReplicas"),
        settled=raw.at(obj, "status", "currentRevision") == raw.at(obj, "status", "updateRevision"),
        deadline_exceeded=_deadline_exceeded(obj),
    )


def owner(obj: raw.Raw) -> Owner | None:
    """The controller of an object, else its first owner."""
    references = raw.items(obj, "metadata", "ownerReferences")
    for reference in sorted(references, key=lambda one: not one.get("controller")):
        group = raw.text(reference, "apiVersion").rpartition("/")[0]
        return Owner(raw.text(reference, "kind"), raw.text(reference, "name"), group)
    return None


def pod_template(obj: raw.Raw, kind: str) -> dict[str, Any]:
    """The pod template of a workload of a kind; of a bare Pod the pod itself."""
    if kind == "Pod":
        return dict(obj)
    if kind == "CronJob":
        return raw.mapping(obj, "spec", "jobTemplate", "spec", "template")
    return raw.mapping(obj, "spec", "template")


def rolled_out(workload: Workload) -> Progress:
    """Whether every pod of a Deployment, StatefulSet or DaemonSet has the present template and is available.

    Other kinds do not roll: they are done at once.
    """
    if workload.kind not in ("Deployment", "StatefulSet", "DaemonSet"):
        return Progress(True, False, "")
    why = _missing(workload)
    stuck = workload.deadline_exceeded and workload.observed_generation >= workload.generation
    return Progress(not why, bool(why) and stuck, f"{why}, and its progress deadline is over" if why and stuck else why)


def _missing(workload: Workload) -> str:
    if workload.observed_generation < workload.generation:
        return f"its controller has not seen generation {workload.generation} yet"
    if workload.held:
        return "it is paused"
    return _outdated(workload) or _unavailable(workload)


def _outdated(workload: Workload) -> str:
    # Pods below the partition keep the former template, and that is so wanted.
    rolling = max(0, workload.replicas - workload.partition)
    if workload.updated < rolling:
        return f"{workload.updated} of {rolling} pods have the new template"
    if workload.kind == "Deployment" and workload.total > workload.updated:
        return f"old pods still there: {workload.total - workload.updated}"
    if workload.kind == "StatefulSet" and not workload.partition and not workload.settled:
        return "its pods of the former revision are not all replaced"
    return ""


def _unavailable(workload: Workload) -> str:
    if workload.available < workload.replicas:
        return f"{workload.available} of {workload.replicas} pods are available"
    return ""


def _desired(obj: raw.Raw, kind: str) -> int:
    if kind == "DaemonSet":
        return raw.number(obj, "status", "desiredNumberScheduled")
    return raw.number(obj, "spec", "replicas", default=1) if kind in COUNTED else 0


def _deadline_exceeded(obj: raw.Raw) -> bool:
    return any(
        (raw.text(one, "type"), raw.text(one, "reason")) == ("Progressing", "ProgressDeadlineExceeded")
        for one in raw.items(obj, "status", "conditions")
    )
