# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""One problem of a report: its object, what shows it, and the command that mends it or looks closer."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Problem = dict[str, str]
SEVERITIES = ("error", "warning", "info")


def problem(severity: str, code: str, row: Row, name: str, evidence: str, command: str) -> Problem:
    """A problem.

    :param row: tells the cluster. :param name: the object.
    """
    words = {"severity": severity, "code": code, "cluster": str(row["cluster"]), "object": name, "evidence": evidence}
    return {**words, "command": command}


def connections(clusters: Sequence[Row]) -> dict[str, Row]:
    """By what clusters are reached, by their names."""
    return {row["cluster"]: row for row in clusters}


def kubectl(known: Mapping[str, Row], row: Row, *words: str) -> str:
    """A command of kubectl for the cluster of a row, and for no other one that a context of the same name leads to."""
    way = known.get(row["cluster"], {})
    files, context, server = way.get("kubeconfig"), way.get("context"), way.get("host")
    several = [] if not files or os.pathsep not in files else ["env", f"KUBECONFIG={files}"]
    file = ["--kubeconfig", files] if files and not several else []
    named = ["--context", context] if context else ["--server", server] if server and not files else []
    return shlex.join([*several, "kubectl", *file, *named, *words])


def playbook(name: str, *words: str) -> str:
    """A playbook of this collection."""
    return shlex.join(["ansible-playbook", f"meshyard.istio.{name}", *words])
