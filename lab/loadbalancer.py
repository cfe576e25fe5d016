"""Gives Services of type LoadBalancer an address: a loop of its own, one per cluster.

The addresses lie in a range that the host and the other clusters route to the node, where kube-proxy serves them.
"""

from __future__ import annotations

import hashlib
import ipaddress
import sys
import time
from collections.abc import Iterable, Iterator

from lab.addresses import Plan
from lab.client import Body, Client
from lab.paths import PROJECT, LabError
from lab.process import Program

PAUSE = 0.5
"""Seconds between two looks."""


def program(plan: Plan) -> Program:
    """How the loop is started: by the same Python, from this checkout."""
    argv = [sys.executable, "-m", "lab", "loadbalancer", "--clusters", plan.name]
    return Program("loadbalancer", argv, plan.logs / "loadbalancer.log", env={"PYTHONPATH": str(PROJECT)})


def assignments(services: Iterable[Body], balancer_range: str) -> Iterator[tuple[Body, str]]:
    """The Services that wait for an address, each with the one it gets.

    An address follows from the Service's UID, so that it is the same whenever it is asked for; when two Services
    would share one, the later one takes the next that is free. Services of another class, and those being deleted,
    are left alone.
    """
    pool = [str(address) for address in ipaddress.ip_network(balancer_range).hosts()]
    waiting, taken = [], set()
    for service in services:
        present = [item.get("ip") for item in service["status"].get("loadBalancer", {}).get("ingress", [])]
        taken.update(present)
        if not present and _ours(service):
            waiting.append(service)
    for service in sorted(waiting, key=lambda item: str(item["metadata"]["uid"])):
        first = int.from_bytes(hashlib.sha256(service["metadata"]["uid"].encode()).digest()[:4], "big") % len(pool)
        address = next((ip for ip in pool[first:] + pool[:first] if ip not in taken), None)
        if address is None:
            return
        taken.add(address)
        yield service, address


def run(plan: Plan, client: Client) -> None:
    """Look at the Services and answer those that wait, for ever."""
    while True:
        try:
            balance(plan, client)
        except (OSError, LabError) as error:
            print(f"{time.strftime('%FT%T')} {error}", flush=True)
        time.sleep(PAUSE)


def balance(plan: Plan, client: Client) -> None:
    """One look at all Services."""
    for service, address in assignments(client.get("/api/v1/services")["items"], plan.balancer_range):
        metadata = service["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/services/{metadata['name']}/status"
        # The UID refuses the write if the Service was made anew meanwhile.
        client.merge(
            path,
            {
                "metadata": {"uid": metadata["uid"]},
                "status": {"loadBalancer": {"ingress": [{"ip": address, "ipMode": "VIP"}]}},
            },
        )
        print(f"{time.strftime('%FT%T')} {metadata['namespace']}/{metadata['name']} has {address}", flush=True)


def _ours(service: Body) -> bool:
    spec = service["spec"]
    wanted = spec.get("type") == "LoadBalancer" and "loadBalancerClass" not in spec
    return wanted and "deletionTimestamp" not in service["metadata"]
