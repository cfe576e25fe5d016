"""A machine that lacks something is told what to install, and nothing is installed twice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import environment
from tests.environment import ENVIRONMENTS

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Python but the one that runs this."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    unfit = environment.Environment(".venv-9.9", "tests/environments/ansible-9.9.txt", ("9.9",))
    monkeypatch.setitem(ENVIRONMENTS, "9.9", unfit)
    monkeypatch.setitem(ENVIRONMENTS, "dev", environment.Environment(".venv", "requirements-dev.txt", ("9.9",), optional=False))


@pytest.mark.usefixtures("nowhere")
def test_who_has_no_python_for_developers_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["environment.py"])
    with pytest.raises(SystemExit, match=r"\.venv needs Python 9\.9 .* apt-get install python3-venv.*make PYTHON="):
        environment.main()


@pytest.mark.usefixtures("nowhere")
def test_an_ansible_without_a_python_for_it_is_skipped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["environment.py", "9.9"])
    assert environment.main() == environment.SKIPPED
    assert capsys.readouterr().out.startswith("SKIPPED: no Python 9.9")


@pytest.mark.usefixtures("nowhere")
def test_continuous_integration_skips_no_ansible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(sys, "argv", ["environment.py", "9.9"])
    with pytest.raises(SystemExit, match=r"\.venv-9\.9 needs Python 9\.9"):
        environment.main()


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_a_change_of_any_requirement_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    (tmp_path / "tests" / "environments").mkdir(parents=True)
    files = ("constraints.txt", "requirements.txt", "requirements-test.txt", ENVIRONMENTS[name].requirements)
    for file in files:
        (tmp_path / file).write_text("one==1\n")
    seen = {environment._fingerprint(tmp_path / ".venv", HERE)}
    for file in files:
        (tmp_path / file).write_text("one==2\n")
        seen.add(environment._fingerprint(tmp_path / ".venv", HERE))
    assert len(seen) == len(files) + 1


def test_an_interpreter_that_does_not_start_has_no_version(tmp_path: Path) -> None:
    broken = tmp_path / "python3.12"
    broken.write_text("#!/bin/sh\necho 3.12\nexit 127\n")
    broken.chmod(0o755)
    assert environment._version(sys.executable) == HERE
    assert environment._version(str(broken)) == environment._version("no-such-python") == ""
