# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Whether pods of two clusters that share a network can be told apart by their addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"
Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"


def overlap(ranges: Iterable[str], pods: Mapping[str, str], other_ranges: Iterable[str], other_pods: Mapping[str, str]) -> str:
    """Why the addresses of two clusters collide, as the middle of a sentence; empty when they do not.

    :param ranges: the pod ranges of the nodes. :param pods: pods by their addresses.
    """
    ours, theirs = used(ranges, pods), used(other_ranges, other_pods)
    for one in ours:
        for other in theirs:
            if one.overlaps(other):
                return f"the pod ranges {one} and {other} overlap"
    same = sorted(pods.keys() & other_pods.keys())
    if same:
        return f"the pods {pods[same[0]]} and {other_pods[same[0]]} both have the address {same[0]}"
    return _inside(pods, theirs) or _inside(other_pods, ours)


def used(ranges: Iterable[str], pods: Mapping[str, str]) -> list[Network]:
    """The ranges that pods really come from: with a network plugin that gives addresses of its own those of the nodes mean nothing."""
    networks = [found for found in map(_network, ranges) if found]
    addresses = [found for found in map(_address, pods) if found]
    known: list[Network] = [
        *ipaddress.collapse_addresses(one for one in networks if isinstance(one, ipaddress.IPv4Network)),
        *ipaddress.collapse_addresses(one for one in networks if isinstance(one, ipaddress.IPv6Network)),
    ]
    return known if not addresses or any(address in one for one in known for address in addresses) else []


def _inside(pods: Mapping[str, str], ranges: Sequence[Network]) -> str:
    for text, pod in pods.items():
        address = _address(text)
        found = next((one for one in ranges if address is not None and address in one), None)
        if found:
            return f"the address {text} of pod {pod} lies in the pod range {found} of the other"
    return ""


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
