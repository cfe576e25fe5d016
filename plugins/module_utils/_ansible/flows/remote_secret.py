# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""A run over two clusters: the one of istiod, and the one that it reads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import cached_property
from typing import Any

from ..._cluster import kinds, read
from ..._cluster.connect import Cluster
from ..._cluster.wait import Pending, Ready, TimedOut
from ..._errors import MeshyardError
from ..._mesh import secret_data
from ..._plan.objects.steps import Object, Plan, describe
from ..._plan.remote import reader, rotation
from ..._plan.remote import secret as remote_secret
from ..._plan.remote.kubeconfig import Kubeconfig
from ..._run.objects import execute
from ..._run.remote import istiod_clusters
from ..._run.remote import secret as remote_secrets
from ..module import Run


class RemoteSecretFlow:
    """Both clusters as they were found, after all refusals.

    :ivar secret: the name of the Secret beside istiod.
    :raises MeshyardError: the server, the name or a Secret that is there forbids it.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.remote = run.peer("remote")
        self.name: str = run.params["name"]
        self.secret = remote_secret.secret_name(self.name)
        self.server: str = run.params["server"] or self.remote.host
        remote_secret.check_server(self.server, self.name)
        self.here = remote_secrets.here(run.cluster, run.params["control_plane_namespace"], self.name, run.warn)
        self.there = remote_secrets.there(self.remote, run.params["remote_namespace"])
        self.reader = reader.Reader(run.cluster.uid, self.name)
        run.conceal(*(text for one in self.there.tokens for text in _hidden(one)), *self._held)
        wanted = Kubeconfig(self.name, self.server, self._authority())
        taken_over = remote_secret.refuse(self.here, wanted, self.remote.uid)
        confirmed = bool(run.params["remote"].get("expected_cluster_uid"))
        remote_secret.refuse_unproven(self.here, wanted, proven=confirmed or self.current is not None)
        run.warn(*taken_over)

    @property
    def _held(self) -> list[str]:
        found = remote_secret.kubeconfig_of(self.here.secret(self.name), self.name)
        return [found.token] if found else []

    @cached_property
    def current(self) -> Object | None:
        """The token Secret that the Secret beside istiod uses now."""
        return next((one for one in map(self.there.holding, self._held) if one), None)

    def _authority(self) -> str:
        known = [reader.ca_of(one) for one in self.there.tokens if reader.ca_of(one)]
        return known[0] if known else remote_secrets.authority(self.remote)

    def confirmed(self, before: Plan, token: str) -> tuple[Plan, Plan]:
        """The steps in the remote cluster, and those beside istiod as far as the token is known."""
        found = self.there.token(token)
        return execute.confirm(self.remote, before, self.run.warn), self._local(found or {})

    def _local(self, token: Object) -> Plan:
        wanted = Kubeconfig(self.name, self.server, reader.ca_of(token), reader.token_of(token))
        return execute.confirm(self.run.cluster, remote_secret.plan(self.here, wanted, self.remote.uid), self.run.warn)

    def writing(self, writes: bool) -> contextlib.AbstractContextManager[None]:
        """The Lease in the cluster of istiod, if anything is written."""
        return self.run.writing(self.here.namespace) if writes else contextlib.nullcontext()

    def swap(self, before: Plan, token: str) -> Plan:
        """Makes the token and gives it to istiod; the steps beside istiod."""
        self.run.execute(before, self.remote)
        found: Object = self.run.until(remote_secrets.filled(self.remote, self.there.namespace, token))
        self.run.conceal(*_hidden(found))
        local = self._local(found)
        self.run.execute(local)
        return local

    def ask(self) -> list[istiod_clusters.ClusterSyncStatus]:
        """What the istiods say now."""
        return istiod_clusters.ask(self.run.cluster, self.here.namespace, self.secret, self.name)

    def synced(self) -> Callable[[], Pending | Ready[list[istiod_clusters.ClusterSyncStatus]]]:
        """The condition that every ready istiod reads the remote cluster."""
        return istiod_clusters.synced(self.run.cluster, self.here.namespace, self.secret, self.name)

    def proven(self, decided: rotation.Rotation) -> list[istiod_clusters.ClusterSyncStatus]:
        """Waits until every istiod reads by the new token.

        :raises MeshyardError: not in time; nothing is revoked then.
        """
        noted = decided.noted is not None and istiod_clusters.is_used(decided.noted)
        condition = istiod_clusters.Swapped(self.name, self.ask, lambda: self._token(decided.token), decided.endpoints, noted)
        try:
            said: list[istiod_clusters.ClusterSyncStatus] = self.run.until(condition.look)
        except TimedOut as problem:
            raise MeshyardError(
                f"{problem.problem.rstrip('.')}, so that the old token of cluster {self.name} is kept and nothing is revoked.",
                "Look at the log of the istiod that is named, then run again: the rotation goes on from here.",
                pending=problem.pending,
                code="timed_out",
            ) from problem
        return said

    def _token(self, name: str) -> Object | None:
        return read.get(self.remote, kinds.kind("Secret"), name, self.there.namespace)

    def answer(
        self,
        before: Plan,
        local: Plan,
        after: Plan,
        token: str,
        said: list[istiod_clusters.ClusterSyncStatus],
        revoked: list[str] | None = None,
    ) -> None:
        """Ends the module."""
        values = common(self.run, self.remote, local, before, after)
        synced = [one.describe() for one in said]
        plan = (*before, *local, *after)
        self.run.answer(plan, **values, server=self.server, token_secret=token, synced=synced, revoked=revoked or [])


def common(run: Run, remote: Cluster | None, local: Plan, before: Plan, after: Plan = ()) -> dict[str, Any]:
    """The return values of every state, with the cluster of each step."""
    far = remote.name if remote else ""
    first = [(far, step) for step in before]
    middle = [(run.cluster.name, step) for step in local]
    ordered = [*middle, *first] if run.params["state"] == "absent" else [*first, *middle, *((far, step) for step in after)]
    return {
        "secret": remote_secret.secret_name(run.params["name"]),
        "account": f"{run.params['remote_namespace']}/{reader.ACCOUNT}",
        "steps": [{**describe(step), "cluster": where} for where, step in ordered],
        "remote_cluster": remote.describe() if remote else None,
        "requests": run.cluster.api.requests + (remote.api.requests if remote else 0),
    }


def _hidden(secret: Object) -> list[str]:
    """A token, and as a Secret shows it."""
    token = reader.token_of(secret)
    return [token, secret_data.encoded(token)] if token else []
