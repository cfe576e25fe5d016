# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Output of a run for people who watch it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: stdout
author: Meshyard contributors (@meshyard)
version_added: 1.0.0
short_description: Shows a run as its phases and waves, what is waited for, and what gates have judged
description:
  - Shows the phases of a run, how far its waves or steps are and which are left, what each cluster waits for and how long already,
    the verdicts of gates with their figures, and at the end each cluster in few lines.
  - A failure of a module of this collection is shown as what is wrong, what to do about it, its code, and what else it returned.
  - On a terminal the last line tells what happens now and is drawn again every second. Where there is none, in AWX and ansible-runner,
    in CI systems (which set E(CI)), with E(NO_COLOR) or with E(TERM=dumb) every event is a line, and nothing moves.
  - Tasks of other collections are shown much as by P(ansible.builtin.default#callback), in fewer lines.
requirements: [set as stdout in configuration]
extends_documentation_fragment:
  - default_callback
  - result_format_callback
options:
  live:
    description:
      - Whether the last line is drawn again and again. V(auto) does it on a terminal.
    type: str
    choices: [auto, always, never]
    default: auto
    env:
      - name: MESHYARD_PROGRESS_LIVE
    ini:
      - section: callback_meshyard_progress
        key: live
  display_skipped_hosts:
    description: Whether to show what is skipped.
    type: bool
    default: false
    env:
      - name: ANSIBLE_DISPLAY_SKIPPED_HOSTS
    ini:
      - section: defaults
        key: display_skipped_hosts
  result_format:
    description: The format of what a failed task returned, and with C(-v) of every result.
    type: str
    choices: [json, yaml]
    default: yaml
    env:
      - name: ANSIBLE_CALLBACK_RESULT_FORMAT
    ini:
      - section: defaults
        key: callback_result_format
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback.default import CallbackModule as DefaultCallback

from ..plugin_utils import live_line, progress_lines, task_results
from ..plugin_utils.progress_lines import TROUBLE, Line, Result, Status
from ..plugin_utils.progress_run import Run

# What every role with argument specs begins with.
_VALIDATION = ("validate_argument_spec", "ansible.builtin.validate_argument_spec")
# Those whose message is all that there is to say.
_PLAIN_FAILURES = tuple(f"{place}{name}" for place in ("", "ansible.builtin.", "ansible.legacy.") for name in ("fail", "assert"))
_BY_HOST = ("free", "host_pinned")  # strategies in which each host is at a task of its own
_PROMPTING = ("pause", "ansible.builtin.pause", "ansible.legacy.pause")


class CallbackModule(DefaultCallback):  # type: ignore[misc]  # Ansible is published without types
    """Called by Ansible for every event. It is made from Ansible's own, as AWX and plugin_utils/stdout.py expect of output for people."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "meshyard.istio.progress"

    def __init__(self) -> None:
        super().__init__()
        self._run, self._lock = Run(time.monotonic), threading.Lock()
        self._screen: live_line.Screen | None = None

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """The run begins."""
        super().v2_playbook_on_start(playbook)
        self._screen = live_line.Screen(self._display, self._hear, self._live_text, live=self._is_live())

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """A play begins."""
        self._play = play
        hosts = [] if isinstance(play.hosts, str) else [str(each) for each in play.hosts]
        self._tell(lambda run: run.play(play.get_name().strip(), hosts, check=bool(play.check_mode)))

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """A task begins."""
        self._begin(task)

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """A handler begins."""
        self._begin(task, handler=True)

    def v2_playbook_on_include(self, included_file: Any) -> None:
        """A file is included, for one item of a loop."""
        label = self._get_item_label(included_file._vars)
        with self._lock:
            self._run.included(str(included_file._filename), str(label or ""))

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """A host begins a task."""
        with self._lock:
            self._run.started(host.get_name())

    def v2_runner_on_ok(self, result: Any) -> None:
        """A task is done on a host."""
        self._end(result, "changed" if task_results.values(result).get("changed") else "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A task has failed on a host."""
        self._end(result, "failed", ignored=ignore_errors)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host cannot be reached."""
        self._end(result, "unreachable", ignored=bool(task_results.task(result).ignore_unreachable))

    def v2_runner_on_skipped(self, result: Any) -> None:
        """A task is not needed on a host."""
        self._end(result, "skipped")

    def v2_runner_item_on_ok(self, result: Any) -> None:
        """An item of a task is done on a host."""
        self._end(result, "changed" if task_results.values(result).get("changed") else "ok", item=True)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        """An item of a task has failed on a host."""
        self._end(result, "failed", item=True)

    def v2_runner_item_on_skipped(self, result: Any) -> None:
        """An item of a task is not needed on a host."""
        self._end(result, "skipped", item=True)

    def v2_runner_retry(self, result: Any) -> None:
        """A task is tried again."""
        host, attempt = task_results.host(result), task_results.values(result).get("attempts")
        self._tell(lambda run: run.told(host, f"not yet, attempt {attempt}"), hint=True)

    def v2_on_file_diff(self, result: Any) -> None:
        """What a task changed or would change."""
        values = task_results.values(result)
        items = values["results"] if task_results.is_whole_loop(result) else [values]
        found = [self._get_diff(one["diff"]) for one in items if isinstance(one, dict) and one.get("diff") and one.get("changed")]
        if any(found):
            self._tell(lambda run: [*run.heading(), *(Line(text.rstrip("\n")) for text in found if text)])

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """The run ends."""
        hosts = {host: stats.summarize(host) for host in stats.processed}
        self._tell(lambda run: run.summary(hosts))
        if stats.custom and self._option("show_custom_stats", False):
            self._tell(lambda _run: [Line(f"{host}: {self._dump_results(found)}") for host, found in sorted(stats.custom.items())])
        if self._screen:
            self._screen.close()

    def _begin(self, task: Any, *, handler: bool = False) -> None:
        with self._lock:
            self._run.task(task.get_name(), handler=handler, quiet=task.action in _PROMPTING)
        if self._display.verbosity >= 2:
            self._tell(lambda run: [*run.heading(), Line(f"  task path: {task.get_path()}", "waiting")])

    def _end(self, result: Any, status: Status, *, item: bool = False, ignored: bool = False) -> None:
        """One event of a host: what it has to show goes out."""
        host, task = task_results.host(result), task_results.task(result)
        plain = isinstance(task, TaskInclude) or (task.action in _VALIDATION and self._display.verbosity == 0)
        hidden = (plain and status not in TROUBLE) or self._is_hidden(status) or (not item and task_results.is_whole_loop(result))
        with self._lock:
            if str(self._play.strategy).rpartition(".")[2] in _BY_HOST:
                self._run.at(task_results.name(result))
            seconds = self._run.took(host)
        shown = None if hidden else self._result(result, status, ignored=ignored, seconds=seconds)
        self._tell(lambda run: (run.item if item else run.ended)(host, shown))

    def _is_hidden(self, status: Status) -> bool:
        if status == "skipped":
            return not self._option("display_skipped_hosts", False)
        return status == "ok" and not self._option("display_ok_hosts", True)

    def _result(self, result: Any, status: Status, *, ignored: bool, seconds: float) -> Result:
        """What is shown of a result; warnings go out before it."""
        self._warn(result, status)
        values, message = task_results.values(result), task_results.message(result)
        label = str(self._get_item_label(values) or "") if task_results.is_item(result) else ""
        rest: dict[str, Any] = {}
        if self._display.verbosity > 0:
            rest = values
        elif status in TROUBLE:
            rest = progress_lines.further(values)
        elif self._run_is_verbose(result) and message is None:
            rest = {name: value for name, value in values.items() if name not in self._hide_in_debug}
        details = self._dump_results(dict(rest)) if rest else ""
        said = label if message is None or status in TROUBLE else message
        return Result(self.host_label(result), status, values, said, details, ignored, seconds)

    def _warn(self, result: Any, status: Status) -> None:
        """Warnings of a task, and where its failure does not speak for itself what Ansible knows of the reason."""
        values, action = task_results.values(result), task_results.task(result).action
        plain = "problem" in values or action in _PLAIN_FAILURES
        explained = status in TROUBLE and "exception" in values and (not plain or self._display.verbosity > 2)
        if explained or values.get("warnings") or values.get("deprecations"):
            self._tell(lambda run: run.heading())
        self._handle_warnings(values)
        if explained:
            self._handle_exception(values, use_stderr=bool(self._option("display_failed_stderr", False)))

    def _hear(self, message: str) -> list[Line] | None:
        with self._lock:
            heard = progress_lines.heard(message, self._run.hosts)
            return None if heard is None else self._run.told(*heard)

    def _live_text(self, width: int) -> str:
        with self._lock:
            return self._run.live(width)

    def _tell(self, take: Callable[[Run], list[Line]], *, hint: bool = False) -> None:
        """Shows what an event becomes. No lock is held meanwhile."""
        with self._lock:
            lines = take(self._run)
        if self._screen and hint:
            self._screen.hint(lines)
        elif self._screen:
            self._screen.show(lines, stderr=bool(self._option("display_failed_stderr", False)))

    def _option(self, name: str, default: Any) -> Any:
        """An option; AWX makes a callback of its own from this one, which knows those of Ansible's alone."""
        try:
            return self.get_option(name)
        except KeyError:
            return default

    def _is_live(self) -> bool:
        chosen = self._option("live", "auto")
        return chosen == "always" or (chosen == "auto" and live_line.is_terminal(sys.stdout, os.environ))
