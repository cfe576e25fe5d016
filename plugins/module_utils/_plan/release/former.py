# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What objects of others were before a release changed them, in an annotation on themselves.

One object may be changed by releases of several workloads at once, and of two with the same name in different namespaces: each keeps only
what it changes itself, by the host of its service.
"""

from __future__ import annotations

import json

from ..._mesh import host, raw
from ..objects.steps import Object
from .target import RECORD_PREFIX, Target


def record(obj: raw.Raw, target: Target) -> Object | None:
    """What a release of the target recorded; None without a record, or where somebody wrote something else."""
    found = _records(obj, target).get(target.service.host)
    return found if isinstance(found, dict) else None


def others(obj: raw.Raw, target: Target) -> list[Target]:
    """What else is being released, by the records of their releases on the object."""
    found = [
        (key.removeprefix(RECORD_PREFIX), one)
        for key in raw.annotations_of(obj)
        if key.startswith(RECORD_PREFIX)
        for one in _parsed(raw.annotations_of(obj)[key])
    ]
    return [_target(name, one) for name, one in found if (name, one) != (target.name, target.service.host)]


def with_record(obj: raw.Raw, target: Target, kept: Object) -> str:
    """The annotation's value with a record."""
    return _written({**_records(obj, target), target.service.host: kept})


def without_record(obj: raw.Raw, target: Target) -> str | None:
    """The annotation's value without the record; None where nothing is left of it."""
    left = {key: value for key, value in _records(obj, target).items() if key != target.service.host}
    return _written(left) if left else None


def _target(name: str, service: str) -> Target:
    front, _dot, home = service.partition(".")
    namespace, _svc, domain = home.partition(".svc.")
    return Target(namespace, name, host.Service(namespace, front, domain))


def _records(obj: raw.Raw, target: Target) -> Object:
    return _parsed(raw.annotations_of(obj).get(target.record_annotation, ""))


def _parsed(text: str) -> Object:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _written(records: Object) -> str:
    return json.dumps(records, sort_keys=True, separators=(",", ":"))
