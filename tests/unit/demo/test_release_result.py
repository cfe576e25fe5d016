"""What the demo of releases claims is computed from fortio's reports, weights, Prometheus and dumps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from demo.release import report, result

IMAGE = {"spec": {"template": {"spec": {"containers": [{"image": "app:1"}]}}}}
WEB = "Deployment storefront/web"


def run(load: Path, number: int, begin: float, codes: dict[str, int]) -> None:
    (load / f"gateway-{number:04d}.json").write_text(json.dumps({"begin": begin, "end": begin + 3, "fortio": {"RetCodes": codes}}))


def weights(load: Path, *looks: tuple[float, dict[str, float]]) -> None:
    load.mkdir(parents=True)
    (load / "weights.jsonl").write_text("".join(json.dumps({"time": at, "weights": found}) + "\n" for at, found in looks))


def dumps(evidence: Path, name: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    (evidence / f"{name}-before.json").write_text(json.dumps(before))
    (evidence / f"{name}-after.json").write_text(json.dumps(after))


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """Steps of 10 and 100 percent, a moment in which two routes did not agree, and the way back."""
    load = tmp_path / "good-load"
    weights(load, (0, {"a": 0}), (10, {"a": 10, "b": 0}), (11, {"a": 10, "b": 10}), (30, {"a": 100, "b": 100}), (50, {"a": 0, "b": 0}))
    for number, (begin, codes) in enumerate(
        [(5.0, {"200": 100}), (10.5, {"200": 9, "202": 1}), (13.0, {"200": 900, "202": 101}), (28.0, {"200": 50}), (40.0, {"202": 1000})]
    ):
        run(load, number, begin, codes)
    run(load, 9, 60.0, {"202": 50, "503": 2})
    changed = {"spec": {"template": {"spec": {"containers": [{"image": "app:2"}]}}}}
    dumps(tmp_path, "good", {WEB: IMAGE}, {WEB: changed, "Service storefront/web-canary": {}})
    return tmp_path


def test_a_step_has_the_requests_of_the_runs_that_lie_within_it(good: Path) -> None:
    facts = result.good(good)
    assert facts["steps"] == [
        {"weight": 10, "requests": 1001, "measured": 10.09},
        {"weight": 100, "requests": 1000, "measured": 100.0},
    ]
    assert (facts["requests"], facts["failed"]) == (2213, 2)


def test_what_is_left_over_is_named_and_the_image_is_none_of_it(good: Path) -> None:
    assert result.good(good)["residue"] == ["Service storefront/web-canary is new"]
    assert result.promoted(good)


def test_the_verdict_is_that_of_the_requests_in_the_window(tmp_path: Path) -> None:
    load = tmp_path / "bad-load"
    weights(load, (0, {"a": 0}), (10, {"a": 10}), (22.5, {"a": 0}))
    run(load, 0, 12, {"202": 90, "200": 8, "500": 2})
    dumps(tmp_path, "bad", {WEB: IMAGE}, {WEB: IMAGE})
    (tmp_path / "bad.tasks.jsonl").write_text(json.dumps({"event": "failed", "task": "Judge | shop/web", "time": 20.0}) + "\n")

    def series(code: str, count: int) -> dict[str, Any]:
        return {"metric": {"response_code": code}, "value": [0, str(count)]}

    counts = {"before": [series("200", 10)], "decided": [series("200", 90), series("500", 20)]}
    (tmp_path / "prometheus-bad.json").write_text(json.dumps(counts))
    assert result.bad(tmp_path) == {
        "requests": 100,
        "failed": 2,
        "highest_weight": 10,
        "verdict": {"value": 80.0, "limit": 99, "samples": 100},
        "rolled_back_seconds": 2.5,
        "residue": [],
    }


def test_a_line_that_is_not_as_it_should_be_fails_the_demo(good: Path) -> None:
    bad = {"requests": 100, "failed": 2, "highest_weight": 10, "verdict": {"value": 80.0, "limit": 99, "samples": 100}}
    facts = {
        "good": {**result.good(good), "steps": [{"weight": one, "requests": 1000, "measured": one} for one in (10, 50, 100)]},
        "bad": {**bad, "rolled_back_seconds": 2.5, "residue": []},
    }
    assert report.show(facts, promoted=True, seconds=1) == 1
    facts["good"] |= {"failed": 0, "residue": []}
    assert report.show(facts, promoted=True, seconds=1) == 0
    facts["bad"]["highest_weight"] = 50
    assert report.show(facts, promoted=True, seconds=1) == 1
