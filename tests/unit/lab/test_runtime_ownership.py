"""One machine, one lab: a living one is never disturbed, a dead one is no obstacle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lab import cleanup, ownership
from lab.addresses import PLANS
from lab.paths import LAB, LabError
from lab.process import Processes, Program


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Processes:
    """The processes of a lab in another checkout, which owns the machine."""
    owner = tmp_path / "owner"
    owner.write_text(str(tmp_path / "other" / ".lab"))
    monkeypatch.setattr(ownership, "RUN", tmp_path)
    monkeypatch.setattr(ownership, "OWNER", owner)
    monkeypatch.setattr(ownership, "PLANS", [OnDisk(tmp_path / "processes")])
    return Processes(tmp_path / "processes")


class OnDisk:
    """The part of a plan that tells where its processes are recorded."""

    def __init__(self, records: Path) -> None:
        self.records = records


def started(processes: Processes, tmp_path: Path) -> None:
    processes.start(Program("waiting", ["/bin/sleep", "60"], tmp_path / "log"))


def test_a_living_lab_of_another_checkout_is_not_disturbed(elsewhere: Processes, tmp_path: Path) -> None:
    started(elsewhere, tmp_path)
    try:
        for refused in (ownership.claim, lambda: cleanup.clear(PLANS[0])):
            with pytest.raises(LabError, match=r"The lab in .*/other/.lab uses this machine; end it with"):
                refused()
    finally:
        elsewhere.stop(["waiting"], seconds=0)


def test_a_dead_lab_of_another_checkout_is_succeeded(elsewhere: Processes, tmp_path: Path) -> None:
    started(elsewhere, tmp_path)
    record = elsewhere.record("waiting")
    assert record is not None
    os.kill(record.pid, 9)
    os.waitpid(record.pid, 0)
    assert ownership.is_inherited()
    ownership.claim()
    assert ownership.OWNER.read_text() == str(LAB)
    assert not ownership.is_inherited()


def test_an_unclaimed_machine_is_claimed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "RUN", tmp_path / "run")
    monkeypatch.setattr(ownership, "OWNER", tmp_path / "run" / "owner")
    assert not ownership.is_inherited()
    ownership.claim()
    assert ownership.OWNER.read_text() == str(LAB)
