"""Removing a cluster without a trace, however it died: by recorded pid, by its own names and its own paths only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from lab import containerd, host, loadbalancer, mounts, network, node, ownership, procfs
from lab.addresses import PLANS, RUN, Plan
from lab.paths import BIN, DEB, LabError
from lab.process import Processes, end
from lab.waiting import until

_WATCHERS = ("loadbalancer", "coredns", "kube-proxy", "kubelet", "kube-scheduler", "kube-controller-manager")
_KEPT = ("containerd", "logs", "audit.log")
"""In a cluster's folder: the image store makes the next start fast, logs and audit log are wanted afterwards."""


def clear(plan: Plan) -> None:
    """Remove everything of a cluster but its images and logs. Safe to repeat, from any state.

    LabError while it is the cluster of another checkout and runs.
    """
    ownership.require()
    processes = Processes(plan.records)
    processes.stop(_WATCHERS, seconds=2)
    processes.stop([containerd.NAME], seconds=2)
    end(orphans(plan), seconds=0)
    _end_containers(plan)
    # etcd must outlive the API server, and the next API server must not meet the old one.
    processes.stop(["kube-apiserver"], seconds=5)
    processes.stop(["etcd", *processes.names()], seconds=2)
    sockets = _shim_sockets(plan)
    for point in mounts.below((str(plan.run), str(plan.directory))):
        mounts.unmount(point)
    network.leave(plan)
    node.remove_cgroups(plan)
    for path in (*sockets, *_traces(plan)):
        path.unlink(missing_ok=True)
    delete(plan.run)
    for path in plan.directory.glob("*"):
        if path.name not in _KEPT:
            delete(path)


def clear_shared() -> None:
    """Remove what the clusters share and put the host's settings back; for when no cluster is left."""
    if any(network.exists(plan.namespace) for plan in PLANS):
        return
    network.remove()
    host.restore()
    delete(RUN)


def orphans(plan: Plan) -> list[int]:
    """Processes of a cluster that no record names, such as containerd's shims."""
    return [pid for pid in procfs.pids() if belongs(plan, procfs.command(pid), procfs.program(pid))]


def belongs(plan: Plan, command: list[str], program: str) -> bool:
    """Whether a process is one of this cluster's programs.

    It must be a program of the lab *and* name a path of the cluster: an editor that shows a log is neither.
    """
    if command == loadbalancer.program(plan).argv:
        return True
    if not _of_lab(program) and not any(map(_of_lab, command[:5])):
        return False
    own = (f"{plan.directory}/", f"{plan.run}/")
    return any(path in argument for argument in command for path in own)


def _of_lab(path: str) -> bool:
    # The kernel shows where a link leads, the command line where it lies.
    roots = {str(folder) for root in (BIN, DEB) for folder in (root, root.resolve())}
    return path.startswith(tuple(f"{root}/" for root in roots))


def _end_containers(plan: Plan) -> None:
    def gone() -> bool:
        left = node.processes(plan)
        end(left, seconds=0)
        return not left

    until(gone, 20, lambda: f"Containers of cluster {plan.name} do not end: processes {node.processes(plan)}; look at their state in ps.")


def _shim_sockets(plan: Plan) -> list[Path]:
    """Sockets outside the cluster's folders; each shim's folder tells its own."""
    files = containerd.state(plan).glob("io.containerd.runtime.v2.task/*/*/address")
    return [Path(file.read_text().strip().removeprefix("unix://")) for file in files]


def _traces(plan: Plan) -> Iterable[Path]:
    """Files at places that containerd and the kubelet do not let us choose."""
    for result in Path("/var/lib/cni/results").glob("*"):
        if f'"{plan.run}/' in result.read_text():
            yield result
    for link in Path("/var/log/containers").glob("*.log"):
        if link.is_symlink() and os.readlink(link).startswith(f"{plan.directory}/"):
            yield link


def delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        if left := mounts.below((str(path),)):
            raise LabError(f"{left[0]} is still mounted, so {path} was not deleted; unmount it by hand.")
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
