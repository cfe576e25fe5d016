# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a restart does to the number of pods: how many may be missing meanwhile, and how many come on top."""

from __future__ import annotations

import math
from typing import Any

from . import raw
from .workload import Workload


def may_drop(seen: Workload, obj: raw.Raw) -> bool:
    """Whether a restart of this workload may leave no pod at all for a moment."""
    if seen.update_strategy == "Recreate":
        return True
    return 0 < seen.replicas <= missing(seen, obj) and not (seen.kind == "DaemonSet" and _surge(seen, obj))


def missing(seen: Workload, obj: raw.Raw) -> int:
    """How many of its pods a restart may take away before their successors are there."""
    if seen.update_strategy == "Recreate":
        return seen.replicas
    if seen.kind == "StatefulSet":
        return 1
    if seen.kind == "DaemonSet":
        return 0 if _surge(seen, obj) else _share(_rolling(seen, obj).get("maxUnavailable", 1), seen.replicas, up=False)
    return _share(_rolling(seen, obj).get("maxUnavailable", "25%"), seen.replicas, up=False)


def _surge(seen: Workload, obj: raw.Raw) -> int:
    return _share(_rolling(seen, obj).get("maxSurge", 0 if seen.kind == "DaemonSet" else "25%"), seen.replicas, up=True)


def _rolling(seen: Workload, obj: raw.Raw) -> dict[str, Any]:
    return raw.mapping(obj, "spec", "strategy" if seen.kind == "Deployment" else "updateStrategy", "rollingUpdate")


def _share(value: Any, replicas: int, *, up: bool) -> int:
    """A number or percentage of pods, rounded as Kubernetes does."""
    text = str(value)
    if not text.endswith("%"):
        return int(text) if text.isdigit() else 0
    share = int(text[:-1]) * replicas / 100
    return math.ceil(share) if up else math.floor(share)
