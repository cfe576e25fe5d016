"""Modules started by forks of a process that has imported what they need; see `tests.harness.forking`."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from typing import IO, Any

from tests import tree

_AT_ONCE = 2
_turn = itertools.count()


class Forked:
    """A module that was started, with the part of C(subprocess.Popen) that tests use.

    :ivar returncode: None until C(wait) has seen the end; the negative number of the signal that ended it.
    """

    def __init__(self, request: Mapping[str, Any]) -> None:
        """Starts the module.

        :param request: C(name) of the module, its C(arguments) and its whole C(environment).
        """
        self._output, self._errors = _file(), _file()
        read, write = os.pipe()
        with _file() as file:
            file.write(json.dumps(request).encode())
            file.seek(0)
            files = [file.fileno(), self._output.fileno(), self._errors.fileno(), write]
            socket.send_fds(_parent(next(_turn) % _AT_ONCE), [b"!"], files)
        os.close(write)
        self._status = os.fdopen(read, "rb", buffering=0)
        self.returncode: int | None = None
        self._said = ("", "")
        self.pid = int(self._line(60))

    def wait(self, timeout: float) -> int:
        """The status of the module at its end; C(TimeoutExpired) when it does not end within so many seconds."""
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(int(self._line(timeout)))
            self._status.close()
            self._said = _content(self._output), _content(self._errors)
        return self.returncode

    def communicate(self, timeout: float = 60) -> tuple[str, str]:
        """What the module wrote to standard output and errors until its end."""
        self.wait(timeout)
        return self._said

    def kill(self) -> None:
        """Ends it by a signal that it cannot handle."""
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Asks it to end."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _line(self, seconds: float) -> bytes:
        deadline, found = time.monotonic() + seconds, b""
        while not found.endswith(b"\n"):
            if not select.select([self._status], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise subprocess.TimeoutExpired("a module", seconds)
            more = self._status.read(1)
            if not more:
                raise AssertionError("The process that starts modules has died; see its error above.")
            found += more
        return found


def _file() -> IO[bytes]:
    return os.fdopen(os.memfd_create("module"), "w+b")


def _content(file: IO[bytes]) -> str:
    with file:
        file.seek(0)
        return file.read().decode()


@cache
def _parent(_number: int) -> socket.socket:
    """How to ask one of the processes that fork.

    Calls take turns between several, for each has an order of its own in which it goes through sets: what depends on it would
    otherwise look the same in every call.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = [sys.executable, "-m", "tests.harness.forking", str(theirs.fileno())]
        environment = {key: value for key, value in os.environ.items() if key not in ("KUBECONFIG", "PYTHONHASHSEED")}
        environment["PYTHONPATH"] = str(tree.linked())
        process = subprocess.Popen(command, cwd=tree.ROOT, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
    atexit.register(_end, process, ours)
    return ours


def _end(process: subprocess.Popen[bytes], ours: socket.socket) -> None:
    ours.close()
    process.wait(10)
