"""`make demo`: a live mesh is upgraded from one Istio version to the next while its users keep asking.

The load begins before the upgrade and ends after it. What is claimed at the end is computed from what other programs wrote.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from demo import dump, report, result, target
from demo.settings import COLLECTIONS, EVIDENCE, RESULT, ROOT, VERSIONS, WORK
from lab.paths import program
from tests.harness.lab import ansible_playbook, audit
from tests.harness.lab.istiod import break_one_field, proxies
from tests.harness.lab.load import GatewayLoad, Load, MeshLoad
from tests.harness.lab.reader import Reader
from tests.harness.lab.settings import GATEWAY, GATEWAY_NAMESPACE, NEW, OLD, SETUP
from tests.harness.lab.target import Target
from tests.harness.lab.task_results import steps

UPGRADE = "meshyard.istio.upgrade"
WARM_UP_SECONDS, COOL_DOWN_SECONDS = 6, 6


def main() -> int:
    """Runs the demo and prints its table; 0 when nothing was lost and everything is on the new plane."""
    arguments = argparse.ArgumentParser(prog="demo", description=__doc__)
    arguments.add_argument("--inventory", type=Path, help="an inventory with your own cluster instead of the lab's")
    options = arguments.parse_args()
    began = time.time()
    shutil.rmtree(EVIDENCE, ignore_errors=True)
    EVIDENCE.mkdir(parents=True)
    where = target.of_user(options.inventory.resolve()) if options.inventory else target.of_empty_lab()
    ansible_playbook.install_collection(WORK)
    cluster = Reader(where)
    install(where)
    check = predict(where)
    before = dump.take("before", cluster)
    upgrade_window = upgrade(where, cluster)
    after = dump.take("after", cluster)
    syncz = proxies(cluster, EVIDENCE / "syncz.json")
    broken = break_one_field(cluster)
    drift = play("drift", UPGRADE, where, "-e", "canary_upgrade_retire=true")
    third = play("third", UPGRADE, where, "-e", "canary_upgrade_retire=true")
    facts = collect(before, after, syncz, upgrade_window)
    facts["drift_broken"] = broken
    facts["drift_run_changed"] = steps(drift)
    facts["third_run_changed"] = len(steps(third))
    facts["check"] = {**check, "done": len(steps(EVIDENCE / "upgrade.tasks.jsonl"))}
    facts["seconds"] = round(time.time() - began)
    RESULT.write_text(json.dumps(facts, indent=1) + "\n")
    return report.show(facts)


def play(name: str, playbook: str, where: Target, *arguments: str) -> Path:
    """Runs a playbook of the installed collection; the file of its task results."""
    return ansible_playbook.play(name, playbook, where, *arguments, evidence=EVIDENCE, collections=COLLECTIONS)


def install(where: Target) -> None:
    """The old plane, the gateway and the shop."""
    play("install", "meshyard.istio.install", where)
    names = {"sample_gateway": GATEWAY, "sample_gateway_namespace": GATEWAY_NAMESPACE}
    play("setup", str(SETUP), where, "-e", json.dumps(names))


def predict(where: Target) -> dict[str, int | None]:
    """The same upgrade in check mode: what it says, and what it wrote; None where nobody can read the audit log."""
    begin = audit.now()
    tasks = play("check", UPGRADE, where, "--check", "-e", "canary_upgrade_retire=true")
    if where.audit_log is None:
        return {"predicted": len(steps(tasks)), "writes_in_check": None}
    written = audit.writes_by(audit.events(where.audit_log), audit.COLLECTION, begin, audit.now())
    return {"predicted": len(steps(tasks)), "writes_in_check": len(written)}


def upgrade(where: Target, cluster: Reader) -> dict[str, float]:
    """The upgrade under load; its begin and end."""
    loads = clients(where, cluster)
    for load in loads:
        load.start()
    time.sleep(WARM_UP_SECONDS)
    begin = time.time()
    try:
        play("upgrade", UPGRADE, where, "-e", "canary_upgrade_retire=true")
    finally:
        end = time.time()
        time.sleep(COOL_DOWN_SECONDS)
        for load in loads:
            load.stop()
        shutil.copy(where.audit_log, EVIDENCE / "audit.log") if where.audit_log else None
    (EVIDENCE / "load-problems.json").write_text(json.dumps([text for load in loads for text in load.problems]))
    return {"begin": begin, "end": end}


def clients(where: Target, cluster: Reader) -> list[Load]:
    """One client through the gateway, and one in each service of the shop."""
    directory = EVIDENCE / "load"
    fortio = str(program("fortio")) if where.audit_log else shutil.which("fortio")
    if fortio is None:
        raise SystemExit("The load generator fortio is not installed here: install it from its releases and put it on PATH.")
    _uid, address = cluster.gateway_address(GATEWAY_NAMESPACE, GATEWAY)
    return [
        GatewayLoad(fortio, f"http://{address}/", "shop.example", directory),
        MeshLoad(cluster, ("shop-web", "web"), "http://catalog.shop-catalog:8080/", directory),
        MeshLoad(cluster, ("shop-catalog", "catalog"), "http://orders.shop-orders:8080/", directory),
        MeshLoad(cluster, ("shop-orders", "orders"), "http://web.shop-web:8080/", directory),
    ]


def collect(before: dict[str, Any], after: dict[str, Any], syncz: list[dict[str, Any]], window: dict[str, float]) -> dict[str, Any]:
    """The result but for the later runs."""
    loads = EVIDENCE / "load"
    sides = {"before": before["gateway"], "after": after["gateway"]}
    gateway = {f"{key}_{side}": seen[key] for key in ("uid", "address") for side, seen in sides.items()}
    return {
        "from_revision": OLD,
        "to_revision": NEW,
        "versions": VERSIONS,
        "load": result.window(list(loads.glob("*.json"))),
        "upgrade": window,
        "requests": result.requests(loads, EVIDENCE / "upgrade.tasks.jsonl"),
        **result.workloads(after, syncz),
        "gateway": gateway,
        "old_revision_present": result.old_plane_left(after),
    }


if __name__ == "__main__":
    os.chdir(ROOT)
    WORK.mkdir(parents=True, exist_ok=True)
    sys.exit(main())
