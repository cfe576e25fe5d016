# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What of the use of a revision is left when other things go with it, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..module_utils import _words
from ..module_utils._mesh.blocker import described

Row = Mapping[str, Any]


def besides(
    blockers: Iterable[Row],
    namespaces: Sequence[str] = (),
    gateways: Sequence[Mapping[str, str]] = (),
    tags: Sequence[str] = (),
    codes: Sequence[str] = (),
) -> list[Row]:
    """The blockers that stay when these namespaces and gateways leave and these tags and kinds of use are taken away before."""
    return [
        blocker
        for blocker in blockers
        if _namespace(blocker) not in namespaces
        and not any(_of_gateway(blocker, gateway) for gateway in gateways)
        and not (blocker["code"] == "tag" and blocker["tag"] in tags)
        and blocker["code"] not in codes
    ]


def lines(blockers: Iterable[Row], limit: int = 0) -> list[str]:
    """A line for each blocker, each once; those beyond a limit are counted in a last one."""
    return _words.lines(dict.fromkeys(described(blocker) for blocker in blockers), limit)


def _namespace(blocker: Row) -> str:
    return str(blocker["name"] if blocker["kind"] == "Namespace" else blocker["namespace"])


def _of_gateway(blocker: Row, gateway: Mapping[str, str]) -> bool:
    """Whether it is the workload of a gateway, or a ReplicaSet or pod of it, which are named after it."""
    name = str(blocker["name"])
    return blocker["namespace"] == gateway["namespace"] and (name == gateway["name"] or name.startswith(f"{gateway['name']}-"))
