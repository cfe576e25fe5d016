"""The runner of all stages starts what may start, and its summary hides no failure."""

from __future__ import annotations

import fcntl
import sys
from pathlib import Path

import pytest

from tests import environment, run, stages
from tests.run import Outcome, Processes
from tests.stages import Stage


def stage(name: str, code: str = "", needs: tuple[str, ...] = (), *, minutes: float = 1, alone: bool = False) -> Stage:
    return Stage(name, (sys.executable, "-c", code), needs, minutes, alone=alone)


def results(*stages: Stage) -> dict[str, str]:
    return {outcome.stage.name: outcome.result for outcome in run.run_all(stages, Processes())}


def test_a_stage_passes_or_fails_by_its_exit_status() -> None:
    assert results(stage("good"), stage("bad", "raise SystemExit(3)")) == {"good": "passed", "bad": "FAILED"}


def test_a_stage_whose_need_failed_is_not_run_and_the_others_are() -> None:
    assert results(stage("bad", "raise SystemExit(1)"), stage("next", needs=("bad",)), stage("other")) == {
        "bad": "FAILED",
        "next": "not run",
        "other": "passed",
    }


def test_a_skipped_stage_is_no_failure_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = run.run_all([stage("rare", "print('SKIPPED: no such Python'); raise SystemExit(77)")], Processes())
    assert run.summary(outcomes, 1)
    assert "rare            skipped" in capsys.readouterr().out
    assert outcomes[0].note == "no such Python"


def test_a_stage_whose_need_was_skipped_is_skipped_for_the_same_reason() -> None:
    rare = stage("rare", "print('SKIPPED: no such Python'); raise SystemExit(77)")
    first, second, third = run.run_all([rare, stage("next", needs=("rare",)), stage("last", needs=("next",))], Processes())
    assert [first.result, second.result, third.result] == ["skipped"] * 3
    assert third.note == first.note == "no such Python"


def test_an_environment_is_set_up_for_whatever_is_chosen_of_it() -> None:
    assert [each.name for each in stages.chosen_stages(["unit-2.16", "ruff"])] == ["setup", "ruff", "setup-2.16", "unit-2.16"]


def test_every_environment_is_made_by_a_stage() -> None:
    made = {each.command[2:] or ("dev",) for each in stages.STAGES if each.command[1] == "tests/environment.py"}
    assert made == {(name,) for name in environment.ENVIRONMENTS}


def test_a_stage_that_did_not_run_makes_the_whole_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert not run.summary([Outcome(stage("a"), "passed"), Outcome(stage("b"))], 1)
    assert "FAILED: b" in capsys.readouterr().out


def test_a_stage_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    locked = tmp_path / "lock"
    child = f"import fcntl, signal; held = open({str(locked)!r}, 'w'); fcntl.flock(held, fcntl.LOCK_EX); signal.pause()"
    endless = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    outcome = run.run_all([stage("endless", endless, minutes=0.02)], Processes())[0]
    assert (outcome.result, outcome.note) == ("FAILED", "ended after its 0.02 minutes")
    with locked.open("w") as free:  # held for as long as the child lives
        fcntl.flock(free, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_no_more_than_two_stages_run_at_once() -> None:
    outcomes = {name: Outcome(stage(name)) for name in "abc"}
    assert run.startable(["a", "b", "c"], [], outcomes) == ["a", "b"]
    assert run.startable(["b", "c"], ["a"], outcomes) == ["b"]


def test_nothing_runs_beside_a_stage_that_wants_to_be_alone() -> None:
    outcomes = {"lab": Outcome(stage("lab", alone=True)), "lint": Outcome(stage("lint"))}
    assert run.startable(["lab", "lint"], [], outcomes) == ["lab"]
    assert run.startable(["lint"], ["lab"], outcomes) == []
    assert run.startable(["lab"], ["lint"], outcomes) == []


def test_a_need_that_was_not_chosen_does_not_hold_a_stage_back() -> None:
    assert results(stage("unit", needs=("setup",))) == {"unit": "passed"}


def test_the_summary_ends_with_the_reason_of_each_failure(capsys: pytest.CaptureFixture[str]) -> None:
    code = "print('E   broken'); print('much'); print('E   broken'); print('E   more'); raise SystemExit(1)"
    run.summary(run.run_all([stage("bad", code), stage("worse", "print('last words'); raise SystemExit(1)")], Processes()), 1)
    after = capsys.readouterr().out.rpartition("seconds")[2].splitlines()
    assert after[-5:] == ["bad: E   broken", "bad: E   more", "worse: last words", "", "FAILED: bad, worse"]


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("===== 1 failed, 361 passed, 3 skipped in 7.05s =====", "1 failed, 361 passed, 3 skipped"),
        ("===== 12 passed in 61.20s (0:01:01) =====", "12 passed"),
        ("===== 2 errors in 0.31s =====", "2 errors"),
        ("12 passed", ""),
        ("the test passed in 3s", ""),
    ],
)
def test_the_summary_shows_what_pytest_counted(line: str, note: str) -> None:
    assert run.noteworthy(line) == note
