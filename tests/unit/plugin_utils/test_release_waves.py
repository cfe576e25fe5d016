"""Waves of workloads that are released, and the rounds of a wave."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import InvalidOption
from ansible_collections.meshyard.istio.plugins.plugin_utils import release_waves


def one(name: str, wave: Any = None) -> dict[str, Any]:
    return {"namespace": "shop", "name": name, **({} if wave is None else {"wave": wave})}


def names(workloads: list[dict[str, Any]]) -> list[list[str]]:
    return [[each["name"] for each in wave["workloads"]] for wave in release_waves.waves(workloads)]


def test_workloads_without_a_wave_are_one_each_in_the_order_given() -> None:
    assert names([one("web"), one("db")]) == [["web"], ["db"]]
    assert not release_waves.are_together([one("web"), one("db")])


def test_those_of_one_number_are_a_wave_and_numbers_give_the_order() -> None:
    given = [one("api", 10), one("web", "2"), one("db", 2)]
    assert names(given) == [["web", "db"], ["api"]]
    assert release_waves.are_together(given)
    first, last = release_waves.waves(given)
    assert first["label"] == "Wave 1 of 2: shop/web, shop/db"
    assert (first["behind"], last["behind"]) == ("shop/api was not begun.", "")


@pytest.mark.parametrize("wave", [0, -1, "soon", True, 1.5, [1]])
def test_a_wave_that_is_no_whole_number_is_refused(wave: Any) -> None:
    with pytest.raises(InvalidOption, match="The wave of shop/web"):
        release_waves.waves([one("web", wave)])


def test_a_wave_for_some_and_none_for_others_is_refused_with_those_that_lack_it() -> None:
    with pytest.raises(InvalidOption, match="shop/db in workload_canary_workloads has no wave"):
        release_waves.waves([one("web", 1), one("db")])


def test_in_each_round_every_workload_takes_the_next_step_that_it_has_left() -> None:
    web, db = one("web", 1), one("db", 1)
    courses = {"shop/web": [{"state": "prepared"}, {"state": "weight"}], "shop/db": [{"state": "finished"}]}
    assert release_waves.rounds([web, db], courses) == [
        [{"workload": web, "step": {"state": "prepared"}}, {"workload": db, "step": {"state": "finished"}}],
        [{"workload": web, "step": {"state": "weight"}}],
    ]
    assert release_waves.rounds([web], {}) == []
