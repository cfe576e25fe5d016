"""Which findings stand against going on."""

from __future__ import annotations

from ansible_collections.meshyard.istio.plugins.plugin_utils.findings import SETTLED_BY_GATEWAY, blocking


def rows(*codes: str, level: str = "blocker") -> list[dict[str, str]]:
    return [{"level": level, "code": code} for code in codes]


def test_only_blockers_that_nobody_accepted_stand_against_it() -> None:
    found = [*rows("server", "roots_differ"), *rows("unread", level="warning")]
    assert blocking(found) == found[:2]
    assert blocking(found, accept=["roots_differ"]) == found[:1]


def test_a_gateway_that_the_run_makes_settles_what_is_said_of_its_absence_and_nothing_else() -> None:
    found = rows(*SETTLED_BY_GATEWAY, "server")
    assert blocking(found, gateway_planned=True) == rows("server")
    assert len(blocking(found)) == len(found)
