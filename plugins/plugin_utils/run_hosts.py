# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The hosts that a playbook works on, by the groups of the inventory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ..module_utils._errors import MeshyardError
from ..module_utils._words import listed
from .mesh_inventory import PRIMARY_GROUP, REMOTE_GROUP, UNREACHABLE_GROUP

Part = Literal["mesh", "primary", "remote"]


def run_hosts(
    groups: Mapping[str, Sequence[str]],
    part: Part = "mesh",
    *,
    local: bool = False,
    unreachable: bool = False,
    sources: Sequence[str] = (),
) -> str:
    """The pattern of the hosts that a playbook works on.

    :param part: which clusters of the mesh those are.
    :param local: whether it may work on localhost, that is on the current context, where there is no inventory.
    :param unreachable: whether clusters that gave the inventory no answer belong to it as well, whatever they are in the mesh.
    :param sources: where the user said that the inventory is, if he did.
    :raises MeshyardError: there is an inventory, and none of its hosts is known as a cluster of the mesh.
    """
    known = list(groups.get("all") or ())
    there = [group for group in (PRIMARY_GROUP, REMOTE_GROUP) if groups.get(group)]
    nowhere = not known and not sources  # as where the syntax of a playbook is checked
    if unreachable and groups.get(UNREACHABLE_GROUP):
        return ":".join([*there, UNREACHABLE_GROUP])
    if local and PRIMARY_GROUP not in there and (nowhere or "localhost" in known):
        return "localhost"
    if not nowhere and (not there or (local and PRIMARY_GROUP not in there)):
        named = listed(sorted(group for group, hosts in groups.items() if hosts and group not in ("all", "ungrouped")))
        where = f"The inventory {listed(sources)}" if sources else "The inventory"
        raise MeshyardError(
            f"{where} has no host in the group {PRIMARY_GROUP}; {f'its groups are {named}' if named else 'it has no groups with hosts'}.",
            f"Correct its path, or put primary clusters into the group {PRIMARY_GROUP} and remote ones into {REMOTE_GROUP}.",
        )
    return {"mesh": ":".join(there) or PRIMARY_GROUP, "primary": PRIMARY_GROUP, "remote": REMOTE_GROUP}[part]
