"""The Debian layer under every image of the lab.

Unpacked packages are enough: no maintainer script runs, so that neither a chroot nor mounts are needed, and the layer is
the same whenever it is made from the same packages.
"""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from lab import debian, paths, stages

LAYER = paths.LAB / "layers" / "debian.tar"

PROXY_USER = 1337
"""The user of Istio's programs; its traffic is the traffic that a sidecar does not redirect."""

_LEFT_OUT = ("usr/share", "usr/lib/perl", "usr/libexec", "var/lib/dpkg")
_LINKS = {name: f"usr/{name}" for name in ("bin", "lib", "lib64", "sbin")}
_IPTABLES = ("iptables", "iptables-restore", "iptables-save", "ip6tables", "ip6tables-restore", "ip6tables-save")
_ACCOUNTS = {
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/bash\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        f"istio-proxy:x:{PROXY_USER}:{PROXY_USER}:istio-proxy:/home/istio-proxy:/usr/sbin/nologin\n"
    ),
    "etc/group": f"root:x:0:\nnogroup:x:65534:\nistio-proxy:x:{PROXY_USER}:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


def build() -> None:
    """Write the layer to `LAYER`."""
    packages = debian.fetch(debian.LAYER_PACKAGES)
    with stages.workspace("layer") as folder:
        made = folder / "debian.tar"
        with tarfile.open(made, "w") as tar:
            for name, target in _LINKS.items():
                add_link(tar, name, target)
            debian.merge(packages, tar, is_wanted)
            for command in _IPTABLES:
                add_link(tar, f"usr/sbin/{command}", nft_variant(command))
            for name, content in _ACCOUNTS.items():
                add_text(tar, name, content)
        LAYER.parent.mkdir(parents=True, exist_ok=True)
        made.replace(LAYER)


def is_wanted(name: str) -> bool:
    """Whether a file of a package belongs into the layer: no documentation, and no folder that is a link there."""
    if name in {"", "."} or name in _LINKS:
        return False
    return not any(name == folder or name.startswith(f"{folder}/") for folder in _LEFT_OUT)


def nft_variant(command: str) -> str:
    """The program behind an iptables command, as Debian's alternatives choose it."""
    family, dash, action = command.partition("-")
    return f"{family}-nft{dash}{action}"


def add_link(tar: tarfile.TarFile, name: str, target: str) -> None:
    """Add a symbolic link."""
    member = tarfile.TarInfo(name)
    member.type = tarfile.SYMTYPE
    member.linkname = target
    member.mode = 0o777
    tar.addfile(member)


def add_text(tar: tarfile.TarFile, name: str, content: str) -> None:
    """Add a small file."""
    data = content.encode()
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o644
    tar.addfile(member, io.BytesIO(data))


def add_file(tar: tarfile.TarFile, name: str, source: Path) -> None:
    """Add a file from disk, owned by root and without its date; only whether it is a program is kept of its mode."""
    status = source.stat()
    member = tarfile.TarInfo(name)
    member.size = status.st_size
    member.mode = 0o755 if status.st_mode & 0o100 else 0o644
    with source.open("rb") as content:
        tar.addfile(member, content)
