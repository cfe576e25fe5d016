"""Names and addresses of the lab's clusters: pure, the same on every machine.

Everything the lab creates outside `.lab/` carries one of the two name prefixes below, so that cleaning up
can go by name alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lab.paths import LAB, LabError

PREFIX = "my-lab-"
"""Of network namespaces and cgroups."""

HOST_LINK = "mylab0"
"""The host's end of the link into the lab's network."""

SWITCH = f"{PREFIX}switch"
"""The namespace with the bridge that joins the clusters and the host."""

HOST_IP = "10.99.0.1"
NODE_RANGE = "10.99.0.0/24"

RUN = Path("/run/my-lab")
"""What must not outlive a boot: process records, sockets, containers' state. A short path: sockets allow 107 bytes."""

CLUSTERS = LAB / "clusters"
KUBECONFIG = LAB / "kubeconfig"
"""One kubeconfig for all running clusters; contexts are named as the clusters."""

API_PORT = 6443
DOMAIN = "cluster.local"


@dataclass(frozen=True)
class Plan:
    """One cluster: its names, addresses and folders.

    `index` (1 to 9) makes every address; `region` and `zone` label the node.
    """

    name: str
    index: int
    region: str
    zone: str

    @property
    def namespace(self) -> str:
        return f"{PREFIX}{self.name}"

    @property
    def cgroup(self) -> str:
        return f"{PREFIX}{self.name}"

    @property
    def node_ip(self) -> str:
        return f"10.99.0.{10 + self.index}"

    @property
    def hardware_address(self) -> str:
        """Of the namespace's link; locally administered."""
        return f"02:6d:79:6c:61:{self.index:02x}"

    @property
    def pod_range(self) -> str:
        return f"10.244.{self.index}.0/24"

    @property
    def service_range(self) -> str:
        return f"10.96.{self.index}.0/24"

    @property
    def balancer_range(self) -> str:
        """Addresses of LoadBalancer Services."""
        return f"10.98.{self.index}.0/24"

    @property
    def api_service_ip(self) -> str:
        """The `kubernetes` Service."""
        return f"10.96.{self.index}.1"

    @property
    def dns_ip(self) -> str:
        """The `kube-dns` Service."""
        return f"10.96.{self.index}.10"

    @property
    def url(self) -> str:
        return f"https://{self.node_ip}:{API_PORT}"

    @property
    def directory(self) -> Path:
        """Files of the cluster that users may read: kubeconfig, token, audit log, logs."""
        return CLUSTERS / self.name

    @property
    def run(self) -> Path:
        return RUN / self.name

    @property
    def records(self) -> Path:
        """One file per process of the cluster."""
        return self.run / "processes"

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd.sock"

    @property
    def kubeconfig(self) -> Path:
        return self.directory / "kubeconfig"

    @property
    def token(self) -> Path:
        return self.directory / "token"

    @property
    def audit_log(self) -> Path:
        return self.directory / "audit.log"

    @property
    def pki(self) -> Path:
        return self.directory / "pki"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"


PLANS = (
    Plan("central", 1, "eu", "eu-1"),
    Plan("remote", 2, "us", "us-1"),
)


def chosen(names: str | None) -> list[Plan]:
    """The plans of a comma-separated list of cluster names; all of them for None. LabError for an unknown name."""
    if names is None:
        return list(PLANS)
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {plan.name: plan for plan in PLANS}
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise LabError(f"The lab has no cluster {', '.join(unknown) or '(none named)'}; choose from {', '.join(known)}.")
    return [plan for plan in PLANS if plan.name in wanted]


def routed_ranges(plan: Plan) -> list[str]:
    """The ranges that the host routes to the node of a cluster."""
    return [plan.pod_range, plan.service_range, plan.balancer_range]


def all_ranges() -> list[str]:
    """Every range the lab takes on the host."""
    return [NODE_RANGE, *(item for plan in PLANS for item in routed_ranges(plan))]
