"""The two folders in which tools see the repository as a collection: one linked, one copied."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
COLLECTION = Path("ansible_collections", "meshyard", "istio")
ANSIBLE = ".".join(importlib.metadata.version("ansible-core").split(".")[:2])
"""The minor version of ansible-core in this environment."""
DEPENDENCIES = (("community", "crypto"), ("kubernetes", "core"))


def linked() -> Path:
    """A folder for `sys.path` in which `ansible_collections.meshyard.istio` is the working tree itself.

    What it depends on needs no link of its own: `ansible_collections` has no `__init__.py`, so Python also looks for its
    parts in site-packages.
    """
    base = BUILD / "linked"
    link = base / COLLECTION
    link.parent.mkdir(parents=True, exist_ok=True)
    _link(link, ROOT)
    return base


def copied(purpose: str) -> Path:
    """A folder with a fresh copy of what git would commit, and what it depends on beside it; one for each purpose.

    ansible-test refuses a working tree behind a link but accepts a linked dependency.
    """
    base = BUILD / f"copied-{purpose}"
    target = base / COLLECTION
    shutil.rmtree(target, ignore_errors=True)
    for name in repository_files():
        destination = target / name
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, destination, follow_symlinks=False)
    # With a repository of its own the copy is not taken for an ignored folder of the outer one.
    subprocess.run(["git", "init", "--quiet", "--template="], cwd=target, check=True)
    link_dependency(base)
    return base


def link_dependency(base: Path) -> None:
    """Put the collections that this one depends on, as the ansible package brought them, beside the collections in `base`."""
    for namespace, name in DEPENDENCIES:
        link = base / "ansible_collections" / namespace / name
        link.parent.mkdir(parents=True, exist_ok=True)
        _link(link, Path(sysconfig.get_path("purelib"), "ansible_collections", namespace, name))


def repository_files() -> list[str]:
    """Every file that is committed or would be by `git add`, relative to the root."""
    # A checkout that belongs to another user, as in containers, is fine to be read.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in set(listed.split("\0")) if name and os.path.lexists(ROOT / name))


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    # Several checks may start at once: whoever is second finds the same link.
    try:
        link.symlink_to(target)
    except FileExistsError:
        if link.readlink() != target:
            raise
