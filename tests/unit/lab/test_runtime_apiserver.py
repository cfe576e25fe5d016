"""Servers of a killed test run are found and ended; those of a living one are not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import apiserver, procfs
from lab.apiserver import ApiServer, free_ports
from lab.paths import LabError
from lab.process import Processes, Program


@pytest.fixture(autouse=True)
def _registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apiserver, "REGISTRY", tmp_path / "registry")


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Stands for the programs of one server."""
    kept = Processes(tmp_path / "server" / "processes")
    kept.start(Program("etcd", ["/bin/sleep", "300"], tmp_path / "etcd.log"))
    yield kept
    kept.stop(kept.names(), seconds=0)


def register(tmp_path: Path, **changes: object) -> Path:
    owner = os.getpid()
    known = {"directory": str(tmp_path / "server"), "owner": owner, "started": procfs.start_time(owner), "boot": procfs.boot_id()}
    apiserver.REGISTRY.mkdir()
    entry = apiserver.REGISTRY / "one.json"
    entry.write_text(json.dumps(known | changes))
    return entry


@pytest.mark.parametrize("changes", [{"started": 1}, {"boot": "another"}, {"owner": 2**22 + 1}])
def test_servers_of_a_dead_owner_are_ended(tmp_path: Path, processes: Processes, changes: dict[str, object]) -> None:
    entry = register(tmp_path, **changes)

    apiserver.sweep()

    assert not processes.alive("etcd")
    assert not entry.exists()


def test_servers_of_a_living_owner_stay(tmp_path: Path, processes: Processes) -> None:
    entry = register(tmp_path)

    apiserver.sweep()

    assert processes.alive("etcd")
    assert entry.exists()


def test_an_entry_that_is_just_being_written_is_passed_over(tmp_path: Path) -> None:
    register(tmp_path).write_text("{")

    apiserver.sweep()


def test_free_ports_are_all_different() -> None:
    assert len(set(free_ports(20))) == 20


def test_a_server_that_was_not_started_says_so(tmp_path: Path) -> None:
    server = ApiServer(tmp_path / "never")

    with pytest.raises(LabError, match=r"was not started; call start\(\) first"):
        str(server.host)
    server.stop()
