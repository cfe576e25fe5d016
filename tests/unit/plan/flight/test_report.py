"""Fortio's report, found in what it wrote and reduced."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._plan.flight import report

PERCENTILES = [{"Percentile": 50, "Value": 0.0017305614}, {"Percentile": 90, "Value": 0.004}, {"Percentile": 99, "Value": 0.0125}]
REPORT: dict[str, Any] = {
    "RunType": "HTTP",
    "ActualQPS": 19.9021001,
    "DurationHistogram": {"Count": 10, "Max": 0.0314, "Percentiles": PERCENTILES},
    "RetCodes": {"-1": 1, "200": 6, "404": 1, "503": 2},
}


def test_a_report_is_reduced_to_counts_percentiles_and_rate() -> None:
    assert report.reduced(REPORT) == {
        "counts": {"total": 10, "succeeded": 6, "failed": 4, "by_status": {"no_answer": 1, "200": 6, "404": 1, "503": 2}},
        "latency_ms": {"p50": 1.731, "p90": 4.0, "p99": 12.5, "max": 31.4},
        "actual_qps": 19.902,
    }


def test_of_a_load_that_was_not_sent_the_same_is_told() -> None:
    nothing = report.nothing()
    assert nothing.keys() == report.reduced(REPORT).keys()
    assert nothing["counts"] == {"total": 0, "succeeded": 0, "failed": 0, "by_status": {}}
    assert nothing["latency_ms"] == {"p50": None, "p90": None, "p99": None, "max": None}


def test_a_report_is_found_between_the_lines_of_a_log() -> None:
    lines = json.dumps(REPORT, indent=2).splitlines()
    noise = ['{"ts":1.5,"level":"err","msg":"Unable to connect"}', "Fortio 1.66.0 running at 20 queries per second", "# target 50% 0.0017"]
    assert report.find("\n".join([*noise, *lines[:3], *noise, *lines[3:], "Successfully wrote 3240 bytes"])) == REPORT


@pytest.mark.parametrize("output", ["", "Aborting because of lookup web: no such host", '{\n  "a": 1\n}', '{\n  "DurationHistogram": {'])
def test_without_a_report_nothing_is_found(output: str) -> None:
    assert report.find(output) is None
