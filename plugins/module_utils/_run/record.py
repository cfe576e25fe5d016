# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading the operation record."""

from __future__ import annotations

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import read
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._plan import operation


def find(cluster: Cluster, namespace: str) -> operation.Record | None:
    """The open operation of the control plane namespace, or None."""
    return operation.parse(read.get(cluster, kind("ConfigMap"), operation.NAME, namespace))
