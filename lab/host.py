"""Settings of the host that the lab's programs change: remembered before the first start, put back after the last.

The kubelet writes several kernel settings without asking; the lab itself raises the inotify limits.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Any

from lab import mounts, procfs
from lab.addresses import RUN
from lab.paths import LabError

MEMORY = RUN / "host.json"
NAMESPACES = Path("/run/netns")
CONTROLLERS = Path("/sys/fs/cgroup/cgroup.subtree_control")

WRITTEN_BY_KUBELET = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
AT_LEAST = {
    "fs/inotify/max_user_instances": 1024,
    "fs/inotify/max_user_watches": 262144,
}
DEVICE_PLUGINS = Path("/var/lib/kubelet/device-plugins")
"""Where every kubelet puts its socket, whatever its root folder is."""

FIXED_FOLDERS = (
    "/run/containerd/s",
    "/run/containerd",
    "/var/lib/cni/results",
    "/var/lib/cni/cache",
    "/var/lib/cni",
    "/var/log/containers",
    str(DEVICE_PLUGINS),
    str(DEVICE_PLUGINS.parent),
    "/run/mount",
    str(NAMESPACES),
)
"""Folders that containerd, the kubelet and `ip netns` make at places nobody can choose, children first."""


def check_free() -> None:
    """LabError when this host is a node of a Kubernetes cluster."""
    if _remembered() is None and _kubelet_listens():
        raise LabError("A kubelet runs on this host, and the lab would disturb it; use a host that is not a node of a Kubernetes cluster.")


def remember() -> None:
    """Keep the present settings once per boot, then raise what the lab needs."""
    if _remembered() is None:
        RUN.mkdir(parents=True, exist_ok=True)
        memory = {
            "boot": procfs.boot_id(),
            "settings": {name: value for name in (*WRITTEN_BY_KUBELET, *AT_LEAST) if (value := _read(name))},
            "folders": [folder for folder in FIXED_FOLDERS if Path(folder).exists()],
            "controllers": _passed_on(),
            "namespaces_mounted": mounts.mounted(str(NAMESPACES)),
        }
        half = MEMORY.with_suffix(".half")
        half.write_text(json.dumps(memory))
        half.replace(MEMORY)
    for name, least in AT_LEAST.items():
        if int(_read(name) or least) < least:
            _write(name, str(least))


def restore() -> None:
    """Put back what `remember` kept, and forget it; nothing to do when nothing was kept in this boot."""
    memory = _remembered()
    if memory is not None:
        for name, value in memory["settings"].items():
            if _read(name) != value:
                _write(name, value)
        # What an earlier version of the lab kept does not tell: then they stay as they are.
        _restore_controllers(memory.get("controllers", _passed_on()))
        if not memory["namespaces_mounted"] and not list(NAMESPACES.glob("*")):
            mounts.unmount(str(NAMESPACES))
        _remove_folders(memory["folders"])
    MEMORY.unlink(missing_ok=True)


def _restore_controllers(kept: list[str]) -> None:
    for controller in _passed_on():
        if controller not in kept:
            with contextlib.suppress(OSError):  # in use by others by now
                CONTROLLERS.write_text(f"-{controller}")


def _remove_folders(kept: list[str]) -> None:
    if str(DEVICE_PLUGINS) not in kept:
        for file in DEVICE_PLUGINS.glob("*"):
            file.unlink()
    for folder in FIXED_FOLDERS:
        if folder not in kept:
            with contextlib.suppress(OSError):  # absent, or in use by others by now
                os.rmdir(folder)


def _passed_on() -> list[str]:
    """cgroup v2: the controllers that the root's children may use; none with v1."""
    return CONTROLLERS.read_text().split() if CONTROLLERS.exists() else []


def _kubelet_listens() -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(DEVICE_PLUGINS / "kubelet.sock")) == 0


def _remembered() -> dict[str, Any] | None:
    try:
        memory: dict[str, Any] = json.loads(MEMORY.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return memory if memory.get("boot") == procfs.boot_id() else None


def _read(name: str) -> str | None:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except FileNotFoundError:
        return None


def _write(name: str, value: str) -> None:
    Path("/proc/sys", name).write_text(value)
