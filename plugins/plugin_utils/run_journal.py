# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What the modules of a run did, one line of JSON for each call, where a play asked for a record of its change.

A play asks by making the file. Without it nothing is written.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ..module_utils._words import counted
from . import upgrade_report

VARIABLE = "meshyard_report_directory"
FILE = "change.journal"
_MOVES, _RELEASES = "namespace_revision", "workload_canary"


def path(folder: str) -> str:
    """The file in a folder, which may be written as one of the present directory or of the user's home."""
    return os.path.join(os.path.realpath(os.path.expanduser(folder)), FILE)


def note(file: str, host: str, task: str, module: str, began: float, ended: float, result: Mapping[str, Any]) -> None:
    """Appends what a call came to, in one write.

    :param module: its name without a namespace. :param began: seconds since the epoch.
    """
    line = json.dumps(entry(host, task, module, began, ended, result))
    try:
        # Hosts write at the same time. The file is not made here.
        target = os.open(file, os.O_WRONLY | os.O_APPEND)
    except OSError:  # a record that cannot be written is no reason to fail what it records
        return
    with open(target, "ab", buffering=0) as journal, contextlib.suppress(OSError):
        journal.write(f"{line}\n".encode())


def entry(host: str, task: str, module: str, began: float, ended: float, result: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a call."""
    failed = bool(result.get("failed"))
    return {
        "cluster": host,
        "task": task,
        "module": module,
        "began_at": datetime.fromtimestamp(began, UTC).isoformat(timespec="milliseconds"),
        "seconds": round(ended - began, 1),
        "changed": bool(result.get("changed")),
        "failed": failed,
        "verdict": str(result.get("verdict") or ""),
        "details": [str(result.get("msg") or "It failed.")] if failed else _details(module, result),
    }


def entries(file: str) -> list[dict[str, Any]]:
    """The entries of a file; none where check mode made none."""
    try:
        with open(file, encoding="utf-8") as source:
            return read(source.read())
    except OSError:
        return []


def read(text: str) -> list[dict[str, Any]]:
    """The entries of a journal; a line that a killed run left half written is passed over."""
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return [one for one in found if isinstance(one, dict) and {"began_at", "cluster", "task"} <= one.keys()]


def _details(module: str, result: Mapping[str, Any]) -> list[str]:
    """What it tells: of a gate its evidence, of a move how many restarted, of a release its image, of all how many objects they changed."""
    evidence: Sequence[Any] = result.get("evidence") or ()
    told = [str(one["detail"]) for one in evidence if isinstance(one, Mapping) and one.get("detail")]
    if told:
        return told
    if module == _MOVES and result.get("namespaces"):
        return [upgrade_report.moved(result)]
    steps = len(result.get("steps") or ())
    return [*_image(module, result), *([counted(steps, "change")] if steps else [])]


def _image(module: str, result: Mapping[str, Any]) -> list[str]:
    """The image with which a release was asked to begin."""
    given = ((result.get("invocation") or {}).get("module_args") or {}).get("image") if module == _RELEASES else None
    return [f"image {given}"] if given else []
