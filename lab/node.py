"""The node of a cluster: kubelet, kube-proxy, and the cgroups they work in."""

from __future__ import annotations

import contextlib
from pathlib import Path

import yaml

from lab.addresses import DOMAIN, Plan
from lab.paths import LabError, program
from lab.process import Program
from lab.waiting import until

CGROUPS = Path("/sys/fs/cgroup")
SUBTREE = "cgroup.subtree_control"
NEEDED = ("cpu", "cpuset", "memory", "pids")
"""Controllers without which the kubelet does not start."""
MAX_PODS = 200


def kubelet_config(plan: Plan) -> str:
    """KubeletConfiguration: cgroups below the cluster's own one, no eviction, every path of its own."""
    spare = ("memory.available", "nodefs.available", "nodefs.inodesFree", "imagefs.available", "imagefs.inodesFree")
    return yaml.safe_dump(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": plan.node_ip,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(plan.pki / "ca.crt")},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": str(plan.pki / "kubelet-server.crt"),
            "tlsPrivateKeyFile": str(plan.pki / "kubelet-server.key"),
            "clusterDNS": [plan.dns_ip],
            "clusterDomain": DOMAIN,
            "resolvConf": str(plan.directory / "resolv.conf"),
            "containerRuntimeEndpoint": f"unix://{plan.containerd_socket}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{plan.cgroup}",
            "enforceNodeAllocatable": [],
            "failCgroupV1": False,
            "failSwapOn": False,
            "makeIPTablesUtilChains": False,
            "maxPods": MAX_PODS,
            "podLogsDir": str(plan.directory / "pod-logs"),
            "volumePluginDir": str(plan.directory / "volume-plugins"),
            "serializeImagePulls": False,
            # A full disk of the developer's machine is no reason to evict pods or delete images that no registry has.
            "evictionHard": dict.fromkeys(spare, "0%"),
            "imageGCHighThresholdPercent": 100,
        },
        sort_keys=False,
    )


def proxy_config(plan: Plan) -> str:
    """KubeProxyConfiguration in mode nftables, leaving the host's conntrack limits alone."""
    return yaml.safe_dump(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "bindAddress": plan.node_ip,
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
            "hostnameOverride": plan.name,
            "clusterCIDR": plan.pod_range,
            "clientConnection": {"kubeconfig": str(plan.directory / "kube-proxy.kubeconfig")},
            # Nothing to set: the kernel's module for it is loaded only when the first rule needs it.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        },
        sort_keys=False,
    )


def kubelet(plan: Plan) -> Program:
    """How the kubelet is started; its configuration file must be there."""
    labels = {"topology.kubernetes.io/region": plan.region, "topology.kubernetes.io/zone": plan.zone}
    argv = [
        str(program("kubelet")),
        f"--config={plan.directory / 'kubelet.yaml'}",
        f"--kubeconfig={plan.directory / 'kubelet.kubeconfig'}",
        f"--root-dir={plan.directory / 'kubelet'}",
        f"--hostname-override={plan.name}",
        f"--node-ip={plan.node_ip}",
        f"--node-labels={','.join(f'{key}={value}' for key, value in labels.items())}",
    ]
    return Program("kubelet", argv, plan.logs / "kubelet.log", plan.namespace)


def proxy(plan: Plan) -> Program:
    """How kube-proxy is started; its configuration file must be there."""
    argv = [str(program("kube-proxy")), f"--config={plan.directory / 'kube-proxy.yaml'}"]
    return Program("kube-proxy", argv, plan.logs / "kube-proxy.log", plan.namespace)


def write_files(plan: Plan) -> None:
    """The configuration files of kubelet and kube-proxy."""
    (plan.directory / "resolv.conf").write_text(f"nameserver {plan.dns_ip}\n")
    (plan.directory / "kubelet.yaml").write_text(kubelet_config(plan))
    (plan.directory / "kube-proxy.yaml").write_text(proxy_config(plan))


def hierarchies() -> list[Path]:
    """Where cgroups can be made: the one tree of cgroup v2, or every controller's tree of v1."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return sorted({path.resolve() for path in CGROUPS.iterdir() if (path / "cgroup.procs").exists()})


def make_cgroups(plan: Plan) -> None:
    """The cluster's cgroup in every hierarchy, with the processors and memory nodes of its parent."""
    for tree in hierarchies():
        own = tree / plan.cgroup
        if (tree / SUBTREE).exists():
            _delegate(tree)
            own.mkdir(exist_ok=True)
            # The root's setting is the init system's, which cannot take back what a child has passed on.
            _delegate(own)
            continue
        own.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):
            if (own / name).exists():
                (own / name).write_text((tree / name).read_text())


def processes(plan: Plan) -> list[int]:
    """Every process in the cluster's cgroups: those of its containers."""
    found: set[int] = set()
    for tree in hierarchies():
        for file in (tree / plan.cgroup).glob("**/cgroup.procs"):
            with contextlib.suppress(OSError):
                found.update(int(line) for line in file.read_text().split())
    return sorted(found)


def remove_cgroups(plan: Plan) -> None:
    """Remove the cluster's cgroups; the kernel may still hold them for a moment after the last process."""
    until(lambda: not _left(plan), 10, lambda: f"The cgroup {_left(plan)[0]} cannot be removed; look into its cgroup.procs.")


def _left(plan: Plan) -> list[Path]:
    left = []
    for tree in hierarchies():
        own = tree / plan.cgroup
        folders = sorted((path for path in own.glob("**/") if path.is_dir()), key=lambda p: len(p.parts), reverse=True)
        for folder in folders:
            with contextlib.suppress(OSError):
                folder.rmdir()
        if own.exists():
            left.append(own)
    return left


def _delegate(group: Path) -> None:
    """cgroup v2: let children use every controller that the group has."""
    for controller in (group / "cgroup.controllers").read_text().split():
        try:
            (group / SUBTREE).write_text(f"+{controller}")
        except OSError as error:
            if controller in NEEDED:
                raise LabError(
                    f"The cgroup controller {controller} cannot be used in {group} ({error.strerror}); "
                    "run the lab where root owns all of /sys/fs/cgroup."
                ) from error
