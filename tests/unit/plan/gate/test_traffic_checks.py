"""The verdicts on probes."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import traffic, traffic_checks
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.traffic import Answer, Expectation, Naming, Result
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.traffic_checks import Behind

OLD, NEW = "1-31-0", "1-32-0"
BEHIND = Behind({"web-old": OLD, "web-new": NEW, "plain": None}, frozenset({"web-old", "web-new"}))


def result(*statuses: int, **expected: float) -> Result:
    return traffic.judge([Answer(status, 0.01) for status in statuses], Naming(), Expectation(**expected))


@pytest.mark.parametrize(
    ("sender", "responder", "pair"),
    [
        (OLD, "web-old", "old-old"),
        (OLD, "web-new", "old-new"),
        (NEW, "web-old", "new-old"),
        (NEW, "web-new", "new-new"),
        ("1-30-0", "web-new", "old-new"),
        (None, "web-new", "other"),
        (NEW, "plain", "other"),
        (NEW, "unnamed", "other"),
        (NEW, "stranger", "other"),
    ],
)
def test_a_pair_is_that_of_the_sidecars_of_both_sides(sender: str | None, responder: str, pair: str) -> None:
    assert traffic_checks.pairs(sender, {responder: 7}, BEHIND, NEW) == {pair: 7}


def test_an_unnamed_responder_is_known_when_all_pods_behind_the_service_are_on_one_plane() -> None:
    behind = Behind({"web-1": OLD, "web-2": OLD, "cart": NEW}, frozenset({"web-1", "web-2"}))
    assert traffic_checks.pairs(NEW, {"unnamed": 3}, behind, NEW) == {"new-old": 3}


def test_a_probe_passes_when_its_expectation_holds_and_names_every_pair() -> None:
    check = traffic_checks.probe("shop", result(200, 200), {"new-old": 2}, ["new-old"], {"client": "curl"})
    assert check.verdict == "passed"
    assert check.facts == {
        "name": "shop",
        "client": "curl",
        "plane_pairs": {"old-old": 0, "old-new": 0, "new-old": 2, "new-new": 0, "other": 0},
    }


def test_a_probe_fails_with_its_counts_when_its_expectation_does_not_hold() -> None:
    check = traffic_checks.probe("shop", result(200, 503), {"new-old": 2}, ["new-old"], {})
    assert (check.verdict, check.detail) == ("failed", "shop: 1 of 2 requests succeeded, and 100 % must (such as: status 503)")


def test_a_pair_that_was_asked_for_and_not_seen_is_named_and_leaves_the_probe_inconclusive() -> None:
    check = traffic_checks.probe("shop", result(200), {"new-new": 1}, ["new-old", "new-new"], {})
    assert (check.verdict, check.detail) == ("inconclusive", "shop: 1 of 1 requests succeeded, but crossed new-new and not new-old")
