# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""One problem of a report: its object, what shows it, and the command that mends it or looks closer."""

from __future__ import annotations

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


def contexts(clusters: Sequence[Row]) -> dict[str, str]:
    """The contexts of a kubeconfig by which clusters are reached."""
    return {row["cluster"]: row["context"] for row in clusters if row.get("context")}


def kubectl(known: Mapping[str, str], row: Row, *words: str) -> str:
    """A command of kubectl for the cluster of a row."""
    context = known.get(row["cluster"])
    return shlex.join(["kubectl", *(["--context", context] if context else []), *words])


def playbook(name: str, *words: str) -> str:
    """A playbook of this collection."""
    return shlex.join(["ansible-playbook", f"meshyard.istio.{name}", *words])
