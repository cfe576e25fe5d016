"""The demo on a cluster of the user's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from demo import target


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for what the demo writes, and nothing of this environment's programs on PATH."""
    monkeypatch.setattr(target, "WORK", tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    for name in ("DEMO_VALUES", "DEMO_CHARTS", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DEMO_IMAGE", "mine/fortio:1")
    return tmp_path


def inventory(folder: Path, text: str) -> Path:
    path = folder / "inventory.yml"
    path.write_text(text)
    return path


def test_an_inventory_is_read_by_the_ansible_beside_this_python(work: Path) -> None:
    found = target.of_user(inventory(work, "all: {hosts: {mine: {meshyard_kubeconfig: /somewhere/config, meshyard_context: blue}}}"))
    assert (found.kubeconfig, found.context, found.image, found.audit_log) == ("/somewhere/config", "blue", "mine/fortio:1", None)


def test_the_users_values_are_kept_and_no_request_is_repeated(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work / "values.yaml").write_text("meshConfig: {accessLogFile: /dev/stdout}\nreplicaCount: 1\n")
    monkeypatch.setenv("DEMO_VALUES", str(work / "values.yaml"))
    found = target.of_user(inventory(work, "all: {hosts: {mine: {}}}"))
    given = yaml.safe_load(found.variables.read_text())["istio_control_plane_values"]
    assert given == {
        "meshConfig": {"accessLogFile": "/dev/stdout", "defaultHttpRetryPolicy": {"attempts": 0}},
        "replicaCount": 1,
    }


def test_without_an_image_for_the_shop_nothing_begins(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_IMAGE")
    with pytest.raises(SystemExit, match="set DEMO_IMAGE"):
        target.of_user(inventory(work, "all: {hosts: {mine: {}}}"))


@pytest.mark.parametrize(("text", "said"), [("all: {hosts: {a: {}, b: {}}}", "has 2 hosts"), ("all: {hosts: {}}", "has 0 hosts")])
def test_an_inventory_without_exactly_one_cluster_is_refused_in_one_sentence(work: Path, text: str, said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        target.of_user(inventory(work, text))


def test_an_inventory_that_is_not_there_is_refused_in_one_sentence(work: Path) -> None:
    with pytest.raises(SystemExit, match=r"The inventory .*/missing\.yml cannot be read: .*"):
        target.of_user(work / "missing.yml")
