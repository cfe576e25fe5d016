"""Writes one JSON line per task result: when, which task, and which steps its module reported."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: evidence
type: notification
short_description: One JSON line per task result
description:
  - Appends when a task of a host ended, its name, and the steps that its module reported to a file.
options:
  file:
    description: The file to append to.
    type: path
    required: true
    env:
      - name: EVIDENCE_TASKS_FILE
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible is published without types
    """Called by Ansible for every task."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "evidence"
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._write({"event": "start", "task": task.get_name()})

    def v2_runner_on_ok(self, result: Any) -> None:
        self._result("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._result("failed", result)

    def _result(self, event: str, result: Any) -> None:
        answer = result._result
        items = answer.get("results", [answer])
        steps = [step for item in items if isinstance(item, dict) for step in item.get("steps", [])]
        predicted = [row for item in items if isinstance(item, dict) for row in item.get("prediction", [])]
        said = {"event": event, "host": result._host.get_name(), "task": result._task.get_name(), "changed": bool(answer.get("changed"))}
        self._write({**said, "steps": steps, **({"prediction": predicted} if predicted else {})})

    def _write(self, line: dict[str, Any]) -> None:
        with open(os.environ["EVIDENCE_TASKS_FILE"], "a", encoding="utf-8") as target:
            target.write(json.dumps({"time": time.time(), **line}) + "\n")
