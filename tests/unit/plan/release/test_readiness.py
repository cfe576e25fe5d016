"""How long new pods are waited for before they get traffic."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._plan.release.readiness import seconds_left

NOW = datetime(2026, 1, 31, 12, 0, 30, tzinfo=UTC)


def pod(second: int, status: str = "True") -> dict[str, Any]:
    return {"status": {"conditions": [{"type": "Ready", "status": status, "lastTransitionTime": f"2026-01-31T12:00:{second:02d}Z"}]}}


@pytest.mark.parametrize(
    ("pods", "left"),
    [
        ([], 0),
        ([pod(10), pod(28)], 3),  # the youngest one counts
        ([pod(10), pod(28, "False")], 0),  # and not one that gets no traffic
        ([pod(25)], 0),
        ([pod(50)], 5),  # a clock that is ahead costs no more than all of it
    ],
)
def test_the_youngest_ready_pod_decides(pods: list[dict[str, Any]], left: float) -> None:
    assert seconds_left(pods, NOW, 5) == left
