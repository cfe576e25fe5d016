"""Modules of the collection, run as real processes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests import tree
from tests.harness.forked import Forked

# One holder of the Lease for all calls that do not name another one: a call that was killed holds up none of the next.
_RUN = {"MESHYARD_RUN_ID": "the tests"}
_CREDENTIALS = ("K8S_AUTH_", "KUBECONFIG", "MESHYARD_")

called: set[str] = set()
"""The modules that ran in this process of pytest."""


def clean_environment() -> dict[str, str]:
    """That of this process without credentials, in which modules find the collection."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(_CREDENTIALS)}
    return {**inherited, "PYTHONPATH": str(tree.linked()), **_RUN}


@dataclass(frozen=True)
class Call:
    """A module with its options, ready to run.

    :ivar environment: further environment variables.
    """

    name: str
    options: Mapping[str, Any]
    check: bool = False
    diff: bool = False
    environment: Mapping[str, str] | None = None

    def start(self) -> Forked:
        """Starts the module and returns its process."""
        called.add(self.name)
        environment = {**clean_environment(), **(self.environment or {})}
        arguments = {**self.options, "_ansible_check_mode": self.check, "_ansible_diff": self.diff}
        request = {"ANSIBLE_MODULE_ARGS": arguments}
        return Forked({"name": self.name, "environment": environment, "arguments": request})

    def run(self, seconds: float = 100) -> dict[str, Any]:
        """Runs the module to its end and returns what it answered, failed or not."""
        return answer(self.start(), seconds)


def answer(process: Forked, seconds: float = 100) -> dict[str, Any]:
    """What a module answers at its end."""
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
        raise
    try:
        found: dict[str, Any] = json.loads(output)
    except json.JSONDecodeError:
        raise AssertionError(f"The module ended with {process.returncode} and no answer: {output}{errors}") from None
    return found
