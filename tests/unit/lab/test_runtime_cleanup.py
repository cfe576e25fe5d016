"""Cleaning up goes by the lab's own names and paths, and by nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import cleanup, loadbalancer, mounts
from lab.addresses import PLANS, RUN, Plan
from lab.paths import BIN, DEB_ROOT, LabError, program

CENTRAL, REMOTE = PLANS
SHIM = str(DEB_ROOT / "usr/bin/containerd-shim-runc-v2")


def shim_command(plan: Plan) -> list[str]:
    return [SHIM, "-namespace", "k8s.io", "-id", "0123", "-address", str(plan.containerd_socket)]


def kubelet_command(plan: Plan) -> list[str]:
    return [str(program("kubelet")), f"--config={plan.directory / 'kubelet.yaml'}"]


@pytest.mark.parametrize("command", [shim_command, kubelet_command])
def test_programs_of_a_cluster_are_recognised_without_a_record(command: object) -> None:
    assert callable(command)
    assert cleanup.belongs(CENTRAL, command(CENTRAL), command(CENTRAL)[0])
    assert not cleanup.belongs(CENTRAL, command(REMOTE), command(REMOTE)[0])


def test_a_program_is_recognised_after_its_file_was_replaced() -> None:
    assert cleanup.belongs(CENTRAL, shim_command(CENTRAL), f"{SHIM} (deleted)")


def test_the_balancer_loop_is_recognised_though_it_is_a_python_of_the_host() -> None:
    command = loadbalancer.program(CENTRAL).argv

    assert cleanup.belongs(CENTRAL, command, "/usr/bin/python3.11")
    assert not cleanup.belongs(REMOTE, command, "/usr/bin/python3.11")


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (["tail", "-f", str(CENTRAL.audit_log)], "/usr/bin/tail"),
        (["/usr/bin/kubelet", f"--config={CENTRAL.directory / 'kubelet.yaml'}"], "/usr/bin/kubelet"),
        (["/usr/bin/containerd-shim-runc-v2", "-address", "/run/containerd/containerd.sock"], "/usr/bin/containerd-shim-runc-v2"),
        ([str(program("helm")), "template", "istiod"], str(BIN / "helm")),
        ([str(program("kubectl")), "--kubeconfig", str(CENTRAL.directory.parent.parent / "kubeconfig")], str(BIN / "kubectl")),
        ([], ""),
    ],
)
def test_programs_of_the_user_are_left_alone(command: list[str], path: str) -> None:
    assert not cleanup.belongs(CENTRAL, command, path)


MOUNTS = """\
22 1 0:21 / /run rw shared:5 - tmpfs tmpfs rw
30 22 0:40 / /run/my-lab/central/containerd/rootfs rw shared:9 - overlay overlay rw
31 22 0:41 / /run/my-lab/central/containerd/rootfs/proc rw shared:9 - proc proc rw
32 22 0:42 / /run/my-lab/remote/containerd/rootfs rw shared:9 - overlay overlay rw
33 22 0:43 / /run/my-lab-of-somebody/x rw - tmpfs tmpfs rw
34 22 0:44 / /srv/with\\040blank/kubelet rw - tmpfs tmpfs rw
35 22 0:44 / /srv/with\\040blank/kubelet rw - tmpfs tmpfs rw
"""


def test_mounts_below_a_folder_are_found_deepest_first() -> None:
    assert mounts.below((str(CENTRAL.run),), MOUNTS) == [
        f"{RUN}/central/containerd/rootfs/proc",
        f"{RUN}/central/containerd/rootfs",
    ]


def test_mounts_of_a_folder_with_a_longer_name_are_not_touched() -> None:
    assert all("of-somebody" not in point for point in mounts.below((str(RUN),), MOUNTS))


def test_a_point_mounted_twice_is_unmounted_twice() -> None:
    assert mounts.below(("/srv/with blank",), MOUNTS) == ["/srv/with blank/kubelet"] * 2


def test_unmounting_what_is_not_mounted_does_nothing(tmp_path: Path) -> None:
    mounts.unmount(str(tmp_path))


def test_a_folder_with_a_mount_left_in_it_is_not_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    precious = tmp_path / "mounted" / "file"
    precious.parent.mkdir()
    precious.touch()
    monkeypatch.setattr(mounts, "below", lambda _: [str(precious.parent)])

    with pytest.raises(LabError, match="still mounted"):
        cleanup.delete(tmp_path)
    assert precious.exists()


def test_deleting_a_link_keeps_what_it_leads_to(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "link").symlink_to(target)

    cleanup.delete(tmp_path / "link")
    cleanup.delete(tmp_path / "absent")

    assert target.exists()
