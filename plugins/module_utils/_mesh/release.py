# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The record of a release on the Deployment that is released, and the pod templates that it is about."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .._errors import MeshyardError
from . import labels, raw, restart, workload

REMEDY = "Finish the release or abort it (workload_canary), then run again."
RECORD = labels.RELEASE
ENABLED = labels.RELEASE_ENABLED
REFUSED = "meshyard.io/release-refused"

Phase = Literal["preparing", "prepared", "progressing", "promoting", "promoted", "returning", "finishing", "aborting"]
PHASES: tuple[Phase, ...] = ("preparing", "prepared", "progressing", "promoting", "promoted", "returning", "finishing", "aborting")
BEFORE_PROMOTION = frozenset({"preparing", "prepared", "progressing"})
FROM_PROMOTION = frozenset({"promoting", "promoted", "returning", "finishing"})
_REVISION = "deployment.kubernetes.io/revision"
_HASH = 16
# Of the fields of a record in JSON, those that are no text.
_TYPES: Mapping[str, type] = {"weight": int, "paused": bool, "restore": dict, "verdicts": list}


@dataclass(frozen=True)
class Record:
    """A release that has begun. It holds what is intended, and what the Deployment itself was before.

    :ivar template: hash of the pod template that is released. :ivar weight: percentage of the traffic that the canary is to have.
    :ivar run: who brought it to its phase and weight.
    :ivar service: name of the Service in front of the Deployment. :ivar paused: whether the Deployment was paused before.
    :ivar restore: merge patch of the pod template that takes the release's change back; empty where the template was waiting already.
    :ivar policy_gap: what was asked to do about policies that would miss the canary.
    :ivar begun: when it began, and :ivar moved: when it came to its phase and weight, in ISO 8601 of the machine that did it.
    :ivar verdicts: what the gate said of this phase and weight; empty while it has not been asked.
    """

    phase: Phase
    run: str
    template: str
    service: str
    weight: int = 0
    paused: bool = False
    restore: Mapping[str, Any] = field(default_factory=dict)
    policy_gap: str = "copy"
    begun: str = ""
    moved: str = ""
    verdicts: Sequence[Mapping[str, Any]] = ()

    def to(self, phase: Phase, weight: int | None = None, *, now: str, run: str) -> Record:
        """The same release in another phase or with another weight, of which no gate has said anything yet.

        :param run: who brings it there.
        """
        weight = self.weight if weight is None else weight
        if (phase, weight) == (self.phase, self.weight):
            return self
        return replace(self, phase=phase, weight=weight, moved=now, run=run, verdicts=())

    @property
    def is_judged(self) -> bool:
        """Whether the gate has let this phase and weight pass."""
        return bool(self.verdicts) and all(one.get("verdict") == "passed" for one in self.verdicts)

    def dump(self) -> str:
        """The value of the annotation."""
        return json.dumps({**self.__dict__, "verdicts": list(self.verdicts)}, sort_keys=True, separators=(",", ":"))

    def describe(self) -> dict[str, Any]:
        """The record as it is returned."""
        kept = ("phase", "weight", "run", "template", "service", "policy_gap", "begun", "moved", "verdicts")
        return {**{key: getattr(self, key) for key in kept}, "verdicts": list(self.verdicts), "judged": self.is_judged}


def of(deployment: raw.Raw) -> Record | None:
    """The release that a Deployment is in, or None.

    :raises MeshyardError: the annotation cannot be read.
    """
    text = raw.annotations_of(deployment).get(RECORD)
    if text is None:
        return None
    try:
        found = json.loads(text)
        record = Record(**{key: found[key] for key in Record.__dataclass_fields__ if key in found})
        if record.phase not in PHASES or not _is_typed(record):
            raise ValueError(record.phase)
    except (ValueError, TypeError) as problem:
        raise MeshyardError(
            f"The annotation {RECORD} of Deployment {raw.qualified(deployment)} is not a record of a release.",
            "Give it its former value back, or remove it together with the canary, then run again.",
            code="release_unreadable",
        ) from problem
    return record


def obstacle(deployment: raw.Raw) -> str | None:
    """The sentence that keeps others from restarting a Deployment while a release of it is open; None where none is.

    :raises MeshyardError: the annotation cannot be read.
    """
    record = of(deployment)
    if record is None:
        return None
    return f"A release of Deployment {raw.qualified(deployment)} is open, in the phase {record.phase}: the run {record.run} began it."


def is_enabled(deployment: raw.Raw) -> bool:
    """Whether ordinary changes of the template wait for a release."""
    return ENABLED in raw.annotations_of(deployment)


def template_of(deployment: raw.Raw) -> dict[str, Any]:
    """The pod template of a Deployment."""
    return workload.pod_template(deployment, "Deployment")


def hash_of(template: raw.Raw) -> str:
    """What tells one pod template from another, as the API server gives them: with all defaults."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH]


def running_template(deployment: raw.Raw, replica_sets: Iterable[raw.Raw]) -> dict[str, Any] | None:
    """The pod template that a Deployment rolled out last; None where it never did.

    It is that of the ReplicaSet with the Deployment's own revision: while a Deployment is paused its controller makes no other one.
    But it gives that revision to an older one to which the template is set back, though no pod is made of it: then the pods tell.
    """
    wanted = raw.annotations_of(deployment).get(_REVISION)
    owned = [one for one in replica_sets if raw.text(deployment, "metadata", "uid") in _owners(one)]
    current = next((one for one in owned if wanted and raw.annotations_of(one).get(_REVISION) == wanted), None)
    if current is None or not _pods(current):
        current = max(filter(_pods, owned), key=_pods, default=current)
    return None if current is None else _without_hash(workload.pod_template(current, "ReplicaSet"))


def awaits_release(deployment: raw.Raw, replica_sets: Iterable[raw.Raw]) -> bool:
    """Whether a changed template waits, and is not being released."""
    running = running_template(deployment, replica_sets)
    return of(deployment) is None and running is not None and running != template_of(deployment)


def is_refused(deployment: raw.Raw) -> bool:
    """Whether its template was released before and taken back."""
    return raw.annotations_of(deployment).get(REFUSED) == hash_of(template_of(deployment))


def _is_typed(record: Record) -> bool:
    """Whether each field that was read is of its type, for anybody may have written the annotation."""
    typed = all(isinstance(value, _TYPES.get(key, str)) for key, value in vars(record).items() if value != ())
    return typed and not isinstance(record.weight, bool) and all(isinstance(one, dict) for one in record.verdicts)


def _owners(replica_set: raw.Raw) -> set[str]:
    return {raw.text(one, "uid") for one in raw.items(replica_set, "metadata", "ownerReferences")}


def _pods(replica_set: raw.Raw) -> int:
    return raw.number(replica_set, "spec", "replicas")


def _without_hash(template: dict[str, Any]) -> dict[str, Any]:
    metadata = raw.mapping(template, "metadata")
    marks = {key: value for key, value in raw.mapping(metadata, "labels").items() if key != restart.TEMPLATE_HASH}
    return {**template, "metadata": {**metadata, "labels": marks}}
