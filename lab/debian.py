"""Debian packages for the lab, unpacked into its own folder.

Nothing is installed: on a user's host Debian's containerd would replace Docker's. The packages come from the host's own
package sources, so their libraries fit the host's C library, which is the only thing they borrow.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab import paths, stages
from lab.paths import LabError

PRIVATE_LISTS = paths.DEB / "lists"

HOST_PACKAGES = (
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "iproute2",
    "iptables",
    "nftables",
    "prometheus",
    "runc",
)
"""What the clusters run on."""

LAYER_PACKAGES = ("base-files", "bash", "coreutils", "dash", "grep", "iptables", "libc-bin", "netbase", "sed")
"""What the images are based on; pilot-agent sets its redirection up with iptables."""

LINKED_PROGRAMS = {
    "containerd": "usr/bin/containerd",
    "containerd-shim-runc-v2": "usr/bin/containerd-shim-runc-v2",
    "ctr": "usr/bin/ctr",
    "prometheus": "usr/bin/prometheus",
    "promtool": "usr/bin/promtool",
}
"""Programs that need no library but the C library."""

# runc starts itself again without its environment, so inside a starting container it finds only the host's libseccomp:
# apt itself depends on that library, every Debian has it.
WRAPPED_PROGRAMS = {
    "conntrack": "usr/sbin/conntrack",
    "ip": "usr/bin/ip",
    "ip6tables": "usr/sbin/ip6tables-nft",
    "ip6tables-restore": "usr/sbin/ip6tables-nft-restore",
    "ip6tables-save": "usr/sbin/ip6tables-nft-save",
    "iptables": "usr/sbin/iptables-nft",
    "iptables-restore": "usr/sbin/iptables-nft-restore",
    "iptables-save": "usr/sbin/iptables-nft-save",
    "nft": "usr/sbin/nft",
    "runc": "usr/sbin/runc",
}
"""Programs that are started by a script which shows them their libraries."""

_HOST_FILES = re.compile(r"usr/(s?bin/.+|lib/cni/.+|lib/[^/]+-linux-gnu/([^/]+\.so[^/]*|xtables/.+))")
_LIBRARY_PACKAGE = re.compile(r"lib(?!c6|c-|gcc-s1)")
_UNMERGED = re.compile(r"(bin|sbin|lib|lib32|lib64|libx32)(/|$)")


def download() -> None:
    """Fetch all packages with everything they depend on into `paths.DEB`."""
    for packages in (HOST_PACKAGES, LAYER_PACKAGES):
        fetch(packages)


def fetch(packages: Sequence[str]) -> list[Path]:
    """The files of these packages and of all they depend on, downloaded where they are not yet.

    The host's package lists serve as long as they name files that still exist; else the lab fetches lists of its own.
    """
    try:
        return _fetch(packages)
    except LabError:
        _update_lists()
    try:
        return _fetch(packages)
    except LabError:
        # Lists that were fetched without a network would hide the host's good ones.
        shutil.rmtree(PRIVATE_LISTS)
        raise


def _fetch(packages: Sequence[str]) -> list[Path]:
    files = _resolve(packages)
    if not all(file.exists() for file in files):
        (paths.DEB / "partial").mkdir(parents=True, exist_ok=True)
        with _apt_options() as options:
            stages.run(["apt-get", "install", "--download-only", *options, *packages], purpose="download Debian packages")
    return files


def _resolve(packages: Sequence[str]) -> list[Path]:
    with stages.workspace("empty") as nowhere, _apt_options() as options:
        # apt lists only what its archive lacks.
        everything = [*options, "-o", f"Dir::Cache::archives={nowhere}"]
        listing = stages.run(
            ["apt-get", "install", "--print-uris", *everything, *packages],
            purpose="find the Debian packages in this host's package sources (do they answer to `apt-get update`?)",
        )
    return [paths.DEB / name for name in file_names(listing)]


def _update_lists() -> None:
    """Fetch package lists into the lab's folder. One unreachable source is no error as long as Debian's answer."""
    (PRIVATE_LISTS / "partial").mkdir(parents=True, exist_ok=True)
    with _apt_options() as options:
        stages.run(["apt-get", "update", *options], purpose="fetch Debian's package lists")


def file_names(listing: str) -> list[str]:
    """The file names in what `apt-get --print-uris` prints: quoted URI, file name, size, hash."""
    rows = (shlex.split(line) for line in listing.splitlines() if line.startswith("'"))
    return [row[1] for row in rows]


def unpack_host_tools() -> None:
    """Unpack programs, libraries and CNI plugins to `paths.DEB_ROOT` and make them startable from `paths.BIN`."""
    wanted = [deb for deb in fetch(HOST_PACKAGES) if is_host_tool(package_name(deb))]
    with stages.workspace("deb") as folder:
        root = folder / "root"
        root.mkdir()
        merged = folder / "merged.tar"
        with tarfile.open(merged, "w") as tar:
            merge(wanted, tar, is_host_file)
        stages.run(["tar", "-xf", merged, "-C", root], purpose="unpack the Debian packages")
        stages.replace_folder(root, paths.DEB_ROOT)
    _make_startable()


def package_name(deb: Path) -> str:
    """The package in a file named `name_version_architecture.deb`."""
    return deb.name.partition("_")[0]


def is_host_tool(package: str) -> bool:
    """Whether a package of the closure is unpacked: what was asked for and libraries, but never a C library."""
    return package in HOST_PACKAGES or _LIBRARY_PACKAGE.match(package) is not None


def is_host_file(name: str) -> bool:
    """Whether a file of a package is unpacked."""
    return _HOST_FILES.fullmatch(name) is not None


def merged_usr(name: str) -> str:
    """The name of a package's file where /bin, /sbin and /lib are links into /usr."""
    relative = name.removeprefix("./").strip("/")
    return f"usr/{relative}" if _UNMERGED.match(relative) else relative


