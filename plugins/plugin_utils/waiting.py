# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The action plugin of every module that writes or waits: it shows progress, and tells an orphaned module that its run is gone."""

from __future__ import annotations

import getpass
import math
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase

from . import run_journal
from .stdout import is_for_people

REPEAT_SECONDS = 30.0
SPACING_SECONDS = 10.0
_POLL_SECONDS = 0.5


class WaitingAction(ActionBase):  # type: ignore[misc]  # Ansible is published without types
    """Runs the module of the same name with a private file for progress and one that says the run is alive."""

    supports_raw_params = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The result of the module, unchanged."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        result.pop("invocation", None)
        host = str(variables.get("inventory_hostname", "localhost"))
        began = time.time()
        with Watch(lambda line: self._display.display(f"[{host}] {line}", stderr=not is_for_people())) as watch:
            environment = {"MESHYARD_RUN_ID": run_id(variables), "MESHYARD_RUN_HOST": host}
            if self._connection.transport == "local":  # elsewhere the module could not see these files
                environment.update(watch.environment)
            self._task.environment = [*(self._task.environment or []), environment]
            result.update(self._execute_module(task_vars=variables, wrap_async=self._task.async_val))
        self._note(host, variables, began, result)
        return result

    def _note(self, host: str, variables: Mapping[str, Any], began: float, result: Mapping[str, Any]) -> None:
        """Keeps what the module did for the record of a change, where the play asked for one."""
        folder = variables.get(run_journal.VARIABLE)
        if not folder or self._task.check_mode:
            return
        file = run_journal.path(str(self._templar.template(folder)))
        told = {"failed": result.get("failed"), "changed": result.get("changed")} if self._task.no_log else result
        module = str(self._task.action).rpartition(".")[2]
        run_journal.note(file, host, str(self._task.name), module, began, time.time(), told)


class Watch:
    """Shows the newest of the lines that a module appends, and notices when the run dies.

    The first one is shown at once, a further one after a while, for they tell of a state and are no log. The last one is repeated when
    nothing comes.

    :ivar environment: the variables by which the module finds its files.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._parent = os.getppid()
        os.makedirs(constants.DEFAULT_LOCAL_TMP, mode=0o700, exist_ok=True)
        self._directory = tempfile.mkdtemp(prefix="meshyard-", dir=constants.DEFAULT_LOCAL_TMP)
        self._progress = os.path.join(self._directory, "progress")
        self._alive = os.path.join(self._directory, "alive")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="meshyard-progress", daemon=True)
        self.environment = {"MESHYARD_PROGRESS_FILE": self._progress, "MESHYARD_ALIVE_FILE": self._alive}

    def __enter__(self) -> Watch:
        for path in (self._progress, self._alive):
            with open(path, "x", encoding="utf-8"):
                pass
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join(timeout=5)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _follow(self) -> None:
        last, news, started, shown = "", False, time.monotonic(), -math.inf
        with open(self._progress, encoding="utf-8") as source:
            while not self._ended.wait(_POLL_SECONDS):
                if os.getppid() != self._parent:
                    self._orphaned()
                    return
                for line in source:
                    last, news = line.rstrip("\n"), True
                now = time.monotonic()
                if news and now - shown >= SPACING_SECONDS:
                    news, shown = False, now
                    self._show(last)
                elif last and now - shown >= REPEAT_SECONDS:
                    shown = now
                    self._show(f"{last} ({now - started:.0f} s)")

    def _orphaned(self) -> None:
        """SIGKILL of ansible-playbook leaves this worker and the module running: the module must not write any more."""
        os.unlink(self._alive)


def run_id(variables: Mapping[str, Any]) -> str:
    """Who runs, for other runs to read: the AWX job, or the user, the machine and the process of ansible-playbook."""
    for name in ("awx_job_id", "tower_job_id"):
        if variables.get(name):
            return f"AWX job {variables[name]}"
    return f"{_user()} on {os.uname().nodename} (process {os.getppid()})"


def _user() -> str:
    """The user's name; containers may run as a number that has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
