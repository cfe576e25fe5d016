"""What stops an upgrade, told by codes and verdicts of modules and never by their sentences."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.filter.upgrade import FilterModule
from ansible_collections.meshyard.istio.plugins.plugin_utils.upgrade_stops import Stop, of_gate, of_move, of_run

STUCK = {"failed": True, "msg": "Deployment shop/web does not roll.", "code": "stuck", "verdict": "failed"}
LOST = {"failed": True, "msg": "The API server gave no answer.", "code": "unreachable", "verdict": "error"}


def test_a_workload_that_does_not_roll_is_a_verdict_and_goes_back() -> None:
    stop = of_move(STUCK, "us", goes_back=True)
    assert stop == Stop("stuck", "failed", "Cluster us: Deployment shop/web does not roll. It goes back to where it was.")


def test_in_place_nothing_goes_back() -> None:
    assert of_move(STUCK, "us", goes_back=False).message.endswith("Nothing was moved back.")


def test_an_error_says_nothing_about_the_new_revision() -> None:
    stop = of_move(LOST, "us", goes_back=True)
    assert (stop.code, stop.verdict) == ("unreachable", "error")
    assert stop.message.endswith("Nothing was moved back.")


@pytest.mark.parametrize("further", [{"stuck": []}, {"pending": []}, {"pod": "shop/web-1"}])
def test_what_else_an_error_holds_makes_no_verdict_of_it(further: dict[str, Any]) -> None:
    assert of_move({"failed": True, "msg": "No.", **further}, "us", goes_back=True).verdict == "error"


def test_of_a_loop_the_failures_count() -> None:
    loop = {"results": [{"changed": True, "msg": "fine"}, LOST, STUCK]}
    stop = of_move(loop, "us", goes_back=True)
    assert stop.verdict == "failed"
    assert "fine" not in stop.message
    assert LOST["msg"] in stop.message


def gate(verdict: str) -> dict[str, Any]:
    evidence = [{"verdict": "passed", "detail": "3 of 3 pods"}, {"verdict": verdict, "detail": "2 of 3 proxies"}]
    return {"verdict": verdict, "evidence": evidence}


def test_a_gate_that_failed_names_what_it_saw_and_what_goes_back() -> None:
    stop = of_gate(gate("failed"), "us", "Wave 1 of 2: us/shop")
    assert stop.message.startswith("Cluster us: the gate for Wave 1 of 2: us/shop failed (2 of 3 proxies). It goes back")


def test_a_gate_that_could_not_look_moves_nothing() -> None:
    stop = of_gate(gate("inconclusive"), "us", "the gateways")
    assert stop.verdict == "inconclusive"
    assert "could not be judged (2 of 3 proxies). Nothing was moved back" in stop.message
    assert of_gate(gate("failed"), "us", "all", "Do that.").message.endswith("Do that.")


def test_all_clusters_stop_for_what_one_found_and_for_one_that_is_gone() -> None:
    hostvars = {"eu": {"stop": Stop("gate", "failed", "eu failed").describe()}, "us": {}, "ap": {"stop": {}}}
    found = of_run(hostvars, hostvars, ["eu", "ap"], "stop")
    assert [(one.code, one.verdict) for one in found] == [("gate", "failed"), ("lost", "error")]
    assert "Cluster us ended with the error that is shown above" in found[1].message
    assert of_run({"eu": {}}, ["eu"], ["eu"], "stop") == []


def test_the_filters_give_what_templates_take() -> None:
    filters = FilterModule().filters()
    stop = filters["upgrade_gate_stop"](gate("failed"), "us", "the gateways")
    assert filters["upgrade_stops"]({"us": {"__canary_upgrade_stop": stop}}, ["us"], ["us"]) == [stop]
    assert filters["upgrade_move_stop"](STUCK, "us", goes_back=True)["code"] == "stuck"
