# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Running a module: connection, guard, progress, and every problem as one clean answer."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import remove_values

from .._cluster.connect import Cluster, connect
from .._cluster.holder import Holder
from .._cluster.lease import Lease
from .._cluster.wait import Pending, Ready, until
from .._errors import InvalidOption, MeshyardError
from .._plan.objects.steps import Plan, describe, diff
from .._run.objects import execute
from . import ranges, redaction
from .guard import Guard
from .progress import Progress

RUN_ID = "MESHYARD_RUN_ID"
RUN_HOST = "MESHYARD_RUN_HOST"
TURN_SECONDS = 900.0  # how long a call waits at least for another task of its run, which may itself wait for a rollout


class Module(AnsibleModule):  # type: ignore[misc]  # Ansible is not typed
    """A module all of whose failures have a code, also those that Ansible finds in its options."""

    def fail_json(self, msg: str, **values: Any) -> None:
        """Ends the module: the problem, and the code of its kind."""
        super().fail_json(msg, **{"code": InvalidOption.code, **values})


class Call:
    """One call of one module: its parameters, and the ways it speaks.

    :ivar params: the module's options.
    :ivar check: True in check mode: nothing is written.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.params: dict[str, Any] = module.params
        self.check: bool = module.check_mode
        self.guard = Guard()
        self.progress = Progress()

    def tell(self, line: str) -> None:
        """One line of progress, which Ansible shows as it is: its secrets are masked here."""
        self.progress.tell(remove_values(line, self.module.no_log_values))

    def conceal(self, *secrets: str) -> None:
        """Keeps texts that were read from a cluster out of everything that the module answers."""
        self.module.no_log_values.update(secret for secret in secrets if secret)

    def warn(self, *texts: str) -> None:
        """Warnings of Ansible."""
        for text in texts:
            self.module.warn(text)


class Run(Call):
    """A call of a module that works on a cluster.

    :ivar cluster: the connected cluster.
    """

    def __init__(self, module: AnsibleModule, name: str | None = None) -> None:
        super().__init__(module)
        self._lease: Lease | None = None
        self.cluster = self.connect(self.params, name, self.params.get("expected_cluster_uid"))

    def connect(self, options: dict[str, Any], name: str | None = None, expected_uid: str | None = None) -> Cluster:
        """A connection on which each write asks whether this run may still write."""
        cluster = connect(options, name=name, expected_uid=expected_uid, before_write=self.alive)
        cluster.api.before_request = self._renew  # long reading is no reason to lose the Lease
        return cluster

    def peer(self, option: str) -> Cluster:
        """The connection to the other cluster that an option names.

        :raises MeshyardError: none is given, or it is the module's own cluster.
        """
        options: dict[str, Any] | None = self.params[option]
        if options is None:
            raise InvalidOption(f"The option {option} is missing.", "Give the connection of the other cluster in it.")
        cluster = self.connect(options, expected_uid=options.get("expected_cluster_uid"))
        if cluster.uid == self.cluster.uid:
            raise InvalidOption(
                f"The option {option} leads to the module's own cluster {self.cluster.name} (UID {cluster.uid}).",
                "Give the connection of the other cluster: each needs a kubeconfig with a context, or a host with an API key, of its own.",
            )
        return cluster

    @property
    def holder(self) -> str:
        """Who this run is, for the Lease and the operation record; the same for all its tasks."""
        return os.environ.get(RUN_ID) or f"module call (process {os.getpid()} on {os.uname().nodename})"

    def _task(self) -> Holder:
        """This call of the run, which no other call is."""
        host = os.environ.get(RUN_HOST)
        call = f"process {os.getpid()}, call {secrets.token_hex(4)}"
        return Holder(self.holder, f"{self.holder}, host {host} ({call})" if host else f"{self.holder} ({call})")

    @contextlib.contextmanager
    def writing(self, namespace: str) -> Iterator[None]:
        """The Lease around all writes of this call; none in check mode."""
        if self.check:
            yield
            return
        patience = max(float(self.params.get("wait_timeout") or 0), TURN_SECONDS)
        with Lease(self.cluster, namespace, self._task(), self.guard.proceed, self.tell, patience) as lease:
            self._lease = lease
            try:
                yield
            finally:
                self._lease = None

    def execute(self, plan: Plan, cluster: Cluster | None = None) -> list[dict[str, Any]]:
        """Carries out the plan on this run's cluster, or on another one."""
        return execute.execute(cluster or self.cluster, plan, check=self.check, tell=self.tell)

    def alive(self) -> None:
        """Raises when this run was abandoned, and keeps its Lease."""
        self.guard.proceed()
        self._renew()

    def _renew(self) -> None:
        if self._lease is not None:
            self._lease.renew()

    def until(self, observe: Callable[[], Pending | Ready[Any]], timeout: float | None = None) -> Any:
        """Waits on this run's cluster; C(wait_timeout) seconds unless given."""
        seconds = float(self.params["wait_timeout"]) if timeout is None else timeout
        return until(observe, timeout=seconds, where=self.cluster.name, tell=self.tell, alive=self.alive)

    def answer(self, plan: Plan, **values: Any) -> None:
        """Ends the module: C(changed), C(steps), C(cluster), the diff where asked for, and what the API server warned of."""
        self.warn(*self.cluster.api.warnings)
        result: dict[str, Any] = {
            "changed": bool(plan),
            "steps": [describe(step) for step in plan],
            "cluster": self.cluster.describe(),
            "requests": self.cluster.api.requests,
        }
        if self.module._diff:
            result["diff"] = diff(plan)
        self.module.exit_json(**{**result, **values})


@contextlib.contextmanager
def reporting(module: AnsibleModule) -> Iterator[None]:
    """Hides secrets, and turns every expected problem into C(fail_json) with C(problem), C(remedy), C(code), C(verdict) and the facts.

    What is wrong with an option that many modules have is found here, before anything is asked of a cluster.
    """
    redaction.narrow(module)
    try:
        ranges.check(module.params)
        if module.params.get("version"):  # compared with others as text, and Istio writes it without
            module.params["version"] = module.params["version"].removeprefix("v")
        yield
    except MeshyardError as problem:
        values = {"problem": problem.problem, "remedy": problem.remedy, "code": problem.code, "verdict": problem.verdict}
        module.fail_json(msg=str(problem), **values, **problem.facts)
