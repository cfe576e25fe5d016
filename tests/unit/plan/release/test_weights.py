"""Weights are divided exactly, whatever they add up to."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release import weights
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release.weights import GATEWAY_API, ISTIO, Rule

RULES = st.sampled_from([ISTIO, GATEWAY_API])
GIVEN = st.lists(st.tuples(st.none() | st.integers(0, 9_000), st.booleans()), min_size=1, max_size=4)
PERCENT = st.integers(0, 100)


def shares(counted: list[int]) -> list[Fraction]:
    return [Fraction(one, sum(counted)) if sum(counted) else Fraction() for one in counted]


@given(GIVEN, PERCENT, RULES)
def test_every_destination_keeps_its_share_and_the_canary_takes_its_percent_of_the_stable_one(
    given_weights: list[tuple[int | None, bool]], percent: int, rule: Rule
) -> None:
    before = shares(weights.effective([weight for weight, _stable in given_weights], rule))
    after = iter(shares(weights.divided(given_weights, percent, rule)))
    for share, (_weight, stable) in zip(before, given_weights, strict=True):
        if stable:
            assert next(after) == share * Fraction(100 - percent, 100)
            assert next(after) == share * Fraction(percent, 100)
        else:
            assert next(after) == share
    assert list(after) == []


@pytest.mark.parametrize(
    ("given_weights", "percent", "rule", "divided"),
    [
        ([(None, True)], 5, ISTIO, [95, 5]),
        ([(0, True)], 5, ISTIO, [95, 5]),  # alone it gets everything, whatever its weight says
        ([(100, True)], 10, ISTIO, [90, 10]),
        ([(None, True), (None, False)], 10, ISTIO, [0, 0, 0]),
        ([(50, True), (50, False)], 10, ISTIO, [45, 5, 50]),
        ([(50, True), (50, False)], 5, ISTIO, [4750, 250, 5000]),
        ([(None, True)], 25, GATEWAY_API, [75, 25]),
        ([(0, True)], 25, GATEWAY_API, [0, 0]),  # here it gets nothing
        ([(None, True), (3, False)], 50, GATEWAY_API, [50, 50, 300]),
        ([(1, True)], 0, ISTIO, [100, 0]),
        ([(1, True)], 100, ISTIO, [0, 100]),
        ([(1, True)], 100, GATEWAY_API, [0, 1]),
        ([(20_000, True), (20_000, False)], 25, GATEWAY_API, [15_000, 5_000, 20_000]),
        ([(20_002, True), (20_000, False)], 25, GATEWAY_API, [30_003, 10_001, 40_000]),
    ],
)
def test_weights_stay_small_where_they_can(
    given_weights: list[tuple[int | None, bool]], percent: int, rule: Rule, divided: list[int]
) -> None:
    assert weights.divided(given_weights, percent, rule) == divided


def test_weights_that_the_api_server_would_refuse_are_refused_here() -> None:
    with pytest.raises(MeshyardError, match="larger than 1000000"):
        weights.divided([(999_983, True), (1, False)], 5, GATEWAY_API)
