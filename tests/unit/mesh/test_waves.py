"""Waves move every namespace exactly once, the least first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import waves

SIZES = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.integers(0, 60), max_size=15)
LIMIT = st.integers(1, 20)


@given(SIZES, LIMIT, LIMIT)
def test_derived_waves_hold_every_namespace_exactly_once(sizes: dict[str, int], most: int, workloads: int) -> None:
    found = waves.derive(sizes, most, workloads)
    assert sorted(name for wave in found.waves for name in wave) == sorted(sizes)
    assert found.left_out == ()
    assert all(found.waves)


@given(SIZES, LIMIT, LIMIT)
def test_derived_waves_keep_to_the_limits_unless_one_namespace_is_larger(sizes: dict[str, int], most: int, workloads: int) -> None:
    for wave in waves.derive(sizes, most, workloads).waves:
        assert len(wave) <= most
        assert len(wave) == 1 or sum(sizes[name] for name in wave) <= workloads


@given(SIZES)
def test_the_first_wave_is_the_smallest_namespace_that_has_a_workload(sizes: dict[str, int]) -> None:
    found = waves.derive(sizes).waves
    peopled = {name: size for name, size in sizes.items() if size}
    if peopled:
        assert len(found[0]) == 1
        assert sizes[found[0][0]] == min(peopled.values())


@given(SIZES, LIMIT, LIMIT)
def test_after_the_first_wave_namespaces_never_get_smaller(sizes: dict[str, int], most: int, workloads: int) -> None:
    order = [sizes[name] for wave in waves.derive(sizes, most, workloads).waves[1:] for name in wave]
    assert order == sorted(order)


@given(SIZES)
def test_waves_do_not_depend_on_the_order_in_which_namespaces_were_read(sizes: dict[str, int]) -> None:
    assert waves.derive(sizes) == waves.derive(dict(reversed(sizes.items())))


def test_no_namespaces_give_no_waves() -> None:
    assert waves.derive({}).waves == ()


@pytest.mark.parametrize("limits", [(0, 1), (1, 0), (-1, 5)])
def test_a_limit_below_one_is_refused(limits: tuple[int, int]) -> None:
    with pytest.raises(MeshyardError, match="at least one"):
        waves.derive({"a": 1}, *limits)


def test_given_waves_are_kept_and_what_they_leave_out_is_named() -> None:
    found = waves.given([["shop"], ["cart", "pay"]], ["cart", "pay", "shop", "web"])
    assert found.waves == (("shop",), ("cart", "pay"))
    assert found.left_out == ("web",)


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ([["shop"], ["nope"]], "name nope, which"),
        ([["shop"], ["shop"]], "shop more than once"),
        ([["shop", "shop"]], "shop more than once"),
        ([["shop"], []], "A wave is empty"),
        ("shop", "list of lists"),
        (["shop"], "list of lists"),
        ([[1]], "list of lists"),
        (None, "list of lists"),
        ([["nope"]], "Those are: cart, shop"),
    ],
)
def test_wrong_waves_are_refused_in_a_sentence(wrong: Any, part: str) -> None:
    with pytest.raises(MeshyardError, match=part) as caught:
        waves.given(wrong, ["shop", "cart"])
    assert caught.value.remedy
