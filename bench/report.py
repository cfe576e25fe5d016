"""The report of a large mesh: from the last answer of its API server to both files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import crowd
from lab.apiserver import ApiServer
from tests.harness import playbook
from tests.harness.lab import audit

SIZES = (100, 1_000, 10_000)
_MIB = 2**20


def run(folder: Path, sizes: Sequence[int] = SIZES) -> list[dict[str, Any]]:
    """The figures by number of pods."""
    return [_report(server, pods, folder) for server, pods in crowd.growing(folder, "reported", sizes)]


def _report(server: ApiServer, pods: int, folder: Path) -> dict[str, Any]:
    """What the playbook does after the last answer is the making of the report, with Ansible's own part in it."""
    written = folder / f"report-{pods}"
    hosts = {"istio_primary": {"eu": {"ansible_connection": "local", "meshyard_kubeconfig": str(server.kubeconfig)}}}
    begin = audit.now()
    done = playbook.play("report", hosts, folder, mesh_report_directory=str(written))
    end = audit.now()
    if done.status:
        raise SystemExit(f"The report of {pods} pods ended with {done.status}: {done.said[-3000:]}")
    document = json.loads((written / "mesh.json").read_text())
    told = document["migration"]["pods"]["total"]
    if told != pods:
        raise SystemExit(f"The report tells of {told} pods of {pods}.")
    return {
        "pods": pods,
        "seconds": _between(_last_answer(server.audit_log, begin), end),
        "mib": _mib(written / "mesh.html"),
        "data_mib": _mib(written / "mesh.json"),
        "whole_seconds": _between(begin, end),
    }


def _last_answer(log: Path, begin: str) -> str:
    """When the collection got its last answer."""
    answers = (one for one in audit.events(log) if one.get("stage") == "ResponseComplete" and one["stageTimestamp"] >= begin)
    return max(str(one["stageTimestamp"]) for one in answers if str(one.get("userAgent", "")).startswith(audit.COLLECTION))


def _between(begin: str, end: str) -> float:
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds(), 2)


def _mib(file: Path) -> float:
    return round(file.stat().st_size / _MIB, 2)
