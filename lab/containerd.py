"""containerd of one cluster: its configuration, its images, and nothing left of the containers of a former life."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from lab.addresses import Plan
from lab.paths import CNI_BIN, IMAGE_HUB, IMAGES, LabError, program
from lab.process import Processes, Program, environment, log_tail
from lab.waiting import until

NAME = "containerd"
PAUSE = f"{IMAGE_HUB}/pause:1"
_CRI = 'plugins."io.containerd.grpc.v1.cri"'


def store(plan: Plan) -> Path:
    """The folder with images; kept when the cluster goes down, so that the next start is fast."""
    return plan.directory / "containerd"


def state(plan: Plan) -> Path:
    """Mounts and sockets of running containers."""
    return plan.run / "containerd"


def config(plan: Plan) -> str:
    """containerd's configuration: every path of its own, so that a containerd of the host is not disturbed."""
    return f"""\
version = 2
root = "{store(plan)}"
state = "{state(plan)}"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "{plan.containerd_socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{plan.run / "opt"}"
[{_CRI}]
  sandbox_image = "{PAUSE}"
  # Without CAP_SYS_RESOURCE every pod would fail.
  restrict_oom_score_adj = true
  # Would load a profile into the host's kernel.
  disable_apparmor = true
  disable_hugetlb_controller = true
  tolerate_missing_hugetlb_controller = true
  netns_mounts_under_state_dir = true
[{_CRI}.cni]
  bin_dir = "{CNI_BIN}"
  conf_dir = "{_cni_folder(plan)}"
[{_CRI}.containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"
[{_CRI}.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[{_CRI}.containerd.runtimes.runc.options]
  BinaryName = "{program("runc")}"
  Root = "{plan.run / "runc"}"
  SystemdCgroup = false
"""


def network_config(plan: Plan) -> str:
    """CNI: a routed link per pod, no bridge, so that Services work without the br_netfilter module; no masquerade."""
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": plan.pod_range}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": str(plan.run / "pod-addresses"),
    }
    return json.dumps(
        {
            "cniVersion": "0.4.0",
            "name": plan.namespace,
            "plugins": [
                {"type": "ptp", "ipMasq": False, "ipam": addresses},
                {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True},
            ],
        },
        indent=1,
    )


def daemon(plan: Plan) -> Program:
    """How containerd is started; its configuration file must be there."""
    argv = [str(program("containerd")), "--config", str(_config_file(plan))]
    return Program(NAME, argv, plan.logs / "containerd.log", plan.namespace)


def start(plan: Plan) -> None:
    """Start containerd and wait for its answer; containers of a former life are forgotten."""
    _config_file(plan).write_text(config(plan))
    _cni_folder(plan).mkdir(parents=True, exist_ok=True)
    (_cni_folder(plan) / "10-lab.conflist").write_text(network_config(plan))
    processes = Processes(plan.records)
    spec = daemon(plan)
    fresh = not state(plan).exists()
    processes.start(spec)
    _await(plan, spec)
    if fresh and (old := ctr(plan, "containers", "ls", "-q").split()):
        ctr(plan, "containers", "rm", *old)
        # It has read them already, and would tell the kubelet about them.
        processes.stop([NAME])
        processes.start(spec)
        _await(plan, spec)


def new_images(plan: Plan) -> list[Path]:
    """The image archives that this store has not imported in their present form."""
    seen = _imported(plan)
    return [archive for archive in sorted(IMAGES.glob("*.tar")) if seen.get(archive.name) != _mark(archive)]


def import_images(plan: Plan) -> None:
    """Import the new image archives."""
    for archive in new_images(plan):
        mark = _mark(archive)
        ctr(plan, "images", "import", str(archive))
        _memory(plan).write_text(json.dumps({**_imported(plan), archive.name: mark}))


def ctr(plan: Plan, *arguments: str) -> str:
    """Run `ctr` against the cluster's containerd; its output."""
    command = [str(program("ctr")), "--address", str(plan.containerd_socket), "--namespace", "k8s.io", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment())
    if done.returncode:
        raise LabError(
            f"`ctr {' '.join(arguments[:2])}` failed on cluster {plan.name}: {done.stderr.strip()[-500:]}; "
            "run `python -m lab down`, then `up` again."
        )
    return done.stdout


def _mark(archive: Path) -> list[int]:
    """What changes when an archive is written anew."""
    return [archive.stat().st_size, archive.stat().st_mtime_ns]


def _imported(plan: Plan) -> dict[str, list[int]]:
    try:
        marks: dict[str, list[int]] = json.loads(_memory(plan).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return marks


def _memory(plan: Plan) -> Path:
    # In the store itself, so that both are lost together.
    return store(plan) / "lab-imported.json"


def _await(plan: Plan, spec: Program) -> None:
    def answers() -> bool:
        if not Processes(plan.records).alive(NAME):
            raise LabError(f"containerd of cluster {plan.name} has ended: {log_tail(spec.log)}; see {spec.log}.")
        if not plan.containerd_socket.exists():
            return False
        command = [str(program("ctr")), "--address", str(plan.containerd_socket), "version"]
        return subprocess.run(command, check=False, capture_output=True, env=environment()).returncode == 0

    until(answers, 30, lambda: f"containerd of cluster {plan.name} does not answer; see {spec.log}.")


def _config_file(plan: Plan) -> Path:
    return plan.directory / "containerd.toml"


def _cni_folder(plan: Plan) -> Path:
    return plan.directory / "cni"
