# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Whether the pods of a Deployment have been ready for so long that the proxies of those who call them know them.

Source: istiod gathers changes of endpoints before it sends them, C(PILOT_DEBOUNCE_AFTER) (100 ms) to C(PILOT_DEBOUNCE_MAX) (10 s).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ..._mesh import raw


def seconds_left(pods: Iterable[raw.Raw], now: datetime, seconds: float) -> float:
    """After how long the youngest of the ready pods has been ready for so many seconds; 0 where none is ready, and at most all of them."""
    since = [one for pod in pods if (one := _ready_since(pod))]
    if not since:
        return 0.0
    return min(max(0.0, seconds - (now - max(since)).total_seconds()), seconds)


def _ready_since(pod: raw.Raw) -> datetime | None:
    for one in raw.items(pod, "status", "conditions"):
        if (raw.text(one, "type"), raw.text(one, "status")) == ("Ready", "True"):
            return datetime.fromisoformat(raw.text(one, "lastTransitionTime"))
    return None
