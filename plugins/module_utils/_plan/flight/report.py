# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Fortio's report: found in what it wrote, and reduced to what a release wants to know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..gate.traffic import NO_ANSWER
from .load import PERCENTILES

Report = dict[str, Any]
_FIRST_ERROR = 400


def find(output: str) -> Report | None:
    """The report in fortio's output, between whose lines a container's log has those that it wrote of its work.

    Fortio indents its report, and nothing else.
    """
    lines = [line for line in output.splitlines() if line in ("{", "}") or line.startswith("  ")]
    try:
        found = json.loads("\n".join(lines))
    except ValueError:
        return None
    return found if isinstance(found, dict) and "DurationHistogram" in found else None


def nothing() -> dict[str, Any]:
    """What is told of a load that was not sent."""
    return reduced({})


def reduced(report: Mapping[str, Any]) -> dict[str, Any]:
    """The counts, the latencies in milliseconds and the rate, in the words of a probe."""
    codes = {int(code): int(count) for code, count in (report.get("RetCodes") or {}).items()}
    total, by_status = sum(codes.values()), dict[str, int]()
    for code, count in sorted(codes.items()):
        status = NO_ANSWER if code < 0 else str(code)
        by_status[status] = by_status.get(status, 0) + count
    failed = sum(count for code, count in codes.items() if code < 0 or code >= _FIRST_ERROR)
    return {
        "counts": {"total": total, "succeeded": total - failed, "failed": failed, "by_status": by_status},
        "latency_ms": _latency(report.get("DurationHistogram") or {}),
        "actual_qps": round(float(report.get("ActualQPS") or 0), 3),
    }


def _latency(histogram: Mapping[str, Any]) -> dict[str, float | None]:
    if not histogram.get("Count"):
        return {**dict.fromkeys(f"p{one}" for one in PERCENTILES), "max": None}
    known = {one["Percentile"]: one["Value"] for one in histogram.get("Percentiles") or ()}
    found = {f"p{one}": known.get(one) for one in PERCENTILES} | {"max": histogram.get("Max")}
    return {name: None if seconds is None else round(seconds * 1000, 3) for name, seconds in found.items()}
