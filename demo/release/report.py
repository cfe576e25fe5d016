"""The result as a table for people."""

from __future__ import annotations

from typing import Any

from demo import table
from demo.settings import VERSIONS
from tests.harness.lab.release_settings import MIN_REQUESTS, STEPS

_POINTS = 3.0
_REQUESTS_PER_STEP = 1000
_SECONDS_BACK = 15


def show(facts: dict[str, Any], promoted: bool, seconds: int) -> int:
    """Prints the table; 0 when every line is as it should be."""
    rows = [*_good(facts["good"], promoted), *_bad(facts["bad"]), ("seconds", str(seconds), True)]
    return table.show(f"two releases ({VERSIONS})", rows)


def _good(good: dict[str, Any], promoted: bool) -> list[table.Row]:
    weights = [step["weight"] for step in good["steps"]]
    return [
        ("good version: requests", f"{good['requests']} sent, {good['failed']} failed", good["failed"] == 0),
        ("good version: steps", ", ".join(f"{weight:g} %" for weight in weights), weights == STEPS),
        *(_step(step) for step in good["steps"]),
        ("good version: promoted", "yes" if promoted else "no", promoted),
        ("good version: left over", "; ".join(good["residue"]) or "nothing", not good["residue"]),
    ]


def _step(step: dict[str, Any]) -> table.Row:
    near = abs(step["measured"] - step["weight"]) <= _POINTS and step["requests"] >= _REQUESTS_PER_STEP
    return f"good version: at {step['weight']:g} %", f"{step['requests']} requests, {step['measured']} % by the canary", near


def _bad(bad: dict[str, Any]) -> list[table.Row]:
    verdict, failed = bad["verdict"], 100 * bad["failed"] / bad["requests"]
    said = f"{verdict['value']} % of {verdict['samples']} succeeded, and {verdict['limit']} % must"
    breach = verdict["value"] < verdict["limit"] and verdict["samples"] >= MIN_REQUESTS
    return [
        (
            "bad version: requests",
            f"{bad['requests']} sent, {bad['failed']} failed ({failed:.2f} %)",
            0 < failed < bad["highest_weight"],
        ),
        ("bad version: highest weight", f"{bad['highest_weight']:g} %", bad["highest_weight"] == STEPS[0]),
        ("bad version: verdict", said, breach),
        ("bad version: back after", f"{bad['rolled_back_seconds']} s", 0 <= bad["rolled_back_seconds"] <= _SECONDS_BACK),
        ("bad version: left over", "; ".join(bad["residue"]) or "nothing", not bad["residue"]),
    ]
