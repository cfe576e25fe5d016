"""The lab's network: a namespace per cluster, and one with a bridge that joins them and the host.

The bridge lies in a namespace of its own, so that a firewall of the host (Docker's, say) does not see what the
clusters say to each other.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lab import host, mounts
from lab.addresses import HOST_IP, HOST_LINK, NODE_RANGE, PLANS, RUN, SWITCH, Plan, all_ranges, routed_ranges
from lab.paths import LabError
from lab.process import tool

SEPARATE = RUN / "separate"
"""Exists while pods of one cluster cannot reach pods of the other."""

_PREFIX_LENGTH = NODE_RANGE.partition("/")[2]


def join(plan: Plan) -> None:
    """Create the namespace of a cluster and connect it. The cluster must not have one yet."""
    _ensure_switch()
    name = plan.namespace
    _ip("netns", "add", name)
    # Always the same hardware address: others remember it for a while, and would not find the new link.
    peer = ("peer", "name", "eth0", "address", plan.hardware_address, "netns", name)
    _ip("-n", SWITCH, "link", "add", plan.name, "type", "veth", *peer)
    _ip("-n", SWITCH, "link", "set", plan.name, "master", "bridge", "up")
    _ip("-n", name, "addr", "add", f"{plan.node_ip}/{_PREFIX_LENGTH}", "dev", "eth0")
    for device in ("lo", "eth0"):
        _ip("-n", name, "link", "set", device, "up")
    _inside(name, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    ensure_routes(plan)


def ensure_routes(plan: Plan) -> None:
    """The routes to a cluster from the host, and from it to the other clusters, as `flat` was last told."""
    for item in routed_ranges(plan):
        _ip("route", "replace", item, "via", plan.node_ip, "dev", HOST_LINK)
    for item in (plan.service_range, plan.balancer_range):
        # kube-proxy exchanges the destination only after the API server's packet has found a route.
        _ip("-n", plan.namespace, "route", "replace", item, "dev", "eth0", "src", plan.node_ip)
    for other in PLANS:
        if other != plan:
            _ip("-n", plan.namespace, "route", "replace", other.balancer_range, "via", other.node_ip)
            _route_pods(plan, other, is_flat())
    if not is_flat():
        _translate(plan)


def translation(plan: Plan, *, wanted: bool) -> str:
    """nftables rules of a cluster's namespace that give pods the node's address on their way out, or none."""
    rules = f"""
        chain leaving {{
            type nat hook postrouting priority srcnat;
            oifname "eth0" ip saddr {plan.pod_range} masquerade
        }}"""
    return f"table ip my-lab {{}}\ndelete table ip my-lab\ntable ip my-lab {{{rules if wanted else ''}\n}}\n"


def is_flat() -> bool:
    """Whether pods of one cluster reach pods of the other."""
    return not SEPARATE.exists()


def flat(wanted: bool) -> None:
    """Join the pods of all clusters to one flat network (True), or let them reach only the other clusters' nodes and
    balancers, from the address of their node (False).
    """
    if wanted:
        SEPARATE.unlink(missing_ok=True)
    else:
        RUN.mkdir(parents=True, exist_ok=True)
        SEPARATE.touch()
    for plan in PLANS:
        if exists(plan.namespace):
            ensure_routes(plan)
            _translate(plan)


def whole(plan: Plan) -> bool:
    """Whether the namespace of a cluster is there and the host has all its routes."""
    if not exists(plan.namespace) or not exists(SWITCH) or not host_link_exists():
        return False
    present = {(route["dst"], route.get("gateway")) for route in _routes("dev", HOST_LINK)}
    return present.issuperset((item, plan.node_ip) for item in routed_ranges(plan))


def exists(namespace: str) -> bool:
    """Whether a network namespace of this name is there (a file without its mount does not count)."""
    return mounts.mounted(str(host.NAMESPACES / namespace))


def host_link_exists() -> bool:
    return Path("/sys/class/net", HOST_LINK).exists()


def leave(plan: Plan) -> None:
    """Remove what connects a cluster: routes, link, namespace. Safe to repeat."""
    if host_link_exists():
        for item in routed_ranges(plan):
            _try("route", "del", item, "dev", HOST_LINK)
    if exists(SWITCH):
        _try("-n", SWITCH, "link", "del", plan.name)
    _delete(plan.namespace)


def remove() -> None:
    """Remove the bridge and the host's link. Safe to repeat; all clusters must have left."""
    _try("link", "del", HOST_LINK)
    _delete(SWITCH)
    SEPARATE.unlink(missing_ok=True)


