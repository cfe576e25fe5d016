"""What lines the results of a run become."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils import progress_lines
from ansible_collections.meshyard.istio.plugins.plugin_utils.progress_lines import Line, Result, Title

PODS = {"check": "pods", "verdict": "passed", "detail": "3 of 3 pods are on 1-32-0"}
ERRORS = {"check": "metric", "verdict": "failed", "name": "errors", "detail": "errors is 0.3, and must be at most 0.01"}
PROBE = {"check": "probe", "verdict": "inconclusive", "name": "web to cart", "detail": "no sidecar answered"}


def texts(result: Result) -> list[str]:
    return [line.text for line in progress_lines.of_result(result)]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("meshyard.istio.canary_upgrade : Waves | Wave 1 of 2: shop", Title("Waves", "Wave 1 of 2: shop")),
        ("Gate | the gateways", Title("Gate", "the gateways")),
        ("other.role : Install it", Title("", "other.role : Install it")),
        ("", Title("", "")),
    ],
)
def test_the_phase_of_a_task_is_told_by_its_name(name: str, title: Title) -> None:
    assert progress_lines.title(name) == title


def test_what_is_well_takes_one_line_with_its_label_and_a_time_worth_noting() -> None:
    assert texts(Result("eu", "changed", said="3 workloads restarted", seconds=72)) == [
        "  changed: [eu] 3 workloads restarted (1 min 12 s)"
    ]
    assert texts(Result("eu", "ok", seconds=0.4)) == ["  ok: [eu]"]


def test_a_verdict_comes_with_every_check_and_its_figures() -> None:
    values = {"verdict": "failed", "evidence": [PODS, ERRORS, PROBE]}
    assert texts(Result("us", "ok", values, said="all of it again")) == [
        "  failed: [us]",
        "    passed        3 of 3 pods are on 1-32-0",
        "    failed        errors is 0.3, and must be at most 0.01",
        "    inconclusive  web to cart: no sidecar answered",
    ]
    tones = [line.tone for line in progress_lines.of_result(Result("us", "ok", values))]
    assert tones == ["failed", "plain", "failed", "failed"]


def test_few_checks_that_are_well_take_one_line() -> None:
    values = {"verdict": "passed", "evidence": [PODS, {**PODS, "detail": "3 of 3 proxies are connected"}]}
    assert texts(Result("us", "ok", values)) == ["  passed: [us] 3 of 3 pods are on 1-32-0; 3 of 3 proxies are connected"]


def test_a_failure_tells_what_is_wrong_what_to_do_and_all_the_rest() -> None:
    values = {"msg": "both", "problem": "Pods wait.", "remedy": "Look at them.", "code": "rollout_stuck", "failed": True}
    assert texts(Result("eu", "failed", values, details="\n    stuck:\n    - web\n", ignored=True)) == [
        "  failed: [eu] Pods wait.",
        "    what to do: Look at them.",
        "    code: rollout_stuck",
        "    stuck:",
        "    - web",
        "    ignored: the run goes on",
    ]


def test_a_failed_item_is_named_and_a_message_keeps_its_lines() -> None:
    assert texts(Result("eu", "failed", {"msg": "first\nsecond"}, said="web")) == ["  failed: [eu] web: first\n    second"]


@pytest.mark.parametrize(
    ("values", "further"),
    [
        ({"msg": "no", "changed": False, "_ansible_no_log": False, "rc": 2, "stderr": "", "stdout": "said"}, {"rc": 2, "stdout": "said"}),
        (
            {"problem": "p", "remedy": "r", "steps": [], "cluster": {"uid": "1"}, "blockers": [{"kind": "Pod"}]},
            {"blockers": [{"kind": "Pod"}]},
        ),
    ],
)
def test_what_a_failure_says_already_is_not_shown_twice(values: dict[str, Any], further: dict[str, Any]) -> None:
    assert progress_lines.further(values) == further


def test_a_series_shows_how_far_it_is_and_what_is_left() -> None:
    labels = ["Wave 1 of 3: eu/cart", "Wave 2 of 3: us/cart", "Wave 3 of 3: eu/shop, us/shop"]
    assert progress_lines.series(0, labels).text == (
        "  [------------] 0 of 3 done, now Wave 1 of 3: eu/cart; then us/cart; eu/shop, us/shop"
    )
    assert progress_lines.series(2, labels).text == "  [########----] 2 of 3 done, now Wave 3 of 3: eu/shop, us/shop"
    assert progress_lines.series(3, labels) == Line("  [############] 3 of 3 done", "ok")


def test_lines_of_modules_are_told_from_all_other_text() -> None:
    hosts = ["eu", "eu-2"]
    assert progress_lines.heard("[eu-2] 1/3 workloads rolled, waiting for shop/cart (40 s)", hosts) == (
        "eu-2",
        "1/3 workloads rolled, waiting for shop/cart",
    )
    assert progress_lines.heard("[WARNING]: something", hosts) is None
    assert progress_lines.heard("[us] of another run", hosts) is None


@pytest.mark.parametrize(("seconds", "words"), [(0.9, "0 s"), (59, "59 s"), (252, "4 min 12 s"), (3 * 3600 + 61, "3 h 1 min")])
def test_times_are_written_in_words(seconds: float, words: str) -> None:
    assert progress_lines.duration(seconds) == words


def test_the_last_line_of_a_host_has_the_words_that_programs_look_for() -> None:
    line = progress_lines.counts("eu", 4, {"ok": 9, "changed": 2, "failures": 1})
    assert line == Line("eu   : ok=9 changed=2 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0", "failed")
