"""API servers without nodes, on the loopback of the host: what tests need that only read and write objects.

    with ApiServer(directory) as server:
        run(kubeconfig=server.kubeconfig)

Needs no root and no network namespace; many can run side by side, each with a folder of its own.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import uuid
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from lab import controlplane, identities, procfs
from lab.client import Client
from lab.controlplane import ControlPlane
from lab.paths import FILES, LAB, LabError, program
from lab.process import Processes, Program, log_tail
from lab.waiting import until

REGISTRY = LAB / "apiservers"
"""Which process owns which running server, so that the servers of a killed test run are found and ended."""

LOOPBACK = "127.0.0.1"
_PORTS = range(16000, 29000)
SERVICE_RANGE = "10.95.0.0/16"
NODE = "simulated"

CONTROLLERS = (
    "deployment-controller",
    "replicaset-controller",
    "statefulset-controller",
    "daemonset-controller",
    "job-controller",
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    "endpointslice-controller",
    "endpoints-controller",
    "disruption-controller",
    "horizontal-pod-autoscaler-controller",
    "clusterrole-aggregation-controller",
    "pod-garbage-collector-controller",
    "cronjob-controller",
)


class ApiServer:
    """One etcd and one API server.

    :param directory: for all files; deleted and made anew by `start`.
    :param name: of the context, the cluster and the user in the kubeconfig.
    :param controllers: also run controllers and scheduler, and a simulated node whose pods become Ready: rollouts
        then work, though nothing runs (`lab/files/kwok.conf` tells how to delay a pod). Without it, no object ever
        gets a status, and service accounts are not asked for.
    :param forwards: by port of the simulated pods, the port of the loopback to which a port-forward leads.
    """

    def __init__(
        self, directory: Path, name: str = "apiserver", *, controllers: bool = False, forwards: Mapping[int, int] | None = None
    ) -> None:
        self.directory = directory.resolve()
        self.name = name
        self.controllers = controllers
        self.forwards = dict(forwards or {})
        self._processes = Processes(self.directory / "processes")
        self._entry: Path | None = None
        self._plane: ControlPlane | None = None

    @property
    def kubeconfig(self) -> Path:
        """Of the administrator; its context is the server's name."""
        return self.directory / "kubeconfig"

    @property
    def host(self) -> str:
        """The URL of the running server."""
        return self._running().url

    @property
    def etcd_url(self) -> str:
        """Where the server's etcd answers."""
        return self._running().etcd_url

    @property
    def token(self) -> str:
        """A bearer token with all rights."""
        return (self.directory / "token").read_text()

    @property
    def ca_cert(self) -> Path:
        return self.directory / "pki" / "ca.crt"

    @property
    def audit_log(self) -> Path:
        """JSON lines; requests of the lab's own programs that only read are left out."""
        return self.directory / "audit.log"

    @property
    def client(self) -> Client:
        """A client as the lab itself."""
        return identities.client(self._running())

    def start(self) -> Self:
        """Start and wait until the server is ready; LabError tells what failed."""
        sweep()
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        port, etcd_port, peer_port = free_ports(3)
        self._plane = ControlPlane(self.directory, LOOPBACK, LOOPBACK, port, SERVICE_RANGE, etcd_port, peer_port)
        programs = ("lab", "controller-manager", "scheduler", "kwok")
        identities.make(self._plane, self.name, [LOOPBACK], programs)
        self._entry = _register(self.directory)
        with ExitStack() as undo:
            undo.callback(self.stop)
            self._start_server(self._plane)
            if self.controllers:
                self._start_controllers(self._plane)
            undo.pop_all()
        return self

    def stop(self) -> None:
        """End all programs; the files stay. Safe to repeat."""
        self._processes.stop(["kwok", "kube-scheduler", "kube-controller-manager", "kube-apiserver"], seconds=0)
        self._processes.stop(["etcd"], seconds=0)
        if self._entry is not None:
            self._entry.unlink(missing_ok=True)
            self._entry = None

    def restart(self) -> None:
        """End the API server, cutting all that is connected, and start it again with what it kept."""
        self._processes.stop(["kube-apiserver"], seconds=0)
        self._start_api_server(self._running())

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _start_server(self, plane: ControlPlane) -> None:
        self._run(controlplane.etcd(plane))
        self._start_api_server(plane)

    def _start_api_server(self, plane: ControlPlane) -> None:
        extra = [] if self.controllers else ["--disable-admission-plugins=ServiceAccount"]
        self._run(controlplane.api_server(plane, *extra))
        self._await("/api/v1/namespaces/default", "kube-apiserver")

    def _start_controllers(self, plane: ControlPlane) -> None:
        unheard = "--secure-port=0"
        self._run(controlplane.controller_manager(plane, f"--controllers={','.join(CONTROLLERS)}", unheard))
        self._run(controlplane.scheduler(plane, unheard))
        kubeconfig = self.directory / "kwok.kubeconfig"
        command = [str(program("kwok")), f"--kubeconfig={kubeconfig}", f"--config={FILES / 'kwok.conf'}", "--manage-all-nodes=true"]
        port = free_ports(1)[0]
        self._run([*command, "--cidr=10.94.0.0/16", *(self._forwarding(plane, port) if self.forwards else [])])
        add_node(self.client, NODE)
        if self.forwards:
            where = {"addresses": [{"type": "InternalIP", "address": LOOPBACK}], "daemonEndpoints": {"kubeletEndpoint": {"Port": port}}}
            self.client.merge(f"/api/v1/nodes/{NODE}/status", {"status": where})
        self._await("/api/v1/namespaces/default/serviceaccounts/default", "kube-controller-manager")

    def _forwarding(self, plane: ControlPlane, port: int) -> list[str]:
        """Options by which kwok serves the port of the node, and forwards those of its pods."""
        forwards = [{"ports": [own], "target": {"port": to, "address": LOOPBACK}} for own, to in self.forwards.items()]
        header = {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterPortForward", "metadata": {"name": "loopback"}}
        config = self.directory / "forwards.json"
        config.write_text(json.dumps({**header, "spec": {"forwards": forwards}}))
        keys = [f"--tls-cert-file={plane.pki / 'kubelet-server.crt'}", f"--tls-private-key-file={plane.pki / 'kubelet-server.key'}"]
        return [f"--config={config}", f"--node-port={port}", f"--server-address={LOOPBACK}:{port}", *keys]

    def _run(self, argv: list[str]) -> None:
        name = Path(argv[0]).name
        self._processes.start(Program(name, argv, self.directory / "logs" / f"{name}.log"))

    def _await(self, path: str, awaited: str) -> None:
        """Until an object exists."""
        client, log = self.client, self.directory / "logs" / f"{awaited}.log"

        def exists() -> bool:
            if not self._processes.alive(awaited):
                raise LabError(f"{awaited} in {self.directory} has ended: {log_tail(log)}; see {log}.")
            try:
                return client.ready() and client.found(path)
            except OSError:
                return False

        until(exists, 60, lambda: f"{path} does not appear on the API server in {self.directory}; see {log}.")

    def _running(self) -> ControlPlane:
        if self._plane is None:
            raise LabError(f"The API server in {self.directory} was not started; call start() first.")
        return self._plane


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on, all different.

    None of those that the kernel gives to connections: one of them would take the port of a server that is being started again.
    """
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            port = secrets.choice(_PORTS)
            with suppress(OSError):
                held.enter_context(socket.socket()).bind((LOOPBACK, port))
                found.append(port)
    return found


def add_node(client: Client, name: str) -> None:
    """A simulated node that takes any number of pods."""
    client.create("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
    # New nodes are tainted until a controller, which does not run here, has seen them ready.
    client.merge(f"/api/v1/nodes/{name}", {"spec": {"taints": None}})


def sweep() -> None:
    """End the servers whose owner has died without stopping them."""
    for entry in REGISTRY.glob("*.json"):
        try:
            known = json.loads(entry.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            continue  # gone, or just being written
        owner_lives = known["boot"] == procfs.boot_id() and procfs.start_time(known["owner"]) == known["started"]
        if not owner_lives:
            processes = Processes(Path(known["directory"]) / "processes")
            processes.stop(processes.names(), seconds=0)
            entry.unlink(missing_ok=True)


def _register(directory: Path) -> Path:
    REGISTRY.mkdir(parents=True, exist_ok=True)
    owner = os.getpid()
    known = {"directory": str(directory), "owner": owner, "started": procfs.start_time(owner), "boot": procfs.boot_id()}
    entry = REGISTRY / f"{uuid.uuid4().hex}.json"
    entry.write_text(json.dumps(known))
    return entry
