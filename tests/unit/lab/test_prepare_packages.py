"""How Debian packages become programs of the lab and a layer of its images."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from lab import debian, rootfs
from lab.paths import LabError

LISTING = """\
'http://example.org/pool/main/r/runc/runc_1.1.5%2bds1-1_amd64.deb' runc_1.1.5+ds1-1_amd64.deb 2709960 SHA256:ab
NOTE: something else
'http://example.org/pool/main/i/iptables/iptables_1.8.9-2_amd64.deb' iptables_1.8.9-2_amd64.deb 360192
"""


def test_file_names_come_from_the_quoted_rows_alone() -> None:
    assert debian.file_names(LISTING) == ["runc_1.1.5+ds1-1_amd64.deb", "iptables_1.8.9-2_amd64.deb"]


def test_a_file_name_begins_with_the_package() -> None:
    assert debian.package_name(Path("/deb/libc6_2.36-9+deb12u14_amd64.deb")) == "libc6"


@pytest.mark.parametrize("package", ["runc", "nftables", "libnftnl11", "libseccomp2", "libcap2", "libcom-err2"])
def test_asked_packages_and_libraries_are_unpacked(package: str) -> None:
    assert debian.is_host_tool(package)


@pytest.mark.parametrize("package", ["libc6", "libc-bin", "libgcc-s1", "dpkg", "perl-base", "adduser", "tar"])
def test_the_c_library_and_the_base_system_stay_the_hosts(package: str) -> None:
    assert not debian.is_host_tool(package)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("usr/bin/containerd", True),
        ("usr/sbin/nft", True),
        ("usr/lib/cni/bridge", True),
        ("usr/lib/x86_64-linux-gnu/libnftables.so.1", True),
        ("usr/lib/x86_64-linux-gnu/xtables/libxt_comment.so", True),
        ("usr/lib/systemd/system/containerd.service", False),
        ("usr/lib/x86_64-linux-gnu/perl/5.36.0/POSIX.pm", False),
        ("usr/share/doc/runc/copyright", False),
        ("etc/nftables.conf", False),
        (".", False),
    ],
)
def test_only_programs_libraries_and_plugins_are_unpacked(name: str, wanted: bool) -> None:
    assert debian.is_host_file(name) is wanted


@pytest.mark.parametrize(
    ("name", "merged"),
    [
        ("./bin/ip", "usr/bin/ip"),
        ("./lib64/ld-linux-x86-64.so.2", "usr/lib64/ld-linux-x86-64.so.2"),
        ("./sbin", "usr/sbin"),
        ("./usr/bin/env", "usr/bin/env"),
        ("./library/file", "library/file"),
        ("./etc/", "etc"),
    ],
)
def test_files_of_the_root_folders_are_moved_below_usr(name: str, merged: str) -> None:
    assert debian.merged_usr(name) == merged


def test_a_wrapper_shows_the_program_its_libraries_and_hands_all_arguments_on(tmp_path: Path) -> None:
    program = tmp_path / "with space" / "program"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s|" "$LD_LIBRARY_PATH" "$XTABLES_LIBDIR" "$@"\n')
    program.chmod(0o755)
    script = tmp_path / "wrapper"
    script.write_text(debian.wrapper(program, Path("/the libs")))
    script.chmod(0o755)
    printed = subprocess.run([script, "a b", "$c"], capture_output=True, text=True, check=True).stdout
    assert printed == "/the libs|/the libs/xtables|a b|$c|"


def build_package(folder: Path, name: str, files: dict[str, str]) -> Path:
    """A real package with these files."""
    tree = folder / name
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: test\n"
    )
    for place, content in files.items():
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        (tree / place).write_text(content)
    package = folder / f"{name}_1_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, package], capture_output=True, check=True)
    return package


def merged(packages: list[Path]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        debian.merge(packages, tar, rootfs.is_wanted)
    return out.getvalue()


def test_packages_are_merged_without_dates_duplicates_and_documentation(tmp_path: Path) -> None:
    one = build_package(tmp_path, "one", {"bin/tool": "tool", "usr/share/doc/one/readme": "text"})
    two = build_package(tmp_path, "two", {"usr/bin/other": "other"})
    with tarfile.open(fileobj=io.BytesIO(merged([one, two]))) as tar:
        names = tar.getnames()
        assert sorted(names) == ["usr", "usr/bin", "usr/bin/other", "usr/bin/tool"]
        assert {member.mtime for member in tar} == {0}
        tool = tar.extractfile("usr/bin/tool")
        assert tool is not None
        assert tool.read() == b"tool"


def test_the_same_packages_give_the_same_layer(tmp_path: Path) -> None:
    package = build_package(tmp_path, "one", {"bin/tool": "tool"})
    assert merged([package]) == merged([package])


def test_a_damaged_package_is_deleted_and_named(tmp_path: Path) -> None:
    package = build_package(tmp_path, "one", {"bin/tool": "tool"})
    package.write_bytes(package.read_bytes()[:40])
    with pytest.raises(LabError, match=r"one_1_all\.deb was damaged on disk"):
        merged([package])
    assert not package.exists()


@pytest.mark.parametrize(
    ("command", "program"),
    [("iptables", "iptables-nft"), ("ip6tables-restore", "ip6tables-nft-restore")],
)
def test_iptables_in_the_images_is_the_nftables_variant(command: str, program: str) -> None:
    assert rootfs.nft_variant(command) == program
