"""Which phases a run is about, by the role's variable and by tags."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils.upgrade_phases import PHASES, Choice, choose

ALL_BUT_RETIRE = PHASES[:-1]


def test_phases_run_in_the_order_of_an_upgrade_however_they_are_named() -> None:
    assert choose(["verify", "waves", "preflight"], "first", ["all"], []).phases == ("preflight", "waves", "verify")


@pytest.mark.parametrize(("gateways", "expected"), [("first", ("gateways", "waves")), ("last", ("waves", "gateways"))])
def test_gateways_come_when_they_are_wanted(gateways: str, expected: tuple[str, ...]) -> None:
    assert choose(["waves", "gateways"], gateways, ["all"], []).phases == expected


def test_tags_choose_among_the_phases_that_are_asked_for() -> None:
    assert choose(ALL_BUT_RETIRE, "first", ["preflight", "prepare"], []).phases == ("preflight", "prepare")
    assert choose(ALL_BUT_RETIRE, "first", ["all"], ["verify"]).phases == ("preflight", "prepare", "gateways", "waves")


def test_tags_that_name_no_phase_leave_all_of_them() -> None:
    assert choose(ALL_BUT_RETIRE, "first", ["mesh"], ["docs"]).phases == ALL_BUT_RETIRE


def test_a_tag_does_not_bring_a_phase_that_is_not_asked_for() -> None:
    refused = choose(ALL_BUT_RETIRE, "first", ["retire"], [])
    assert refused == Choice(
        refusal="The tags name retire, which canary_upgrade_phases leaves out. To run it set canary_upgrade_retire=true."
    )


def test_an_unknown_phase_is_refused_with_those_there_are() -> None:
    refused = choose(["preflihgt"], "first", ["all"], [])
    assert refused.phases == ()
    assert "preflihgt" in refused.refusal
    assert ", ".join(PHASES) in refused.refusal


def test_a_run_of_no_phase_at_all_is_refused() -> None:
    assert choose(["waves"], "first", ["all"], ["waves"]).refusal.startswith("No phase is left to run.")
    assert choose([], "first", ["all"], []).refusal
