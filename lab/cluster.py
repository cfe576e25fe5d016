"""One cluster: started step by step, recognised, repaired."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lab import cleanup, containerd, controlplane, dns, host, identities, loadbalancer, network, node, ownership
from lab.addresses import API_PORT, PLANS, Plan
from lab.client import ApiError, Client
from lab.controlplane import ControlPlane
from lab.paths import LabError
from lab.process import Processes, Program, log_tail
from lab.waiting import until

IDENTITIES = ("controller-manager", "scheduler", "kubelet", "kube-proxy", "coredns", "lab")


@dataclass(frozen=True)
class Step:
    """A part of a start that is worth a line of progress."""

    title: str
    action: Callable[[], None]


def plane(plan: Plan) -> ControlPlane:
    """Where the cluster's control plane listens: on every address of its namespace."""
    return ControlPlane(plan.directory, plan.node_ip, "0.0.0.0", API_PORT, plan.service_range)


def client(plan: Plan) -> Client:
    """A client of the cluster's API as the lab itself."""
    return identities.client(plane(plan))


def programs(plan: Plan) -> list[Program]:
    """Every program of a cluster in the order of its start."""

    def spec(argv: list[str]) -> Program:
        name = Path(argv[0]).name
        return Program(name, argv, plan.logs / f"{name}.log", plan.namespace)

    here = plane(plan)
    return [
        spec(controlplane.etcd(here)),
        spec(controlplane.api_server(here)),
        containerd.daemon(plan),
        spec(controlplane.controller_manager(here)),
        spec(controlplane.scheduler(here)),
        node.kubelet(plan),
        node.proxy(plan),
        dns.coredns(plan),
        loadbalancer.program(plan),
    ]


def missing(plan: Plan) -> list[str]:
    """The programs that should run and do not."""
    processes = Processes(plan.records)
    return [spec.name for spec in programs(plan) if not processes.alive(spec.name)]


def running(plan: Plan) -> bool:
    """Whether the start was completed and every program, namespace and route is still there."""
    return _marker(plan).exists() and network.whole(plan) and not missing(plan)


def repairable(plan: Plan) -> bool:
    """Whether the cluster was complete and something of it still runs in its namespace."""
    some = len(missing(plan)) < len(programs(plan))
    return some and _marker(plan).exists() and network.exists(plan.namespace) and network.host_link_exists()


def steps(plan: Plan) -> list[Step]:
    """What brings a cluster up: nothing, a repair when parts of it still run, else a new and empty cluster."""
    images = [archive.name for archive in containerd.new_images(plan)]
    if running(plan):
        title = f"{plan.name}: importing {', '.join(images)}"
        return [Step(title, lambda: containerd.import_images(plan))] if images else []
    if repairable(plan):
        dead = ", ".join(missing(plan)) or "its routes"
        return [Step(f"{plan.name}: bringing back {dead}", lambda: _repair(plan))]
    return [
        Step(f"{plan.name}: clean ground, network, keys", lambda: _lay_ground(plan)),
        Step(f"{plan.name}: containerd{' and images' if images else ''}", lambda: _start_base(plan)),
        Step(f"{plan.name}: API server", lambda: _await_api(plan)),
        Step(f"{plan.name}: node ready", lambda: _start_rest(plan)),
    ]


def _lay_ground(plan: Plan) -> None:
    for left in PLANS if ownership.is_inherited() else (plan,):
        cleanup.clear(left)
    plan.audit_log.unlink(missing_ok=True)
    for log in plan.logs.glob("*.log"):
        log.unlink()
    host.check_free()
    ownership.claim()
    host.remember()
    network.join(plan)
    node.make_cgroups(plan)
    plan.directory.mkdir(parents=True, exist_ok=True)
    addresses = [plan.name, plan.node_ip, plan.api_service_ip, "127.0.0.1"]
    identities.make(plane(plan), plan.name, addresses, IDENTITIES)
    node.write_files(plan)
    dns.write_files(plan)


def _start_base(plan: Plan) -> None:
    processes = Processes(plan.records)
    for spec in programs(plan)[:2]:
        processes.start(spec)
    containerd.start(plan)
    containerd.import_images(plan)


def _start_rest(plan: Plan) -> None:
    processes = Processes(plan.records)
    for spec in programs(plan):
        processes.start(spec)
    _await_node(plan)
    _marker(plan).touch()


def _repair(plan: Plan) -> None:
    network.ensure_routes(plan)
    processes = Processes(plan.records)
    for spec in programs(plan):
        if spec.name == containerd.NAME:
            containerd.start(plan)
        processes.start(spec)
    _await_api(plan)
    _await_node(plan)


def _await_api(plan: Plan) -> None:
    processes, calls = Processes(plan.records), client(plan)
    watched = programs(plan)[:2]

    def ready() -> bool:
        for spec in watched:
            if not processes.alive(spec.name):
                raise LabError(f"{spec.name} of cluster {plan.name} has ended: {log_tail(spec.log)}; see {spec.log}.")
        return calls.ready()

    until(ready, 90, lambda: f"The API server of cluster {plan.name} is not ready after 90 s; see {watched[1].log}.")


def _await_node(plan: Plan) -> None:
    """Until pods can be made: node ready, default service account there, names resolved."""
    calls = client(plan)
    dns.publish(plan, calls)

    def ready() -> bool:
        if dead := missing(plan):
            log = plan.logs / f"{dead[0]}.log"
            raise LabError(f"{dead[0]} of cluster {plan.name} has ended: {log_tail(log)}; see {log}.")
        return node_ready(plan, calls) and calls.found("/api/v1/namespaces/default/serviceaccounts/default")

    until(
        lambda: ready() and dns.answers(plan),
        90,
        lambda: f"The node of cluster {plan.name} is not ready after 90 s; see {plan.logs / 'kubelet.log'}.",
        every=0.1,
    )


def node_ready(plan: Plan, calls: Client) -> bool:
    """Whether Kubernetes calls the cluster's node ready."""
    try:
        conditions = calls.get(f"/api/v1/nodes/{plan.name}")["status"].get("conditions", [])
    except ApiError:
        return False
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def _marker(plan: Plan) -> Path:
    """Exists once a start was completed."""
    return plan.run / "complete"
