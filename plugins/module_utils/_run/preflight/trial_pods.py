# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Asking the API server by dry runs whether it would admit the pods of workloads that are to be restarted."""

from __future__ import annotations

from collections.abc import Sequence

from ..._cluster import read, write
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import kind
from ..._mesh import webhook
from ..._plan.preflight import trial_pods
from ..._plan.preflight.model import Restarted, Trial

MANAGER = "meshyard-trial"
# Two requests each: beyond that, waves show it, one after the other.
_AT_MOST = 100
_QUOTA = "ResourceQuota"


def attempt(cluster: Cluster, restarted: Sequence[Restarted]) -> tuple[Trial, ...]:
    """What the API server does not admit, workload by workload; once something keeps it from being asked, nothing more is."""
    found = []
    for one in [one for one in restarted if one.workload.replicas > 0][:_AT_MOST]:
        trial = _attempt(cluster, one)
        found += [trial] if trial else []
        if trial and not trial.asked:
            break
    return tuple(found)


def _attempt(cluster: Cluster, one: Restarted) -> Trial | None:
    seen = one.workload
    try:
        # Of listed workloads only a few fields are kept, and admission looks at all of them.
        whole = read.get(cluster, kind(seen.kind), seen.name, seen.namespace)
        if whole is not None:
            write.create(cluster, trial_pods.pod(one.with_object(whole)), MANAGER, dry_run=True)
    except ApiError as error:
        reason = error.message.rstrip(".")
        if error.denial:
            return Trial(one, reason, str(error.denial) if error.denial.name else "", quota=error.denial.kind == _QUOTA)
        if error.webhook_silent:
            # The injector of the revision that is left may well be silent: the new one is asked then.
            return None if webhook.INJECTOR in error.message else Trial(one, reason)
        return Trial(one, reason, asked=False)
    return None
