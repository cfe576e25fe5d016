# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What stands against the removal of a revision, once the pods that are ending anyway have ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._cluster.peer import Peer
from ..._mesh.blocker import Blocker
from ..._mesh.revision import Names
from ..._run.survey import evidence_of_clusters, unused
from ..module import Run


def blockers(run: Run, names: Names, others: Sequence[Peer] = ()) -> list[dict[str, Any]]:
    """All of them; waited for is only where waiting is wanted and may change the decision.

    :param others: the other clusters of the mesh.
    """
    if run.params["wait"] and not run.params["force"] and not run.check:
        found: list[Blocker] = run.until(unused.observe(run.cluster, names.namespace, names.revision, others))
    else:
        found = evidence_of_clusters.collect(run.cluster, names.namespace, others).blockers(names.revision)
    return [one.describe() for one in found]
