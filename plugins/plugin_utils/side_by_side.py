# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Work on many clusters at the same time, of which none keeps the others waiting.

Each has a process of its own, for two reasons: a login program of a kubeconfig that hangs can be ended, and connections are configured
by the environment, which threads would share.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from ..module_utils._errors import MeshyardError

T = TypeVar("T")
AT_ONCE = 8


@dataclass(frozen=True)
class Problem:
    """Why nothing came of the work on one cluster."""

    message: str
    code: str = ""


@dataclass
class _Worker:
    process: Any
    answer: Connection
    deadline: float

    def end(self) -> None:
        """Ends it with all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.answer.close()


def each(work: Mapping[str, Callable[[], T]], timeout: float, at_once: int = AT_ONCE) -> dict[str, T | Problem]:
    """What comes of each work, or why nothing does, in the order that they were given in.

    :param work: by name. :param timeout: seconds that each of them may take. :param at_once: how many are done at the same time.
    """
    waiting, running = list(work), dict[str, _Worker]()
    found: dict[str, T | Problem] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                name = waiting.pop(0)
                running[name] = _start(work[name], timeout)
            first = min(worker.deadline for worker in running.values())
            wait([worker.answer for worker in running.values()], max(first - time.monotonic(), 0))
            for name, worker in list(running.items()):
                if worker.answer.poll():
                    found[name] = _answer(worker)
                elif time.monotonic() >= worker.deadline:
                    found[name] = Problem(f"it gave no answer in {timeout:g} s", "timed_out")
                else:
                    continue
                running.pop(name).end()
    finally:
        for worker in running.values():
            worker.end()
    return {name: found[name] for name in work}


def _start(work: Callable[[], T], timeout: float) -> _Worker:
    context = multiprocessing.get_context("fork")  # what is to be done is known already, whatever it refers to
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, theirs), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, time.monotonic() + timeout)


def _run(work: Callable[[], T], answer: Connection) -> None:
    """In a process of its own, which leads a group so that all of it can be ended."""
    os.setpgid(0, 0)
    try:
        answer.send(work())
    except MeshyardError as problem:
        answer.send(Problem(problem.problem.rstrip("."), problem.code))
    except Exception as problem:  # login programs and libraries fail in many ways, none of which ends the others
        answer.send(Problem(f"it failed by {type(problem).__name__}"))
        raise SystemExit(1) from problem
    finally:
        answer.close()


def _answer(worker: _Worker) -> Any:
    try:
        return worker.answer.recv()
    except EOFError:
        return Problem("the process that asked it ended without an answer")
