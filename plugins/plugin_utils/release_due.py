# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What is due by itself: releases that were left by whoever began them, and templates that wait for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from ..module_utils._mesh.release import FROM_PROMOTION

Found = Mapping[str, Any]
Kind = Literal["moving", "abort", "resume", "refused", "waiting", "none"]


def due(found: Mapping[str, Sequence[Found]], settings: Iterable[Found], on_orphan: str, orphan_seconds: int) -> dict[str, list[Any]]:
    """What to release and what to take back, with the settings of each workload that has some, and lines for people.

    What a workload needs is the same on all clusters: it is one release, and where it moves on one of them it was not left.

    :param found: by host, the workloads as C(workload_canary_info) returns them. :param settings: entries of C(workload_canary_workloads).
    :param on_orphan: C(resume) or C(abort), for releases that nobody has moved for so many seconds.
    """
    known = {(one["namespace"], one["name"]): one for one in settings}
    answer: dict[str, list[Any]] = {"release": [], "abort": [], "lines": []}
    for key, seen in sorted(_by_workload(found).items()):
        kinds = {host: _kind(one, on_orphan, orphan_seconds) for host, one in seen.items()}
        then = _together(seen, kinds)
        if then:
            given = known.get(key, {})
            # What is released is what waits, or what the release began with: an image would begin another one.
            kept = {name: value for name, value in given.items() if name not in ("image", "container", "patch")}
            answer[then].append({**kept, "namespace": key[0], "name": key[1]})
        for host, one in seen.items():
            if kinds[host] != "none":
                place = f" on {host}" if len(found) > 1 else ""
                answer["lines"].append(f"{key[0]}/{key[1]}{place}: {_line(one, kinds[host], then)}")
    return answer


def _by_workload(found: Mapping[str, Sequence[Found]]) -> dict[tuple[str, str], dict[str, Found]]:
    grouped: dict[tuple[str, str], dict[str, Found]] = {}
    for host, workloads in found.items():
        for one in workloads:
            grouped.setdefault((one["namespace"], one["name"]), {})[host] = one
    return grouped


def _kind(one: Found, on_orphan: str, orphan_seconds: int) -> Kind:
    record = one["release"]
    if record is None:
        return "none" if not one["waiting"] else "refused" if one["refused"] else "waiting"
    if one["idle"] is not None and one["idle"] < orphan_seconds:
        return "moving"
    aborts = record["phase"] == "aborting" or (on_orphan == "abort" and record["phase"] not in FROM_PROMOTION)
    return "abort" if aborts else "resume"


def _together(seen: Mapping[str, Found], kinds: Mapping[str, Kind]) -> Literal["", "release", "abort"]:
    among = set(kinds.values())
    promoted = any(one["release"] and one["release"]["phase"] in FROM_PROMOTION for one in seen.values())
    if "moving" in among:
        return ""
    if "abort" in among and not promoted:
        return "abort"
    if among & {"abort", "resume"}:
        return "release"
    return "release" if "waiting" in among and "refused" not in among else ""


def _line(one: Found, kind: Kind, then: str) -> str:
    if kind == "refused":
        return "its template was released and refused, and waits to be changed"
    if kind == "waiting":
        return "its template waits"
    record = one["release"]
    stands = f"({record['phase']}, {record['weight']} %)"
    if kind == "moving":
        return f"is being released {stands}, and moved {one['idle']} s ago"
    end = {"release": "is gone on with", "abort": "is taken back", "": "moves on another cluster"}[then]
    return f"its release was left {stands} by {record['run']}, and {end}"
