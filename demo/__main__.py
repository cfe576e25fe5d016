"""`make demo`: a live mesh is upgraded from one Istio version to the next while its users keep asking.

The load begins before the upgrade and ends after it. What is claimed at the end is computed from what other programs wrote.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from demo import dump, playbooks, report, result, target
from demo.cluster import Cluster
from demo.drift import break_one_field
from demo.load import GatewayLoad, Load, MeshLoad
from demo.settings import EVIDENCE, GATEWAY, GATEWAY_NAMESPACE, NEW, OLD, OLD_VERSION, RESULT, ROOT, WORK, Target
from demo.syncz import proxies

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
    playbooks.install_collection()
    cluster = Cluster(where)
    install(where)
    check = predict(where)
    before = dump.take("before", cluster)
    upgrade_window = upgrade(where, cluster)
    after = dump.take("after", cluster)
    syncz = proxies(cluster, EVIDENCE / "syncz.json")
    broken = break_one_field(cluster)
    drift = playbooks.play("drift", UPGRADE, where, "-e", "canary_upgrade_retire=true")
    third = playbooks.play("third", UPGRADE, where, "-e", "canary_upgrade_retire=true")
    facts = collect(before, after, syncz, upgrade_window)
    facts["drift_broken"] = broken
    facts["drift_run_changed"] = result.steps(drift)
    facts["third_run_changed"] = len(result.steps(third))
    facts["check"] = {**check, "done": len(result.steps(EVIDENCE / "upgrade.tasks.jsonl"))}
    facts["seconds"] = round(time.time() - began)
    RESULT.write_text(json.dumps(facts, indent=1) + "\n")
    return report.show(facts)


def install(where: Target) -> None:
    """The old plane, the gateway and the shop."""
    playbooks.play("install", "meshyard.istio.install", where)
    names = {"demo_gateway": GATEWAY, "demo_gateway_namespace": GATEWAY_NAMESPACE}
    playbooks.play("setup", str(ROOT / "demo" / "setup.yml"), where, "-e", json.dumps(names))


def predict(where: Target) -> dict[str, int | None]:
    """The same upgrade in check mode: what it says, and what it wrote; None where nobody can read the audit log."""
    begin = _now()
    tasks = playbooks.play("check", UPGRADE, where, "--check", "-e", "canary_upgrade_retire=true")
    written = dump.writes_by(dump.audit(where), "meshyard", begin, _now())
    return {"predicted": len(result.steps(tasks)), "writes_in_check": len(written) if where.audit_log else None}


def upgrade(where: Target, cluster: Cluster) -> dict[str, float]:
    """The upgrade under load; its begin and end."""
    loads = clients(where, cluster)
    for load in loads:
        load.start()
    time.sleep(WARM_UP_SECONDS)
    begin = time.time()
    try:
        playbooks.play("upgrade", UPGRADE, where, "-e", "canary_upgrade_retire=true")
    finally:
        end = time.time()
        time.sleep(COOL_DOWN_SECONDS)
        for load in loads:
            load.stop()
        shutil.copy(where.audit_log, EVIDENCE / "audit.log") if where.audit_log else None
    (EVIDENCE / "load-problems.json").write_text(json.dumps([text for load in loads for text in load.problems]))
    return {"begin": begin, "end": end}


def clients(where: Target, cluster: Cluster) -> list[Load]:
    """One client through the gateway, and one in each service of the shop."""
    directory = EVIDENCE / "load"
    fortio = str(ROOT / ".lab" / "bin" / "fortio") if where.audit_log else shutil.which("fortio")
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


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


if __name__ == "__main__":
    os.chdir(ROOT)
    WORK.mkdir(parents=True, exist_ok=True)
    sys.exit(main())
