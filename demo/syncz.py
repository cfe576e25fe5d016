"""What istiod itself says of its proxies, asked by istioctl-like means: the debug page inside the istiod pod."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from demo.cluster import Cluster, is_ready


def proxies(cluster: Cluster, keep: Path) -> list[dict[str, Any]]:
    """The connected proxies of every istiod pod."""
    found: list[dict[str, Any]] = []
    for pod in cluster.pods("istio-system", "istiod"):
        if is_ready(pod):
            command = ["/usr/local/bin/pilot-discovery", "request", "GET", "/debug/syncz"]
            output = cluster.execute("istio-system", pod["metadata"]["name"], command, 20, container="discovery")
            found += json.loads(output)
    keep.write_text(json.dumps(found))
    return found
