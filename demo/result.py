"""The result, computed from evidence alone: fortio's reports, the API audit log, task results and dumps."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from demo.settings import EVIDENCE
from tests.harness.lab.reader import is_ready, plane
from tests.harness.lab.settings import NEW, OLD
from tests.harness.lab.task_results import lines

STAGES = ("before", "preflight", "prepare", "gateways", "waves", "verify", "retire", "after")
_ANSWERED_BY = {"200": "old", "202": "new"}
_SIDE = {OLD: "old", NEW: "new"}


def requests(loads: Path, tasks: Path) -> dict[str, Any]:
    """Counts of all requests that the load generators sent, by stage of the upgrade and by pair of planes."""
    timeline = _timeline(tasks)
    by_stage: Counter[str] = Counter(dict.fromkeys(STAGES, 0))
    by_pair: Counter[str] = Counter({f"{a}-{b}": 0 for a in ("old", "new") for b in ("old", "new")})
    total = failed = 0
    for path in sorted(loads.glob("*.json")):
        run = json.loads(path.read_text())
        codes = {str(code): count for code, count in run["fortio"]["RetCodes"].items()}
        count = sum(codes.values())
        total += count
        failed += sum(count for code, count in codes.items() if code not in _ANSWERED_BY)
        by_stage[_stage(timeline, run["begin"])] += count
        caller = _SIDE.get(run["client_plane"])
        for code, side in _ANSWERED_BY.items() if caller else ():
            by_pair[f"{caller}-{side}"] += codes.get(code, 0)
    return {"total": total, "failed": failed, "by_stage": dict(by_stage), "by_plane_pair": dict(by_pair)}


def window(paths: list[Path]) -> dict[str, float]:
    """Begin and end of the load, as the load generators' files say."""
    runs = [json.loads(path.read_text()) for path in paths]
    return {"begin": min(run["begin"] for run in runs), "end": max(run["end"] for run in runs)}


def workloads(after: dict[str, Any], syncz: list[dict[str, Any]]) -> dict[str, Any]:
    """How many workloads and pods are on the new plane, and which proxy versions istiod sees."""
    pods = [pod for pod in after["pods"] if is_ready(pod)]
    on_target = [pod for pod in pods if plane(pod) == NEW]
    owners = {_workload(pod) for pod in pods}
    behind = {_workload(pod) for pod in pods if plane(pod) != NEW}
    versions = Counter(str(proxy.get("istio_version", "unknown")) for proxy in syncz)
    return {
        "workloads": {"total": len(owners), "on_target": len(owners - behind)},
        "pods": {"total": len(pods), "on_target": len(on_target), "proxy_versions": dict(versions)},
    }


def old_plane_left(after: dict[str, Any]) -> bool:
    """Whether anything that the old plane consists of is still there."""
    names = [item["metadata"]["name"] for key in ("istio-system", "mutating", "validating") for item in after[key]]
    return any(name.endswith(OLD) or f"-{OLD}-" in name for name in names)


def _workload(pod: dict[str, Any]) -> tuple[str, str]:
    owner = (pod["metadata"].get("ownerReferences") or [{"name": pod["metadata"]["name"]}])[0]["name"]
    return pod["metadata"]["namespace"], owner.rsplit("-", 1)[0]


def _timeline(tasks: Path) -> list[tuple[float, str]]:
    """When each stage began: the names of the role's tasks begin with the phase."""
    began: list[tuple[float, str]] = []
    for line in lines(tasks):
        phase = line["task"].rpartition(" : ")[2].partition(" | ")[0].lower()
        if line["event"] == "start" and phase in STAGES and (not began or began[-1][1] != phase):
            began.append((line["time"], phase))
    began.append((lines(tasks)[-1]["time"], "after"))
    return began


def _stage(timeline: list[tuple[float, str]], at: float) -> str:
    current = "before"
    for began, stage in timeline:
        if began > at:
            break
        current = stage
    return current


def evidence(name: str) -> dict[str, Any]:
    """A dump by its name."""
    found: dict[str, Any] = json.loads((EVIDENCE / f"{name}.json").read_text())
    return found
