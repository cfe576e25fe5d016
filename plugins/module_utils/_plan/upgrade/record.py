# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The operation record: what an upgrade that has begun intends. One ConfigMap, from the first step of the upgrade to its end.

It holds intent only. What was before lies on the changed objects themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._errors import InvalidOption, MeshyardError
from ..._mesh import labels, raw
from ..objects.steps import Create, Delete, Object, Plan, ref_of

NAME = "meshyard-operation"
MANAGER = "meshyard-operation"
_OPERATION = "upgrade"


@dataclass(frozen=True)
class Intent:
    """What an upgrade means to do.

    C(tags) are the tags that pointed to C(from_revision) when it began, and C(default_revision) is where the default validator
    pointed then, empty where it was not known: both are what a rollback gives back.
    """

    from_revision: str
    to_revision: str
    from_version: str = ""
    to_version: str = ""
    tags: tuple[str, ...] = ()
    default_revision: str = ""

    def same_way(self, other: Intent) -> bool:
        """Whether both lead from the same revision to the same revision."""
        return (self.from_revision, self.to_revision) == (other.from_revision, other.to_revision)

    def __str__(self) -> str:
        return f"the upgrade from {self.from_revision} to {self.to_revision}"


@dataclass(frozen=True)
class Record:
    """An open operation: its intent, who opened it and when (the API server's time), and the UID of its ConfigMap."""

    intent: Intent
    opened_by: str
    opened_at: str
    uid: str

    def describe(self) -> dict[str, Any]:
        """The return value C(record)."""
        return {**_described(self.intent), "opened_by": self.opened_by, "opened_at": self.opened_at}


def parse(obj: raw.Raw | None) -> Record | None:
    """The record in a ConfigMap, or None without one."""
    if obj is None:
        return None
    data = raw.mapping(obj, "data")
    intent = Intent(
        from_revision=str(data.get("from_revision", "")),
        to_revision=str(data.get("to_revision", "")),
        from_version=str(data.get("from_version", "")),
        to_version=str(data.get("to_version", "")),
        tags=tuple(name for name in str(data.get("tags", "")).split(",") if name),
        default_revision=str(data.get("default_revision", "")),
    )
    opened_at = raw.text(obj, "metadata", "creationTimestamp")
    return Record(intent, str(data.get("opened_by", "")), opened_at, raw.text(obj, "metadata", "uid"))


def body(intent: Intent, namespace: str, opened_by: str) -> Object:
    """The ConfigMap of a record."""
    data = {
        "operation": _OPERATION,
        "from_revision": intent.from_revision,
        "to_revision": intent.to_revision,
        "from_version": intent.from_version,
        "to_version": intent.to_version,
        "tags": ",".join(intent.tags),
        "default_revision": intent.default_revision,
        "opened_by": opened_by,
    }
    metadata = {"name": NAME, "namespace": namespace, "labels": {labels.MANAGED_BY: "meshyard"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def opening(intent: Intent, found: Record | None, namespace: str, opened_by: str, cluster: str) -> Plan:
    """The step that opens the record; none when the same operation is open already.

    :raises MeshyardError: another operation is open.
    """
    if intent.from_revision == intent.to_revision:
        raise InvalidOption(
            f"The upgrade on cluster {cluster} would lead from revision {intent.from_revision} to itself.",
            "Give the new control plane a revision of its own.",
        )
    refuse_other(intent, found, cluster)
    if found is not None:
        return ()
    return (Create(body(intent, namespace, opened_by), MANAGER, "the upgrade begins"),)


def closing(found: Record | None, only: Intent | None, namespace: str, cluster: str) -> Plan:
    """The step that closes the record; none when none is open.

    :param only: the operation that is meant; None for whatever is open.
    :raises MeshyardError: another operation is open.
    """
    if found is None:
        return ()
    if only is not None:
        refuse_other(only, found, cluster)
    return (Delete(ref_of(body(found.intent, namespace, found.opened_by)), found.uid, "the upgrade has ended"),)


def refuse_other(intent: Intent, found: Record | None, cluster: str) -> None:
    """Returns unless another operation is open.

    :raises MeshyardError: it is; who opened it, when, and how to go on.
    """
    if found is not None and not found.intent.same_way(intent):
        problem, remedy = other_open(found, cluster)
        raise MeshyardError(problem, remedy, record=found.describe())


def other_open(found: Record, cluster: str) -> tuple[str, str]:
    """What to say of an operation that stands in the way: the problem and the remedy."""
    way = found.intent
    return (
        f"On cluster {cluster} {way} is open since {found.opened_at or 'an unknown time'}, begun by {found.opened_by or 'unknown'}.",
        f"Finish it first: run upgrade.yml to {way.to_version or way.to_revision} again and then retire.yml, "
        "or run rollback.yml to undo it.",
    )


def _described(intent: Intent) -> Mapping[str, Any]:
    return {
        "from_revision": intent.from_revision,
        "to_revision": intent.to_revision,
        "from_version": intent.from_version,
        "to_version": intent.to_version,
        "tags": list(intent.tags),
        "default_revision": intent.default_revision,
    }
