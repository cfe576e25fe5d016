"""A run as it is told: phases, waves, what is waited for, and the end."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils.progress_lines import Line, Result
from ansible_collections.meshyard.istio.plugins.plugin_utils.progress_run import Run

ROLE = "meshyard.istio.canary_upgrade : "
WAVES = ["Wave 1 of 2: eu/cart", "Wave 2 of 2: us/shop"]
PASSED = {"verdict": "passed", "evidence": [{"verdict": "passed", "detail": "3 of 3 pods"}]}
FAILED = {"verdict": "failed", "evidence": [{"verdict": "failed", "detail": "1 of 3 pods"}]}


class Told:
    """A run with a clock that a test moves, and the lines that came of it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.run = Run(lambda: self.now)
        self.lines: list[str] = []

    def add(self, lines: list[Line]) -> None:
        self.lines += [line.text for line in lines if line.text]

    def done(self, name: str, *hosts: str, shown: bool = True, **values: object) -> None:
        """A task begins and ends on these hosts, a second later on each."""
        self.run.task(f"{ROLE}{name}")
        for host in hosts:
            self.run.started(host)
        for host in hosts:
            self.now += 1
            self.add(self.run.ended(host, Result(host, "ok", values) if shown else None))

    def waves(self) -> None:
        """A loop includes the waves, of which nothing is shown by itself."""
        self.done("Waves | One after the other", "eu", "us", shown=False)
        for label in WAVES:
            self.run.included("wave.yml", label)


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_phase_is_told_once_and_what_is_within_it_does_not_end_it(told: Told) -> None:
    told.done("Waves | Move", "eu")
    told.done("Gate | all", "eu")
    told.done("Endpoints | Look", "eu", shown=False)
    told.done("Waves | Move on", "eu")
    told.done("Verify | Tags", "eu")
    assert told.lines == [
        "PHASE Waves",
        *("Move", "  ok: [eu]", "Gate | all", "  ok: [eu]", "Move on", "  ok: [eu]"),
        *("PHASE Verify", "Tags", "  ok: [eu]"),
    ]


def test_what_has_nothing_to_show_takes_no_line(told: Told) -> None:
    told.done("Waves | Move", "eu", "us", shown=False)
    assert told.lines == []


def test_waves_are_counted_and_told_to_be_done_once_the_last_one_is(told: Told) -> None:
    told.waves()
    for label in WAVES:
        told.done("Stop | Stop where another cluster stopped", "eu", shown=False)
        told.done(f"Waves | {label}", "eu")
        told.done(f"Gate | {label}", "eu", **PASSED)
    told.done("Verify | Tags", "eu")
    bars = [line for line in told.lines if line.startswith("  [")]
    assert bars == [
        "  [------------] 0 of 2 done, now Wave 1 of 2: eu/cart; then us/shop",
        "  [######------] 1 of 2 done, now Wave 2 of 2: us/shop",
        "  [############] 2 of 2 done",
    ]
    assert told.lines.index(bars[2]) < told.lines.index("PHASE Verify")


def test_waves_that_failed_are_not_told_to_be_done(told: Told) -> None:
    told.waves()
    for label in WAVES:
        told.done(f"Waves | {label}", "eu")
    told.done(f"Gate | {WAVES[1]}", "eu", **FAILED)
    told.done("Verify | Tags", "eu")
    assert not [line for line in told.lines if "2 of 2 done" in line]


def test_steps_are_told_apart_though_one_ends_like_another(told: Told) -> None:
    for label in ("shop/web", "shop/api"):
        told.run.included("turn.yml", label)
    told.done("Turn | Come to shop/web", "eu", shown=False)
    for label in ("5 % to the canary", "25 % to the canary"):
        told.run.included("step.yml", label)
    told.done("Step | shop/web: 25 % to the canary", "eu")
    told.done("Turn | Come to shop/api", "eu", shown=False)
    told.done("Look | Read", "eu")
    bars = [line for line in told.lines if line.startswith("  [")]
    assert bars[0] == "  [######------] 1 of 2 done, now 25 % to the canary"
    assert "  [############] 2 of 2 done" in bars
    assert "  [######------] 1 of 2 done, now shop/api" in bars


def test_what_is_waited_for_is_told_with_how_long_already(told: Told) -> None:
    told.run.task("Waves | Move")
    told.run.started("eu")
    told.now += 40
    told.add(told.run.told("eu", "waiting for shop/cart"))
    assert told.lines == ["PHASE Waves", "Move", "    [eu] waiting for shop/cart (40 s)"]


def test_the_line_at_the_bottom_names_who_waits_for_what_and_fits_the_terminal(told: Told) -> None:
    told.waves()
    told.run.task(f"Waves | {WAVES[1]}")
    told.run.started("eu")
    told.run.started("us")
    told.now += 5
    told.run.told("us", "1/3 rolled")
    assert told.run.live(200) == "[######------] Wave 2 of 2: us/shop: [us] 1/3 rolled (5 s); [eu] (5 s)"
    assert len(told.run.live(40)) == 39
    assert told.run.live(40).endswith("...")
    told.run.ended("eu", None)
    told.run.ended("us", None)
    assert told.run.live(200) == ""


def test_while_another_one_writes_to_the_terminal_there_is_no_line_at_the_bottom(told: Told) -> None:
    told.run.task("Ask", quiet=True)
    told.run.started("eu")
    assert told.run.live(80) == ""


def test_a_failure_that_all_clusters_have_is_told_in_full_once(told: Told) -> None:
    told.run.task("Stop | Stop with the evidence")
    for host in ("eu", "us"):
        told.add(told.run.ended(host, Result(host, "failed", {"msg": "the gate failed"})))
    assert told.lines == ["Stop | Stop with the evidence", "  failed: [eu] the gate failed", "  failed: [us] the same as on eu"]


def test_tasks_that_hosts_come_to_by_themselves_are_named_with_each_result(told: Told) -> None:
    told.run.task("One")
    told.run.task("Two")
    told.run.at("One")
    told.add(told.run.ended("eu", Result("eu", "ok")))
    told.run.at("Two")
    told.add(told.run.ended("us", Result("us", "ok")))
    assert told.lines == ["One", "  ok: [eu]", "Two", "  ok: [us]"]


def test_the_end_tells_of_each_cluster_its_gates_its_failure_and_how_long_phases_took(told: Told) -> None:
    told.add(told.run.play("Upgrade", ["eu", "us"], check=True))
    told.done("Waves | Move", "eu", "us")
    told.done("Gate | all", "eu", **PASSED)
    told.done("Gate | all", "us", **FAILED)
    told.run.task("Verify | Tags")
    failure = {"problem": "No answer.\nmore", "remedy": "Look."}
    told.add(told.run.ended("us", Result("us", "failed", failure)))
    told.now += 60
    summary = [line.text for line in told.run.summary({"eu": {"ok": 3}, "us": {"ok": 2, "failures": 1}}) if line.text]
    assert told.lines[0] == "PLAY Upgrade, on eu, us (check mode: nothing is written)"
    assert summary == [
        "SUMMARY after 1 min 4 s",
        "eu : ok=3 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0",
        "  gates: 1 passed",
        "us : ok=2 changed=0 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0",
        "  gates: 1 failed",
        "  failed: No answer.",
        "    what to do: Look.",
        "phases: Waves 4 s, Verify 1 min 0 s",
    ]