def merge(debs: Iterable[Path], tar: tarfile.TarFile, wanted: Callable[[str], bool]) -> None:
    """Copy the wanted files of several packages into one tar file, without dates, each folder once."""
    seen: set[str] = set()
    for deb in debs:
        try:
            _merge_one(deb, tar, lambda name: wanted(name) and name not in seen, seen.add)
        except tarfile.TarError as error:
            deb.unlink()
            raise LabError(f"The package {deb.name} was damaged on disk ({error}) and is deleted; run the same command again.") from error


def _merge_one(deb: Path, tar: tarfile.TarFile, wanted: Callable[[str], bool], note: Callable[[str], None]) -> None:
    for member, package in _members(deb):
        member.name = merged_usr(member.name)
        if not wanted(member.name):
            continue
        note(member.name)
        if member.islnk():
            member.linkname = merged_usr(member.linkname)
        member.mtime = 0
        tar.addfile(member, package.extractfile(member) if member.isreg() else None)


def _members(deb: Path) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE) as reader,
        tarfile.open(fileobj=reader.stdout, mode="r|") as package,
    ):
        for member in package:
            yield member, package


@contextmanager
def _apt_options() -> Iterator[list[str]]:
    """Options that make apt resolve as if nothing was installed, and write nowhere but in the lab's folder."""
    with stages.workspace("apt") as folder:
        status = folder / "status"
        status.touch()
        settings = {
            "Dir::State::status": status,
            "Dir::Cache::archives": paths.DEB,
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
            "APT::Sandbox::User": "root",
            "Debug::NoLocking": "true",
        }
        if PRIVATE_LISTS.exists():
            settings["Dir::State::lists"] = PRIVATE_LISTS
        words = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        yield ["-qq", "--yes", "--no-install-recommends", *words]


def _make_startable() -> None:
    (libraries,) = (paths.DEB_ROOT / "usr" / "lib").glob("*-linux-gnu")
    for name, place in LINKED_PROGRAMS.items():
        _link(paths.program(name), paths.DEB_ROOT / place)
    for name, place in WRAPPED_PROGRAMS.items():
        stages.replace_text(paths.program(name), wrapper(paths.DEB_ROOT / place, libraries), mode=0o755)


def wrapper(program: Path, libraries: Path) -> str:
    """A script that starts an unpacked program with its own libraries and iptables extensions."""
    return (
        "#!/bin/sh\n"
        f"export LD_LIBRARY_PATH={shlex.quote(str(libraries))}\n"
        f"export XTABLES_LIBDIR={shlex.quote(str(libraries / 'xtables'))}\n"
        f'exec {shlex.quote(str(program))} "$@"\n'
    )


def _link(link: Path, target: Path) -> None:
    if not target.exists():
        raise LabError(f"The Debian packages hold no {target.name}; Debian 12 or newer is needed.")
    link.parent.mkdir(parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)
