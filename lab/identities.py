"""Who is who in a cluster: its authority, and a certificate or kubeconfig for the user and for every program."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path

from lab import controlplane, kubeconfig
from lab.addresses import DOMAIN
from lab.client import Client
from lab.controlplane import ControlPlane
from lab.pki import Authority, Pair, signing_key

ADMIN = "lab-admin"
MASTERS = "system:masters"
PROGRAMS = "my-lab:programs"
"""Group of the lab's own programs; the audit policy leaves their reads out."""


def users(node: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Kubernetes user and groups of every program that calls the API."""
    return {
        "controller-manager": ("system:kube-controller-manager", ()),
        "scheduler": ("system:kube-scheduler", ()),
        "kubelet": (f"system:node:{node}", ("system:nodes",)),
        "kube-proxy": ("system:kube-proxy", ()),
        "coredns": ("my-lab:coredns", (MASTERS, PROGRAMS)),
        "lab": ("my-lab:lab", (MASTERS, PROGRAMS)),
        "kwok": ("my-lab:kwok", (MASTERS, PROGRAMS)),
    }


def make(plane: ControlPlane, name: str, addresses: Iterable[str], programs: Iterable[str]) -> None:
    """Create what is missing of a cluster's keys, kubeconfigs and token, all in its folder.

    :param name: of the cluster, its context and its node.
    :param addresses: what API server and kubelet are called by, besides their names in the cluster.
    :param programs: keys of `users` that get a `NAME.kubeconfig`.
    """
    directory = plane.directory
    authority = Authority(plane.pki, name)
    called = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", f"kubernetes.default.svc.{DOMAIN}", *addresses]
    authority.issue("apiserver", "kube-apiserver", addresses=called)
    authority.issue("apiserver-kubelet", "kube-apiserver-kubelet-client", [MASTERS])
    authority.issue("kubelet-server", f"system:node:{name}", ["system:nodes"], called)
    signing_key(plane.pki, "service-accounts")
    for program in programs:
        user, groups = users(name)[program]
        config = kubeconfig.render(name, plane.url, authority.pair.certificate, authority.issue(program, user, groups))
        kubeconfig.write(directory / f"{program}.kubeconfig", config)
    admin = authority.issue("admin", ADMIN, [MASTERS])
    kubeconfig.write(directory / "kubeconfig", kubeconfig.render(name, plane.url, authority.pair.certificate, admin))
    _make_token(directory)
    (directory / "audit-policy.yaml").write_text(controlplane.audit_policy())


def client(plane: ControlPlane) -> Client:
    """A client as the lab itself; the key `lab` must have been made."""
    return Client(plane.url, str(plane.pki / "ca.crt"), Pair(plane.pki / "lab.crt", plane.pki / "lab.key"))


def _make_token(directory: Path) -> None:
    """A static bearer token with all rights: alone in `token`, and as the API server reads it in `tokens.csv`."""
    token = directory / "token"
    if not token.exists():
        value = secrets.token_urlsafe(24)
        _write_private(directory / "tokens.csv", controlplane.token_line(value, ADMIN, MASTERS))
        _write_private(token, value)


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
