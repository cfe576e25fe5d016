"""What the tasks of a playbook came to, from the file that the callback C(evidence) writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def lines(path: Path) -> list[dict[str, Any]]:
    """The JSON lines of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def steps(tasks: Path) -> list[str]:
    """What the modules of a run changed (or, in check mode, would have), one line per object and field."""
    found: set[str] = set()
    for line in lines(tasks):
        for step in line.get("steps") or () if line.get("changed") else ():
            place = f"{step['namespace']}/{step['name']}" if step.get("namespace") else step["name"]
            fields = step.get("fields") or [""]
            found.update(f"{step['action']} {step['kind']} {place} {field}".strip() for field in fields)
    return sorted(found)
