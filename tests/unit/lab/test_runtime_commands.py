"""The command line says what it did, and in one sentence what it cannot do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab import cleanup, cli, cluster, status
from lab.addresses import PLANS
from lab.cluster import Step
from lab.paths import LabError

CENTRAL = PLANS[0]


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root, with a folder of its own, and everything prepared."""
    monkeypatch.setattr(cli, "LAB", tmp_path)
    monkeypatch.setattr(cli, "LOCK", tmp_path / "lock")
    monkeypatch.setattr(cli.os, "geteuid", lambda: 0)
    monkeypatch.setattr(cli, "prepare", lambda _: None)
    monkeypatch.setattr(status, "KUBECONFIG", tmp_path / "kubeconfig")
    monkeypatch.setattr(status, "CLUSTERS", tmp_path / "clusters")


@pytest.mark.usefixtures("alone")
def test_a_second_start_changes_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cluster, "steps", lambda _: [])

    assert cli.main(["up"]) == 0

    assert capsys.readouterr().out.startswith("central and remote: running already, nothing to do")


@pytest.mark.usefixtures("alone")
def test_every_stage_is_counted_and_timed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []
    monkeypatch.setattr(cluster, "steps", lambda plan: [Step(f"{plan.name}: all", lambda: done.append(plan.name))])
    monkeypatch.setattr(status, "table", lambda _: "the table")

    assert cli.main(["up"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert done == ["central", "remote"]
    assert lines[0].startswith("stage 1 of 2: central: all (")
    assert lines[1].startswith("stage 2 of 2: remote: all (")


@pytest.mark.usefixtures("alone")
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_plans: object) -> list[Step]:
        raise LabError("Route 10.99.0.0/24 (docker0) is in use on this host.")

    monkeypatch.setattr(cluster, "steps", fail)

    assert cli.main(["up"]) == 2
    assert capsys.readouterr().err == "error: Route 10.99.0.0/24 (docker0) is in use on this host.\n"


@pytest.mark.usefixtures("alone")
def test_who_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli.os, "geteuid", lambda: 1000)

    assert cli.main(["down"]) == 2
    assert "root" in capsys.readouterr().err


@pytest.mark.usefixtures("alone")
def test_only_the_named_clusters_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(cleanup, "clear", lambda plan: stopped.append(plan.name))
    monkeypatch.setattr(cleanup, "clear_shared", lambda: None)

    assert cli.main(["down", "--clusters", "remote"]) == 0

    assert stopped == ["remote"]


def test_an_unknown_cluster_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--clusters", "east"]) == 2
    assert "choose from central, remote" in capsys.readouterr().err


def test_the_shell_settings_are_commands_of_a_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["env"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("export KUBECONFIG=")
    assert lines[1].startswith('export PATH="')
    assert lines[1].endswith(':$PATH"')


@pytest.mark.parametrize("running", [True, False])
def test_programs_are_told_how_to_reach_the_running_clusters(
    running: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = type(CENTRAL)
    monkeypatch.setattr(plan, "directory", property(lambda self: tmp_path / self.name))
    monkeypatch.setattr(status, "state", lambda plan: "running" if running and plan is CENTRAL else "stopped")
    CENTRAL.directory.mkdir()
    CENTRAL.kubeconfig.touch()
    CENTRAL.token.write_text("secret")

    assert cli.main(["env", "--json"]) == 0

    clusters = json.loads(capsys.readouterr().out)["clusters"]
    assert list(clusters) == (["central"] if running else [])
    if running:
        assert clusters["central"]["host"] == "https://10.99.0.11:6443"
        assert clusters["central"]["token"] == "secret"
        assert clusters["central"]["kubeconfig"] == str(CENTRAL.kubeconfig)


def test_stopped_clusters_are_in_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "state", lambda _: "stopped")

    assert status.table(PLANS).splitlines() == [
        "CLUSTER  STATE    API  NODE  PODS  AGE",
        "central  stopped  -    -     -     -",
        "remote   stopped  -    -     -     -",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59.9, "59s"), (60, "1m 0s"), (3599, "59m 59s"), (3600, "1h 0m"), (90061, "1d 1h")],
)
def test_ages_are_told_in_their_two_largest_units(seconds: float, text: str) -> None:
    assert status.age(seconds) == text
