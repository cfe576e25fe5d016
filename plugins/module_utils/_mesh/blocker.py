# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Something that stands against deleting a revision, for programs by its code and for people in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Code = Literal[
    "cluster_not_given",
    "cluster_unreachable",
    "configuration",
    "default_validator",
    "grace",
    "istiod_not_asked",
    "namespace",
    "pod",
    "proxy",
    "remote_secrets_unread",
    "successor",
    "tag",
    "unread",
    "webhook",
    "workload",
]


@dataclass(frozen=True)
class Blocker:
    """Something that stands against deleting a revision.

    :ivar code: how it uses the revision, for programs; the reason says it to people.
    :ivar unknown: that it could only not be ruled out.
    :ivar ending: that it is a pod which is being deleted: it goes by itself.
    :ivar tag: the tag by which it uses the revision.
    """

    cluster: str
    kind: str
    namespace: str
    name: str
    code: Code
    reason: str
    unknown: bool = False
    ending: bool = False
    tag: str = ""

    def describe(self) -> dict[str, str]:
        """The blocker as modules return it."""
        return {name: getattr(self, name) for name in ("cluster", "kind", "namespace", "name", "code", "reason", "tag")}


def described(blocker: Mapping[str, Any]) -> str:
    """A blocker, as modules return it, in words."""
    where = "/".join(str(part) for part in (blocker["namespace"], blocker["name"]) if part)
    return f"{blocker['kind']} {where} ({blocker['reason']})" if where else f"{blocker['kind']} ({blocker['reason']})"
