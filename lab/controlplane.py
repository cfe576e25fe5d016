"""Command lines and files of etcd, the API server, the controller manager and the scheduler: pure rendering."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from lab.addresses import DOMAIN
from lab.paths import program

SYSTEM_USERS = ("system:apiserver", "system:kube-controller-manager", "system:kube-proxy", "system:kube-scheduler")
SYSTEM_GROUPS = ("system:nodes", "system:serviceaccounts:kube-system", "my-lab:programs")


@dataclass(frozen=True)
class ControlPlane:
    """Where one control plane listens and keeps its files.

    `address` is the one clients use, `bind` the one it listens on; etcd's ports are on the loopback of the same
    network namespace.
    """

    directory: Path
    address: str
    bind: str
    port: int
    service_range: str
    etcd_port: int = 2379
    etcd_peer_port: int = 2380

    @property
    def url(self) -> str:
        return f"https://{self.address}:{self.port}"

    @property
    def etcd_url(self) -> str:
        return f"http://127.0.0.1:{self.etcd_port}"

    @property
    def pki(self) -> Path:
        """Certificates and keys, as `lab.identities` names them."""
        return self.directory / "pki"


def etcd(plane: ControlPlane) -> list[str]:
    """etcd without TLS on the loopback; data survives a killed process, not a power cut."""
    peer = f"http://127.0.0.1:{plane.etcd_peer_port}"
    return [
        str(program("etcd")),
        "--name=lab",
        f"--data-dir={plane.directory / 'etcd'}",
        "--unsafe-no-fsync",
        "--log-level=warn",
        f"--listen-client-urls={plane.etcd_url}",
        f"--advertise-client-urls={plane.etcd_url}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=lab={peer}",
    ]


def api_server(plane: ControlPlane, *extra: str) -> list[str]:
    """The API server, with further options if given."""
    pki = plane.pki
    return [
        str(program("kube-apiserver")),
        f"--etcd-servers={plane.etcd_url}",
        f"--secure-port={plane.port}",
        f"--bind-address={plane.bind}",
        f"--advertise-address={plane.address}",
        f"--service-cluster-ip-range={plane.service_range}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--profiling=false",
        f"--client-ca-file={pki / 'ca.crt'}",
        f"--token-auth-file={plane.directory / 'tokens.csv'}",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--service-account-issuer=https://kubernetes.default.svc.{DOMAIN}",
        f"--service-account-key-file={pki / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
        f"--kubelet-client-certificate={pki / 'apiserver-kubelet.crt'}",
        f"--kubelet-client-key={pki / 'apiserver-kubelet.key'}",
        # By name would fail: nobody resolves node names here.
        "--kubelet-preferred-address-types=InternalIP",
        f"--audit-policy-file={plane.directory / 'audit-policy.yaml'}",
        f"--audit-log-path={plane.directory / 'audit.log'}",
        "--audit-log-maxsize=2000",
        *extra,
    ]


def controller_manager(plane: ControlPlane, *extra: str) -> list[str]:
    """The controller manager with all controllers, with further options if given."""
    pki = plane.pki
    return [
        str(program("kube-controller-manager")),
        *_identity(plane.directory / "controller-manager.kubeconfig"),
        # At the usual 20 requests a second it takes 4 s longer to start.
        "--kube-api-qps=1000",
        "--kube-api-burst=1000",
        "--use-service-account-credentials=true",
        f"--root-ca-file={pki / 'ca.crt'}",
        f"--service-account-private-key-file={pki / 'service-accounts.key'}",
        f"--cluster-signing-cert-file={pki / 'ca.crt'}",
        f"--cluster-signing-key-file={pki / 'ca.key'}",
        f"--service-cluster-ip-range={plane.service_range}",
        *extra,
    ]


def scheduler(plane: ControlPlane, *extra: str) -> list[str]:
    """The scheduler, with further options if given."""
    return [str(program("kube-scheduler")), *_identity(plane.directory / "scheduler.kubeconfig"), *extra]


def _identity(kubeconfig: Path) -> list[str]:
    files = [f"--{kind}kubeconfig={kubeconfig}" for kind in ("", "authentication-", "authorization-")]
    return [*files, "--leader-elect=false", "--bind-address=127.0.0.1", "--profiling=false"]


def audit_policy() -> str:
    """Every write of anyone, and the reads of everyone but Kubernetes itself, as metadata."""
    reads = ["get", "list", "watch"]
    return yaml.safe_dump(
        {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived"],
            "rules": [
                {"level": "None", "verbs": reads, "users": list(SYSTEM_USERS)},
                {"level": "None", "verbs": reads, "userGroups": list(SYSTEM_GROUPS)},
                {"level": "None", "nonResourceURLs": ["/healthz*", "/livez*", "/readyz*", "/version"]},
                {"level": "Metadata"},
            ],
        },
        sort_keys=False,
    )


def token_line(token: str, user: str, group: str) -> str:
    """The static token file: one account, such as AWX's credential would hold."""
    return f'{token},{user},{user},"{group}"\n'
