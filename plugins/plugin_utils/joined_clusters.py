# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What ties a primary to other clusters: which it reads, who reads it, and in which network it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# Ansible loads all filters of a collection for each task that uses one, so that they take little with them.
from ..module_utils._mesh import labels, locality, raw

# The network that this collection gave to a namespace, so that it takes away no mark of others.
NETWORK_GIVEN = "meshyard.io/network"

Resources = Sequence[Mapping[str, Any]]


def still_joined(secrets: Resources, tokens: Resources, leaving: Iterable[str] = (), check_mode: bool = False) -> list[str]:
    """The clusters that a primary reads, by their remote secrets, and those that read it, by the UIDs on the tokens that they use.

    :param leaving: clusters whose remote secrets this run takes away, which check mode does not see; nor does it see readers go.
    """
    gone = {f"{labels.REMOTE_SECRET}{cluster}" for cluster in leaving} if check_mode else set()
    read = [name for secret in secrets if (name := raw.name(secret)) not in gone]
    annotations = [name for token in tokens for name in raw.annotations_of(token) if name.startswith(labels.READER)]
    readers = [] if check_mode else [f"cluster {name.removeprefix(labels.READER)}" for name in annotations]
    return list(dict.fromkeys([*read, *readers]))


def namespace_network(namespaces: Resources) -> dict[str, Any]:
    """The network that the namespace of the control plane is marked with, and whether this collection did it."""
    found = next(iter(namespaces), {})
    network = raw.labels_of(found).get(locality.NETWORK, "")
    return {"name": network, "ours": bool(network) and raw.annotations_of(found).get(NETWORK_GIVEN) == network}
