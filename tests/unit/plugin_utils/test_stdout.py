"""Where progress goes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils import stdout, waiting


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    stdout.is_for_people.cache_clear()
    yield
    stdout.is_for_people.cache_clear()


@pytest.mark.parametrize(
    ("callback", "people"),
    [
        ("default", True),
        ("minimal", False),
        ("not.there.at_all", False),
    ],
)
def test_lines_go_to_stdout_only_beside_lines_for_people(monkeypatch: pytest.MonkeyPatch, callback: str, people: bool) -> None:
    monkeypatch.setattr(stdout.constants, "DEFAULT_STDOUT_CALLBACK", callback)
    assert stdout.is_for_people() is people


@pytest.mark.parametrize("problem", [KeyError("getpwuid(): uid not found: 1000660000"), OSError("No username set in the environment")])
def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    def fail() -> str:
        raise problem

    monkeypatch.setattr(waiting.getpass, "getuser", fail)
    monkeypatch.setattr(waiting.os, "getuid", lambda: 1000660000)
    assert waiting.run_id({}).startswith("user 1000660000 on ")