def check_free() -> None:
    """LabError when another program of this host uses a range of the lab."""
    conflicts = taken(_routes("table", "all"), all_ranges())
    if conflicts:
        raise LabError(
            f"{conflicts[0]} is in use on this host, and the lab needs that range; take that route or address away while the lab is up."
        )


def taken(routes: Iterable[dict[str, Any]], ranges: Iterable[str]) -> list[str]:
    """Routes (as `ip -j route` prints them) inside one of the ranges, each as "route DESTINATION (DEVICE)".

    Wider routes are no conflict: the lab's own are more specific and win.
    """
    mine = [ipaddress.IPv4Network(item) for item in ranges]
    found = []
    for route in routes:
        destination, device = route.get("dst", "default"), route.get("dev", "no device")
        if destination == "default" or ":" in destination or device == HOST_LINK:
            continue
        network = ipaddress.IPv4Network(destination, strict=False)
        if any(map(network.subnet_of, mine)):
            found.append(f"Route {destination} ({device})")
    return found


def _ensure_switch() -> None:
    if not exists(SWITCH):
        _delete(SWITCH)
        _ip("netns", "add", SWITCH)
    if not _try("-n", SWITCH, "link", "show", "bridge"):
        _ip("-n", SWITCH, "link", "add", "bridge", "type", "bridge")
        _ip("-n", SWITCH, "link", "set", "bridge", "up")
    if not host_link_exists():
        check_free()
        _try("-n", SWITCH, "link", "del", "host")
        _ip("link", "add", HOST_LINK, "type", "veth", "peer", "name", "host", "netns", SWITCH)
        _ip("-n", SWITCH, "link", "set", "host", "master", "bridge", "up")
        _ip("addr", "add", f"{HOST_IP}/{_PREFIX_LENGTH}", "dev", HOST_LINK)
        _ip("link", "set", HOST_LINK, "up")


def _route_pods(plan: Plan, other: Plan, wanted: bool) -> None:
    if wanted:
        _ip("-n", plan.namespace, "route", "replace", other.pod_range, "via", other.node_ip)
    else:
        _try("-n", plan.namespace, "route", "del", other.pod_range)


def _translate(plan: Plan) -> None:
    rules = translation(plan, wanted=not is_flat())
    _inside(plan.namespace, tool("nft"), "--file", "-", text=rules)


def _delete(namespace: str) -> None:
    _try("netns", "del", namespace)
    (host.NAMESPACES / namespace).unlink(missing_ok=True)


def _inside(namespace: str, *command: str, text: str = "") -> None:
    """Run a command in a namespace; /proc/sys/net there is the namespace's own."""
    argv = [tool("nsenter"), f"--net={host.NAMESPACES / namespace}", *command]
    done = subprocess.run(argv, check=False, input=text, capture_output=True, text=True)
    if done.returncode:
        raise LabError(
            f"`{' '.join(command)}` failed in the namespace {namespace}: {done.stderr.strip()}; run `python -m lab down`, then `up` again."
        )


def _routes(*selection: str) -> list[dict[str, Any]]:
    text = subprocess.run([tool("ip"), "-4", "-j", "route", "show", *selection], check=True, capture_output=True).stdout
    routes: list[dict[str, Any]] = json.loads(text or "[]")
    return routes


def _ip(*arguments: str) -> None:
    done = subprocess.run([tool("ip"), *arguments], check=False, capture_output=True, text=True)
    if done.returncode:
        raise LabError(f"`ip {' '.join(arguments)}` failed: {done.stderr.strip()}; run `python -m lab down`, then `up` again.")


def _try(*arguments: str) -> bool:
    return subprocess.run([tool("ip"), *arguments], check=False, capture_output=True).returncode == 0
