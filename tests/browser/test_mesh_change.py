"""The page of a change in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh_report.change import Ending, change
from tests.browser.shown import A4_MARGINS, Scheme, Shown, content_width
from tests.unit.plan.mesh_report import made

WAVE: dict[str, Any] = {
    "cluster": "eu",
    "task": "Waves | Wave 1 of 2: shop",
    "module": "namespace_revision",
    "began_at": "2026-01-31T12:00:05.000+00:00",
    "seconds": 72.5,
    "changed": True,
    "failed": False,
    "verdict": "",
    "details": ["1 workload restarted, 2 of 2 pods as they should be"],
}
GATE = {
    **WAVE,
    "task": "Gate | Wave 1 of 2: shop",
    "module": "upgrade_gate",
    "verdict": "failed",
    "details": ["success_percent is 76.9"] * 3,
}


@pytest.fixture(scope="module")
def page() -> str:
    before = made.report(made.part(answer=made.answer(workloads=[made.workload(r1_31_0=2)], mismatches=[made.mismatch("cart-1")])))
    after = made.report(made.part(answer=made.answer(made.plane(), made.plane(made.OLD), workloads=[made.workload(r1_32_0=2)])))
    return made.changed(change("upgrade", before, after, [WAVE, GATE], [Ending("eu", False, "The gate for wave 1 failed.")]))


def test_it_shows_the_steps_and_requests_nothing(shown: Shown, page: str) -> None:
    with shown.page(page, width=400) as window:
        assert window.get_by_role("rowheader", name="Wave 1 of 2: shop").count() == 2
        assert content_width(window) <= 400
    assert (shown.said, shown.requests) == ([], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_against_it(shown: Shown, page: str, scheme: Scheme) -> None:
    assert shown.violations(page, scheme) == []


def test_it_fits_on_a4(shown: Shown, page: str) -> None:
    assert shown.printed(page)[1] <= A4_MARGINS
