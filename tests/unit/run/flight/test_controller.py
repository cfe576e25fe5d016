"""Fortio as a program of this machine: it is run to its end, or ended with the run that started it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import Abandoned, MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._run.flight import controller
from ansible_collections.meshyard.istio.plugins.module_utils._run.flight.output import NoReport, Output
from lab.waiting import until


def script(folder: Path, text: str) -> str:
    path = folder / "fortio"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_both_streams_and_the_status_are_kept(tmp_path: Path) -> None:
    command = [script(tmp_path, 'echo "$1"; echo lost >&2; exit 3'), "a b"]
    assert controller.send(command, 5, lambda: None) == Output(3, "a b\n", "lost\n")


def test_a_program_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MeshyardError, match="No such file") as raised:
        controller.send([str(tmp_path / "none")], 5, lambda: None)
    assert "binary_path" in raised.value.remedy


def test_a_run_that_is_gone_ends_fortio(tmp_path: Path) -> None:
    started = tmp_path / "pid"

    def alive() -> None:
        if started.exists():
            raise Abandoned("The run is gone.")

    with pytest.raises(Abandoned):
        controller.send([script(tmp_path, f"echo $$ > {started}; exec sleep 60")], 60, alive)
    process = int(started.read_text())
    until(lambda: not _lives(process), 5, lambda: "fortio lives on")


def test_a_program_that_does_not_end_in_time_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "_SPARE", 0)
    assert controller.send([script(tmp_path, "exec sleep 60")], 0, lambda: None).status == -9


def test_an_output_without_a_report_says_what_came_last() -> None:
    with pytest.raises(NoReport, match="from the controller ended without a report: Aborting because of no such host") as raised:
        Output(1, "", "Fortio 1.66.0 running\n\nAborting because of no such host.\n").report("the controller")
    assert raised.value.facts == {"output": ["Fortio 1.66.0 running", "Aborting because of no such host."], "status": 1}
    with pytest.raises(NoReport, match="it wrote nothing"):
        Output(None, "").report("Job shop/a")


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
