# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Predictions of traffic as lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def lines(predictions: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each place of clients of each service.

    :param predictions: rows of C(prediction) of M(meshyard.istio.locality_lb).
    """
    return [_line(row) for row in predictions]


def _line(row: Mapping[str, Any]) -> str:
    source = row["from"]
    place = "/".join(part for part in (source["region"], source["zone"], source["subzone"]) if part) or "unknown place"
    clusters = _shares(row["clusters"])
    later = ", then ".join(" and ".join(group["localities"]) for group in row["priorities"][1:])
    return (
        f"{row['service']} from {source['cluster']} {place}: {_shares(row['shares']) or 'nothing is reached'}"
        + (f" ({clusters})" if clusters else "")
        + (f"; when those are down {later}" if later else "")
    )


def _shares(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{where} {percent} %" for where, percent in shares.items())
