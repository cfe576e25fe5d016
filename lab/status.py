"""What runs, for people (`status`) and for programs (`env`)."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from typing import Any

from lab import cluster, kubeconfig, network, procfs
from lab.addresses import CLUSTERS, KUBECONFIG, Plan
from lab.client import ApiError
from lab.paths import BIN, CHARTS
from lab.process import Processes

COLUMNS = ("CLUSTER", "STATE", "API", "NODE", "PODS", "AGE")


def table(plans: Iterable[Plan]) -> str:
    """One line per cluster; columns as wide as their longest entry."""
    rows = [COLUMNS, *map(_row, plans)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def state(plan: Plan) -> str:
    """`running`, `damaged` (something that should run does not) or `stopped`."""
    if cluster.running(plan):
        return "running"
    processes = Processes(plan.records)
    return "damaged" if any(map(processes.alive, processes.names())) else "stopped"


def age(seconds: float) -> str:
    """A time span with its one or two largest units: 42s, 3m 5s, 2h 0m, 4d 1h."""
    whole = int(seconds)
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    units = [(days, "d"), (hours, "h"), (minutes, "m"), (whole % 60, "s")]
    first = next((index for index, (count, _unit) in enumerate(units) if count), len(units) - 1)
    return " ".join(f"{count}{unit}" for count, unit in units[first : first + 2])


def environment(plans: Iterable[Plan]) -> dict[str, Any]:
    """Everything a test or a demo needs to reach the running clusters."""
    present = [plan for plan in plans if plan.kubeconfig.exists() and state(plan) != "stopped"]
    return {
        "kubeconfig": str(KUBECONFIG),
        "bin": str(BIN),
        "charts": str(CHARTS),
        "flat": network.is_flat(),
        "clusters": {plan.name: _access(plan) for plan in present},
    }


def exports() -> str:
    """Shell commands that let kubectl, helm and istioctl find the lab."""
    path = f"{BIN}{os.pathsep}$PATH"
    return f'export KUBECONFIG={shlex.quote(str(KUBECONFIG))}\nexport PATH="{path}"'


def write_merged_kubeconfig() -> None:
    """Make `.lab/kubeconfig` hold every cluster that has a kubeconfig; none: no file."""
    files = sorted(CLUSTERS.glob("*/kubeconfig"))
    if files:
        kubeconfig.write(KUBECONFIG, kubeconfig.merge(map(kubeconfig.read, files)))
    else:
        KUBECONFIG.unlink(missing_ok=True)


def _access(plan: Plan) -> dict[str, str]:
    return {
        "name": plan.name,
        "kubeconfig": str(plan.kubeconfig),
        "context": plan.name,
        "host": plan.url,
        "token": plan.token.read_text().strip(),
        "ca_cert": str(plan.pki / "ca.crt"),
        "node_ip": plan.node_ip,
        "pod_range": plan.pod_range,
        "service_range": plan.service_range,
        "balancer_range": plan.balancer_range,
        "audit_log": str(plan.audit_log),
        # Clusters with the same value reach each other's pods.
        "network": "lab" if network.is_flat() else plan.name,
    }


def _row(plan: Plan) -> tuple[str, ...]:
    now = state(plan)
    if now == "stopped":
        return (plan.name, now, "-", "-", "-", "-")
    record = Processes(plan.records).record("kube-apiserver")
    lived = age(procfs.seconds_since(record.started)) if record is not None and record.alive() else "-"
    try:
        calls = cluster.client(plan)
        pods = str(len(calls.get("/api/v1/pods")["items"]))
        ready = "ready" if cluster.node_ready(plan, calls) else "not ready"
    except (OSError, ApiError):
        pods, ready = "-", "no answer"
    return (plan.name, now, plan.url, ready, pods, lived)
