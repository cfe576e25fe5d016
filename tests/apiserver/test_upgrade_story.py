"""The playbook that upgrades, against an API server whose istiods answer: what it does, and what a reader sees of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.apiserver import ApiServer
from tests.harness.playbook import play
from tests.harness.upgrade_mesh import NEW, OLD, SETTINGS, UpgradeMesh, everywhere, upgrade_mesh

LINES = 45


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpgradeMesh]:
    with upgrade_mesh(tmp_path_factory.mktemp("story")) as mesh:
        yield mesh


def test_a_tag_runs_its_phase_alone_and_one_that_is_not_asked_for_is_refused(mesh: UpgradeMesh) -> None:
    preflight = mesh.play("upgrade", "--tags", "preflight")
    assert (preflight.status, preflight.changed) == (0, 0)
    assert "PHASE Preflight" in preflight.said
    assert "PHASE Prepare" not in preflight.said
    refused = mesh.play("upgrade", "--tags", "retire")
    assert refused.status == 2
    assert "canary_upgrade_retire=true" in refused.said
    assert "has no phases" in mesh.play("rollback", "--tags", "waves").said


def test_an_old_revision_that_is_not_there_is_refused_with_those_that_are(mesh: UpgradeMesh) -> None:
    refused = mesh.planes.refusal("upgrade_plan", version="1.32.0", from_revision="gone")
    assert refused["problem"].startswith("There is no control plane of revision gone")
    assert OLD in refused["remedy"]


@pytest.mark.parametrize("mode", [(), ("--check",)], ids=["real", "check"])
def test_where_there_is_no_istio_check_mode_ends_as_the_run_does(server: ApiServer, tmp_path: Path, mode: tuple[str, ...]) -> None:
    hosts = {"istio_primary": {"eu": {"ansible_connection": "local", "meshyard_kubeconfig": str(server.kubeconfig)}}}
    ended = play("upgrade", hosts, tmp_path, *mode, settings=SETTINGS, canary_upgrade_version="1.32.0")
    assert ended.status == 2
    assert "There is no control plane in the namespace istio-system" in ended.said


@pytest.mark.timeout(300)
def test_an_upgrade_of_three_namespaces_is_told_in_few_lines(mesh: UpgradeMesh) -> None:
    done = mesh.play("upgrade")
    assert done.status == 0, done.said
    assert mesh.everywhere() == everywhere(NEW)
    told = [line for line in done.lines if line.strip() and not line.startswith("    [eu] ")]  # how long it takes says nothing here
    assert len(told) <= LINES, "\n".join(told)
    for what in (
        "0 of 2 done, now Wave 1 of 2: cart; then pay, shop",
        "passed: [eu] 2 of 2 pods are on 1-32-0",
        "2 of 2 done",
        "Done: the mesh",
    ):
        assert what in done.said
    assert "skipping" not in done.said


def written(folder: Path) -> dict[str, Any]:
    """The record of a change, beside which its pages lie and nothing else."""
    pages = {f"{name}.{ending}" for name in ("before", "after", "change") for ending in ("html", "json")}
    assert {path.name for path in folder.iterdir() if path.is_file()} == pages
    found: dict[str, Any] = json.loads((folder / "change.json").read_text())
    return found


@pytest.mark.timeout(300)
def test_all_of_it_goes_back_and_the_record_of_the_change_tells_it(mesh: UpgradeMesh) -> None:
    folder = mesh.folder / "back"
    back = mesh.play("rollback", meshyard_report_directory=str(folder))
    assert back.status == 0, back.said
    assert mesh.everywhere() == everywhere(OLD)
    record = written(folder)
    assert (record["operation"], record["result"], record["clusters"]) == (
        "rollback",
        "passed",
        [{"cluster": "eu", "reached": True, "message": ""}],
    )
    moved = {one["namespace"]: (set(one["before"]["pods"]), set(one["after"]["pods"])) for one in record["changes"]["workloads"]}
    assert all(moved[name] == ({NEW}, {OLD}) for name in ("cart", "pay", "shop"))


@pytest.mark.timeout(300)
def test_a_wave_whose_gate_fails_goes_back_and_those_before_stay(mesh: UpgradeMesh) -> None:
    mesh.kubelet.debug.behind.add("pay")
    folder = mesh.folder / "stopped"
    folder.mkdir()
    (folder / "change.json").write_text("of another change")
    asked = {"canary_upgrade_waves": "cart; pay, shop", "canary_upgrade_phases": "prepare, waves"}
    ended = mesh.play("upgrade", **asked, meshyard_report_directory=str(folder))
    mesh.kubelet.debug.behind.clear()
    assert ended.status == 2
    assert "the gate for Wave 2 of 2: pay, shop failed" in ended.said
    assert mesh.everywhere() == {"cart": {NEW}, "pay": {OLD}, "shop": {OLD}, "edge": {OLD}}
    record = written(folder)
    assert [one.read_text() for one in folder.glob("former-*/*")] == ["of another change"]
    assert record["result"] == "failed"
    assert "the gate for Wave 2 of 2: pay, shop failed" in record["clusters"][0]["message"]
    steps = {(one["task"], one["verdict"]): one for one in record["steps"]}
    assert steps["Waves | Wave 1 of 2: cart", ""]["seconds"] > 0
    assert steps["Gate | Wave 1 of 2: cart", "passed"]["details"]
    assert steps["Gate | Wave 2 of 2: pay, shop", "failed"]["details"]
    assert {one["namespace"] for one in record["changes"]["workloads"]} == {"cart"}
