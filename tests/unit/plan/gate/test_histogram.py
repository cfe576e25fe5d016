"""The percentile of a histogram: between which bounds it lies, and what that says of a limit."""

from __future__ import annotations

import math
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import histogram
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.histogram import Percentile

BOUNDS = (10.0, 100.0, 1000.0, math.inf)


def read(*counts: float) -> histogram.Buckets:
    return tuple(zip(BOUNDS, accumulate(counts), strict=True))


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ((100, 0, 0, 0), Percentile(9.9, 0, 10)),
        ((99, 1, 0, 0), Percentile(10, 0, 10)),
        ((98, 2, 0, 0), Percentile(55, 10, 100)),
        ((0, 0, 0, 5), Percentile(math.inf, 1000, math.inf)),
        ((0, 0, 0, 0), None),
    ],
)
def test_a_percentile_is_interpolated_between_the_ends_of_its_bucket(counts: tuple[float, ...], found: Percentile | None) -> None:
    assert histogram.percentile(0.99, read(*counts)) == found


@given(st.tuples(*[st.integers(0, 1000)] * 4), st.sampled_from(BOUNDS[:3]))
def test_a_limit_that_is_a_bound_is_kept_exactly_when_99_percent_are_within_it(counts: tuple[int, ...], limit: float) -> None:
    given_buckets = read(*counts)
    found = histogram.percentile(0.99, given_buckets)
    share = histogram.share_within(limit, given_buckets)
    if found is None or share is None:
        assert sum(counts) == 0
        return
    assert not found.cuts(limit)
    assert found.within(limit) == (sum(counts[: BOUNDS.index(limit) + 1]) >= 0.99 * sum(counts))
    assert share == pytest.approx(100 * sum(counts[: BOUNDS.index(limit) + 1]) / sum(counts))


@given(st.tuples(*[st.integers(0, 1000)] * 4), st.floats(0.1, 1e6))
def test_what_took_longer_than_the_last_bound_is_within_no_limit(counts: tuple[int, ...], limit: float) -> None:
    found = histogram.percentile(0.99, read(*counts[:3], sum(counts[:3]) + 1 + counts[3]))
    assert found is not None
    assert not found.within(limit)


@given(st.integers(1, 10_000), st.floats(0.5, 2))
def test_the_noise_of_extrapolation_moves_no_percentile_into_another_bucket(requests: int, factor: float) -> None:
    found = histogram.percentile(0.99, ((10.0, 99 * requests * factor), (math.inf, 100 * (requests * factor))))
    assert found is not None
    assert found.within(10)


@pytest.mark.parametrize("written", ["500", "500.0", "5e+02"])
def test_a_bound_is_known_however_it_is_written(written: str) -> None:
    found = histogram.buckets([{"le": "+Inf"}, {"le": written}], [4, 3])
    assert found == ((500.0, 3), (math.inf, 4))
    assert histogram.share_within(500, found) == 75


def test_without_the_bucket_of_all_requests_there_is_no_percentile() -> None:
    assert histogram.percentile(0.99, ((10.0, 5.0),)) is None


def test_a_bucket_that_extrapolation_left_below_the_one_before_counts_as_much() -> None:
    assert histogram.buckets([{"le": "10"}, {"le": "+Inf"}], [5.0, 4.9]) == ((10.0, 5.0), (math.inf, 5.0))
