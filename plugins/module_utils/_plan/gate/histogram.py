# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The percentile of a classic Prometheus histogram, with the bucket that it lies in: inside of it nobody knows more."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_NOISE = 1e-9  # of counts that were extrapolated and summed

Buckets = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Percentile:
    """Where a percentile lies.

    :ivar value: interpolated between both ends of its bucket, infinite above the last bound.
    :ivar above: the lower end, below which it is not. :ivar at_most: the upper end.
    """

    value: float
    above: float
    at_most: float

    def within(self, limit: float) -> bool:
        """Whether it is at most a limit: known for certain, unless the limit lies inside of its bucket."""
        return self.value <= limit if self.cuts(limit) else self.at_most <= limit

    def cuts(self, limit: float) -> bool:
        """Whether a limit lies inside of its bucket, so that only the interpolated value can be held against it."""
        return self.above < limit < self.at_most


def buckets(labels: Iterable[Mapping[str, str]], counts: Iterable[float]) -> Buckets:
    """Bounds and cumulative counts, in order. Versions of Prometheus write a bound as C(500) or C(500.0)."""
    found = sorted((float(one["le"]), count) for one, count in zip(labels, counts, strict=True) if one.get("le"))
    ordered, most = [], 0.0
    for bound, count in found:  # increase() extrapolates each bucket by itself, which may leave one a little below the one before
        most = max(most, count)
        ordered.append((bound, most))
    return tuple(ordered)


def percentile(share: float, given: Buckets) -> Percentile | None:
    """The percentile, or None where there are no requests, or the bucket of all of them is missing."""
    if not given or given[-1][0] != math.inf or not given[-1][1] > 0:
        return None
    rank, below, before = share * given[-1][1], 0.0, 0.0
    for bound, count in given:
        if count >= rank * (1 - _NOISE):
            break
        below, before = bound, count
    if bound == math.inf:
        return Percentile(math.inf, below, math.inf)
    value = bound if count == before else below + (bound - below) * (rank - before) / (count - before)
    return Percentile(min(value, bound), below, bound)


def share_within(limit: float, given: Buckets) -> float | None:
    """The share of requests, in percent, within a limit that is a bound of the histogram; None where it is none."""
    total = given[-1][1] if given else 0.0
    return next((100 * count / total for bound, count in given if bound == limit and total > 0), None)
