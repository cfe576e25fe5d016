"""The image archives, as a container runtime reads them."""

from __future__ import annotations

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from lab import images


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Two images that share their lower layer."""
    program = tmp_path / "program-1.0"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    data = tmp_path / "data"
    data.write_text("{}")
    data.chmod(0o444)
    base = images.make_layer(tmp_path / "base.tar", {"etc/data.json": data})
    own = images.make_layer(tmp_path / "own.tar", {"usr/bin/program": program})
    path = tmp_path / "archive.tar"
    below = images.Image("meshyard.lab/below:1", (base,), ("/usr/bin/sleep", "infinity"))
    above = images.Image("meshyard.lab/above:2", (base, own), ("/usr/bin/program",), user="1337:1337")
    images.write_archive(path, [below, above])
    return path


def read(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as tar:
        member = tar.extractfile(name)
        assert member is not None
        return member.read()


def manifest(archive: Path) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads(read(archive, "manifest.json"))
    return content


def test_the_manifest_lists_every_image_by_its_tag(archive: Path) -> None:
    assert [entry["RepoTags"] for entry in manifest(archive)] == [["meshyard.lab/below:1"], ["meshyard.lab/above:2"]]


def test_a_shared_layer_is_written_once(archive: Path) -> None:
    below, above = manifest(archive)
    assert above["Layers"][0] == below["Layers"][0]
    with tarfile.open(archive) as tar:
        assert tar.getnames().count(below["Layers"][0]) == 1


def test_the_configuration_names_the_digests_of_the_layers(archive: Path) -> None:
    for entry in manifest(archive):
        config = json.loads(read(archive, entry["Config"]))
        digests = [f"sha256:{hashlib.sha256(read(archive, name)).hexdigest()}" for name in entry["Layers"]]
        assert config["rootfs"] == {"type": "layers", "diff_ids": digests}


def test_the_configuration_says_what_runs_and_as_whom(archive: Path) -> None:
    above = json.loads(read(archive, manifest(archive)[1]["Config"]))
    assert above["config"]["Entrypoint"] == ["/usr/bin/program"]
    assert above["config"]["User"] == "1337:1337"
    assert above["os"] == "linux"


def test_files_in_a_layer_belong_to_root_without_dates_and_programs_stay_executable(tmp_path: Path) -> None:
    program, data = tmp_path / "pilot-agent-1.31.0", tmp_path / "plain"
    for path, mode in ((program, 0o700), (data, 0o440)):
        path.write_text("content")
        path.chmod(mode)
    layer = images.make_layer(tmp_path / "layer.tar", {"usr/bin/program": program, "etc/data": data})
    with tarfile.open(layer.path) as tar:
        members = {member.name: member for member in tar}
    assert {(member.uid, member.gid, member.mtime) for member in members.values()} == {(0, 0, 0)}
    assert members["usr/bin/program"].mode == 0o755
    assert members["etc/data"].mode == 0o644
