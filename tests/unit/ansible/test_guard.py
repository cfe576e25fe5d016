"""When a module may still write."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._ansible.guard import ALIVE_FILE, Guard
from ansible_collections.meshyard.istio.plugins.module_utils._errors import Abandoned


@pytest.fixture(autouse=True)
def _handlers_restored():
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_module_called_by_itself_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALIVE_FILE, raising=False)
    Guard().proceed()


def test_a_module_whose_playbook_is_gone_stops_before_its_next_write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    alive.touch()
    monkeypatch.setenv(ALIVE_FILE, str(alive))
    guard = Guard()
    guard.proceed()
    alive.unlink()
    with pytest.raises(Abandoned, match="is gone"):
        guard.proceed()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_module_that_is_told_to_end_stops_before_its_next_write(number: signal.Signals) -> None:
    guard = Guard()
    os.kill(os.getpid(), number)
    with pytest.raises(Abandoned, match="told to end"):
        guard.proceed()
