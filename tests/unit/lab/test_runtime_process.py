"""A program is recognised by more than its pid, and what the lab did not start is never ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import procfs
from lab.paths import LabError
from lab.process import Processes, Program, end, log_tail
from lab.waiting import last, until

SHELL = "/bin/sh"


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    kept = Processes(tmp_path / "records")
    yield kept
    kept.stop(kept.names(), seconds=0)


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process that the lab did not start."""
    with subprocess.Popen(["/bin/sleep", "300"]) as other:
        yield other.pid
        other.kill()


def sleeper(tmp_path: Path, name: str = "sleeper") -> Program:
    return Program(name, ["/bin/sleep", "300"], tmp_path / "logs" / f"{name}.log")


def rewrite(processes: Processes, name: str, **changes: object) -> None:
    file = processes.records / f"{name}.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_a_program_is_started_once_and_runs_in_a_session_of_its_own(processes: Processes, tmp_path: Path) -> None:
    assert processes.start(sleeper(tmp_path)) is True
    assert processes.start(sleeper(tmp_path)) is False

    record = processes.record("sleeper")
    assert record is not None
    assert record.alive()
    assert os.getsid(record.pid) == record.pid


def test_a_stopped_program_is_gone_and_forgotten(processes: Processes, tmp_path: Path) -> None:
    processes.start(sleeper(tmp_path))
    record = processes.record("sleeper")

    processes.stop(["sleeper", "never-started"])

    assert record is not None
    assert procfs.start_time(record.pid) is None
    assert processes.names() == []


def test_a_program_that_ignores_the_polite_end_is_killed(processes: Processes, tmp_path: Path) -> None:
    log = tmp_path / "stubborn.log"
    processes.start(Program("stubborn", [SHELL, "-c", "trap '' TERM; echo ready; while :; do read x; done"], log))
    until(lambda: "ready" in log.read_text(), 10, lambda: "the shell does not start")

    processes.stop(["stubborn"], seconds=0.1)

    assert not processes.alive("stubborn")


@pytest.mark.parametrize("lie", [{"started": 1}, {"boot": "another"}])
def test_a_pid_used_again_by_another_program_is_not_taken_for_the_old_one(
    processes: Processes, tmp_path: Path, stranger: int, lie: dict[str, object]
) -> None:
    processes.start(sleeper(tmp_path))
    processes.stop(["sleeper"])
    processes.records.joinpath("sleeper.json").write_text(
        json.dumps({"name": "sleeper", "pid": stranger, "started": procfs.start_time(stranger), "boot": procfs.boot_id()} | lie)
    )

    assert not processes.alive("sleeper")
    processes.stop(["sleeper"], seconds=0)
    assert procfs.start_time(stranger) is not None


def test_records_of_an_earlier_boot_say_that_nothing_runs(processes: Processes, tmp_path: Path) -> None:
    processes.start(sleeper(tmp_path))
    record = processes.record("sleeper")
    assert record is not None

    rewrite(processes, "sleeper", boot="before the reboot")

    assert not processes.alive("sleeper")
    end([record.pid], seconds=0)


@pytest.mark.parametrize("content", ["", "{", "{}", '{"name": "x", "unknown": 1}'])
def test_a_half_written_record_counts_as_not_running(processes: Processes, content: str) -> None:
    processes.records.mkdir(parents=True)
    (processes.records / "sleeper.json").write_text(content)

    assert not processes.alive("sleeper")


def test_a_killed_program_counts_as_ended_even_before_it_is_reaped(processes: Processes, tmp_path: Path) -> None:
    processes.start(sleeper(tmp_path))
    record = processes.record("sleeper")
    assert record is not None

    os.kill(record.pid, signal.SIGKILL)

    until(lambda: not processes.alive("sleeper"), 10, lambda: "the killed program still counts as running")


def test_output_of_a_program_is_in_its_log(processes: Processes, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "speaker.log"
    processes.start(Program("speaker", [SHELL, "-c", "echo one; echo two >&2"], log))

    until(lambda: log_tail(log) == "one | two", 10, lambda: f"the log holds {log_tail(log)}")


def test_programs_do_not_inherit_the_settings_of_the_user(processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/somebody/.kube/config")
    log = tmp_path / "environment.log"
    processes.start(Program("environment", ["/usr/bin/env"], log, env={"GIVEN": "yes"}))

    until(lambda: "GIVEN=yes" in log_tail(log, 20), 10, lambda: "the program printed no environment")
    assert "KUBECONFIG" not in log.read_text()


def test_a_missing_program_is_named(processes: Processes, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="/nowhere/etcd is missing"):
        processes.start(Program("etcd", ["/nowhere/etcd"], tmp_path / "etcd.log"))


def test_waiting_ends_with_the_given_sentence_when_the_time_is_over() -> None:
    with pytest.raises(LabError, match="it never came"):
        until(lambda: False, 0.01, lambda: "it never came", every=0.001)


def test_waiting_answers_with_the_first_true_value() -> None:
    values = iter([None, 0, "seen", "later"])
    assert until(lambda: next(values), 10, lambda: "it never came", every=0.001) == "seen"


def test_a_wait_may_end_with_the_last_value_instead() -> None:
    assert last(lambda: "", 0.01, every=0.001) == ""
