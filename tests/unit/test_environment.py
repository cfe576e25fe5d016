"""A machine that lacks something is told what to install, and nothing is installed twice."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from tests import environment, other_python


def test_an_old_python_is_refused_with_the_way_to_name_a_newer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "OLDEST", (99, 0))
    with pytest.raises(SystemExit, match=r"Python 99\.0 or newer is needed, .* make PYTHON="):
        environment._require_python()


def test_a_python_without_venv_is_refused_with_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        environment._require_python()


def test_a_change_of_any_requirement_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    for name in ("constraints.txt", "requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("one==1\n")
    seen = {environment._fingerprint(tmp_path / ".venv")}
    for name in ("constraints.txt", "requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text("one==2\n")
        seen.add(environment._fingerprint(tmp_path / ".venv"))
    assert len(seen) == 4


def test_an_interpreter_of_another_version_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment._answers(Path(sys.executable))
    monkeypatch.setattr(sys, "version_info", (3, 99, 0))
    assert not environment._answers(Path(sys.executable))


def test_the_other_python_is_skipped_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PYTHON_OTHER", "no-such-python")
    assert other_python.main() == other_python.SKIPPED
    assert capsys.readouterr().out.startswith("SKIPPED: no Python 3.")
