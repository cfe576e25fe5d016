# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Running a program in a container, as C(kubectl exec) does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import MeshyardError
from . import channel
from .connect import Cluster
from .errors import Unreachable

try:
    from kubernetes.stream import stream
except ImportError:  # connect() has reported this before
    stream = None

_STDOUT, _STDERR, _STATUS = 1, 2, 3


@dataclass(frozen=True)
class Output:
    """What a program gave: C(code) is None where it was never started, and C(failure) says why."""

    stdout: str
    stderr: str
    code: int | None
    failure: str = ""


def run(
    cluster: Cluster,
    namespace: str,
    pod: str,
    container: str,
    command: Sequence[str],
    *,
    timeout: float,
    alive: Callable[[], None],
) -> Output:
    """Runs a program to its end.

    :param timeout: seconds until it is given up.
    :param alive: called about every second; raises when the run that started this module is gone.
    :raises MeshyardError: the API server or the node refuses, or the program does not end in time.
    """
    what = f"a program in container {container} of pod {namespace}/{pod}"
    try:
        with channel.core_api(cluster) as api:
            session = stream(
                api.connect_get_namespaced_pod_exec,
                pod,
                namespace,
                container=container,
                command=list(command),
                stdin=False,
                stdout=True,
                stderr=True,
                tty=False,
                _preload_content=False,
            )
            return _finish(session, what, cluster, timeout, alive)
    except MeshyardError:
        raise
    except Exception as problem:  # websocket and client raise many types; all mean that there is no answer
        refused = channel.refusal(cluster, "run", what, problem)
        if refused:
            raise refused from problem
        raise Unreachable(
            f"The connection to {what} on cluster {cluster.name} broke: {channel.short(problem)}.",
            "Check that the pod runs and that this account may create and get pods/exec.",
        ) from problem


def _finish(session: Any, what: str, cluster: Cluster, timeout: float, alive: Callable[[], None]) -> Output:
    deadline = time.monotonic() + timeout
    try:
        while session.is_open():
            alive()
            if time.monotonic() > deadline:
                raise Unreachable(
                    f"The end of {what} on cluster {cluster.name} did not come within {timeout:.0f} s.",
                    "Raise the timeout, or ask for less.",
                )
            session.update(timeout=1)
        code, failure = _status(session.read_channel(_STATUS))
        return Output(session.read_channel(_STDOUT), session.read_channel(_STDERR), code, failure)
    finally:
        session.close()


def _status(text: str) -> tuple[int | None, str]:
    """The exit code, or why there is none, from the C(Status) object at the end of a session."""
    try:
        status = json.loads(text)
    except ValueError:
        return None, "the connection ended before the program did"
    if status.get("status") == "Success":
        return 0, ""
    for cause in (status.get("details") or {}).get("causes") or ():
        if cause.get("reason") == "ExitCode":
            return int(cause["message"]), str(status.get("message", ""))
    return None, str(status.get("message", ""))
