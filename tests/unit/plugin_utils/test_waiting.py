"""What the action plugin of a waiting module shows and does."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils import waiting

PATIENCE_SECONDS = 10


@pytest.fixture(autouse=True)
def _private_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(waiting.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    monkeypatch.setattr(waiting, "_POLL_SECONDS", 0.01)


class Screen:
    """Collects the lines shown and lets a test await a number of them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()

    def show(self, line: str) -> None:
        with self._changed:
            self.lines.append(line)
            self._changed.notify_all()

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.lines) >= count, PATIENCE_SECONDS), self.lines


def write(watch: waiting.Watch, text: str) -> None:
    with open(watch.environment["MESHYARD_PROGRESS_FILE"], "a", encoding="utf-8") as target:
        target.write(text)


def test_lines_of_the_module_are_shown_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SPACING_SECONDS", 0.0)
    screen = Screen()
    with waiting.Watch(screen.show) as watch:
        write(watch, "1/2 rolled\n")
        screen.wait_for(1)
        write(watch, "2/2 rolled\n")
        screen.wait_for(2)
    assert screen.lines == ["1/2 rolled", "2/2 rolled"]


def test_of_lines_that_come_together_the_newest_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SPACING_SECONDS", 0.2)
    screen = Screen()
    with waiting.Watch(screen.show) as watch:
        write(watch, "1/9 create Role a\n2/9 create Role b\n")
        screen.wait_for(1)
        write(watch, "3/9 create Role c\n")
        write(watch, "4/9 create Role d\n")
        screen.wait_for(2)
    assert screen.lines == ["2/9 create Role b", "4/9 create Role d"]


def test_the_last_line_is_repeated_with_the_time_when_nothing_new_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "REPEAT_SECONDS", 0.05)
    screen = Screen()
    with waiting.Watch(screen.show) as watch:
        write(watch, "waiting for shop/cart\n")
        screen.wait_for(2)
    assert screen.lines[1].startswith("waiting for shop/cart (")


def test_the_file_that_says_the_run_lives_goes_when_the_parent_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    with waiting.Watch(lambda _line: None) as watch:
        alive = Path(watch.environment["MESHYARD_ALIVE_FILE"])
        assert alive.exists()
        monkeypatch.setattr(os, "getppid", lambda: -1)
        watch._thread.join(PATIENCE_SECONDS)
        assert not alive.exists()


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with waiting.Watch(lambda _line: None):
        assert list(tmp_path.iterdir())
    assert not list(tmp_path.iterdir())


def test_an_awx_job_is_named_by_its_number() -> None:
    assert waiting.run_id({"awx_job_id": 42}) == "AWX job 42"
