# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is due by itself: releases that were left by whoever began them, and templates that wait for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_BEFORE_PROMOTION = ("preparing", "prepared", "progressing", "aborting")

Found = Mapping[str, Any]


def due(workloads: Sequence[Found], settings: Iterable[Found], on_orphan: str, orphan_seconds: int) -> dict[str, list[Any]]:
    """What to release and what to take back, with the settings of each workload that has some, and a line for each.

    :param workloads: as C(workload_canary_info) returns them. :param settings: entries of C(workload_canary_workloads).
    :param on_orphan: C(resume) or C(abort), for releases that nobody has moved for so many seconds.
    """
    known = {(one["namespace"], one["name"]): one for one in settings}
    found: dict[str, list[Any]] = {"release": [], "abort": [], "lines": []}
    for one in workloads:
        kind, line = _due(one, on_orphan, orphan_seconds)
        if line:
            found["lines"].append(f"{one['namespace']}/{one['name']}: {line}")
        if kind:
            given = known.get((one["namespace"], one["name"]), {})
            # What is released is what waits, or what the release began with: an image would begin another one.
            kept = {key: value for key, value in given.items() if key not in ("image", "container", "patch")}
            found[kind].append({**kept, "namespace": one["namespace"], "name": one["name"]})
    return found


def _due(one: Found, on_orphan: str, orphan_seconds: int) -> tuple[str, str]:
    record = one["release"]
    if record is None:
        if not one["waiting"]:
            return "", ""
        return (
            ("", "its template was released and refused, and waits to be changed") if one["refused"] else ("release", "its template waits")
        )
    idle = one["idle"]
    if idle is not None and idle < orphan_seconds:
        return "", f"is being released ({record['phase']}, {record['weight']} %), and moved {idle} s ago"
    aborts = record["phase"] in _BEFORE_PROMOTION and (on_orphan == "abort" or record["phase"] == "aborting")
    then = "is taken back" if aborts else "is gone on with"
    return (
        "abort" if aborts else "release"
    ), f"its release was left ({record['phase']}, {record['weight']} %) by {record['run']}, and {then}"
