# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Reading the operation record."""

from __future__ import annotations

from ..._cluster import read
from ..._cluster.connect import Cluster
from ..._cluster.kinds import kind
from ..._plan.upgrade import record as upgrade_record


def find(cluster: Cluster, namespace: str) -> upgrade_record.Record | None:
    """The open operation of the control plane namespace, or None."""
    return upgrade_record.parse(read.get(cluster, kind("ConfigMap"), upgrade_record.NAME, namespace))
