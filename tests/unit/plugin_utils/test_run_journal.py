"""The journal that modules keep of a run that is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils import run_journal

PODS = {"on_target": 2, "total": 2}
MOVED = {"changed": True, "namespaces": [{"workloads": [{"status": "restarted"}], "pods": PODS}]}
JUDGED = {"verdict": "passed", "evidence": [{"detail": "2 of 2 pods are on it", "verdict": "passed"}, {"verdict": "passed"}]}


def note(file: Path, result: dict[str, Any], module: str = "namespace_revision") -> None:
    run_journal.note(str(file), "eu", "Waves | Wave 1", module, 1_800_000_000.0, 1_800_000_012.54, result)


def test_nothing_is_written_where_nobody_began_a_journal(tmp_path: Path) -> None:
    note(tmp_path / "change.journal", MOVED)
    assert list(tmp_path.iterdir()) == []
    assert run_journal.entries(str(tmp_path / "change.journal")) == []


def test_each_call_is_one_entry_with_its_time(tmp_path: Path) -> None:
    file = tmp_path / "change.journal"
    file.touch()
    note(file, MOVED)
    note(file, MOVED)
    first, second = run_journal.entries(str(file))
    assert first == second
    assert (first["cluster"], first["task"], first["began_at"], first["seconds"]) == (
        "eu",
        "Waves | Wave 1",
        "2027-01-15T08:00:00.000+00:00",
        12.5,
    )


@pytest.mark.parametrize(
    ("module", "result", "details"),
    [
        ("namespace_revision", MOVED, ["1 workload restarted, 2 of 2 pods as they should be"]),
        ("upgrade_gate", JUDGED, ["2 of 2 pods are on it"]),
        ("istio_revision", {"changed": True, "steps": [{}, {}]}, ["2 changes"]),
        ("istio_tag", {"changed": True, "steps": [{}]}, ["1 change"]),
        ("istio_base", {"failed": True, "msg": "It may not.", "verdict": "error"}, ["It may not."]),
        ("istio_base", {"changed": False, "steps": []}, []),
    ],
)
def test_an_entry_tells_what_a_module_did_in_figures(module: str, result: dict[str, Any], details: list[str]) -> None:
    found = run_journal.entry("eu", "task", module, 0.0, 1.0, result)
    assert (found["details"], found["failed"]) == (details, "msg" in result)


def test_a_line_that_a_killed_run_left_half_written_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "change.journal"
    file.touch()
    note(file, MOVED)
    file.write_text(file.read_text() + '{"cluster": "eu", "ta')
    assert len(run_journal.entries(str(file))) == 1


def test_the_file_is_in_the_folder_as_seen_from_here_or_from_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert run_journal.path("report") == run_journal.path("~/report") == str(tmp_path / "report" / "change.journal")
