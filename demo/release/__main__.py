"""`make demo-release`: a good version gets all traffic by steps and is promoted, a bad one is taken back at the first gate.

Customers ask all the time, through a gateway and inside the mesh. What is claimed at the end is computed from what other programs wrote.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from demo.release import report, result
from demo.settings import COLLECTIONS, EVIDENCE, RESULT, ROOT, WORK
from demo.target import of_empty_lab
from lab import cluster as lab_cluster
from lab.addresses import chosen
from tests.harness.lab import ansible_playbook, released, written
from tests.harness.lab.istio_metrics import RequestMetrics
from tests.harness.lab.reader import Reader
from tests.harness.lab.release_settings import ERRORS, RELEASE, answering, variables
from tests.harness.lab.released import IMAGES, NAMESPACE, Customers
from tests.harness.lab.settings import GATEWAY, GATEWAY_NAMESPACE
from tests.harness.lab.target import Target, kubectl
from tests.harness.metrics import Prometheus

CLUSTER = "central"
INSTALL = "meshyard.istio.install"


def main() -> int:
    """Runs the demonstration and prints its table; 0 when every line is as it should be."""
    began = time.time()
    shutil.rmtree(EVIDENCE, ignore_errors=True)
    EVIDENCE.mkdir(parents=True)
    where = of_empty_lab()
    ansible_playbook.install_collection(WORK)
    install(where)
    sidecars = EVIDENCE / "sidecars.json"
    sidecars.write_text("[]")
    with (
        RequestMetrics(CLUSTER, lab_cluster.client(chosen(CLUSTER)[0]), sidecars) as metrics,
        Prometheus(WORK / "prometheus", metrics, sidecars).running() as prometheus,
    ):
        release("bad", where, prometheus, expect=2, patch=answering(ERRORS))
        result.keep_counts(prometheus, EVIDENCE)
        release("good", where, prometheus, image=IMAGES["2"])
    shutil.copy(str(where.audit_log), EVIDENCE / "audit.log")
    facts = {"good": result.good(EVIDENCE), "bad": result.bad(EVIDENCE)}
    RESULT.write_text(json.dumps(facts, indent=1) + "\n")
    return report.show(facts, result.promoted(EVIDENCE), round(time.time() - began))


def install(where: Target) -> None:
    """A control plane with a gateway, and version 1 of the service."""
    kubectl(where, "create", "namespace", GATEWAY_NAMESPACE)
    gateway = {"name": GATEWAY, "namespace": GATEWAY_NAMESPACE, "values": {"imagePullPolicy": "IfNotPresent"}}
    play("install", INSTALL, where, istio_control_plane_gateways=[gateway])
    released.put(where)


def release(name: str, where: Target, prometheus: Prometheus, *, expect: int = 0, **workload: Any) -> None:
    """A release under load, between two dumps."""
    places = (NAMESPACE, GATEWAY_NAMESPACE)
    written.dump(where, EVIDENCE / f"{name}-before.json", *places)
    with Customers(CLUSTER, Reader(where), EVIDENCE / f"{name}-load") as customers:
        play(name, RELEASE, where, expect=expect, **variables(prometheus.url, **workload))
    (EVIDENCE / f"{name}-load-problems.json").write_text(json.dumps(customers.problems))
    written.dump(where, EVIDENCE / f"{name}-after.json", *places)


def play(name: str, playbook: str, where: Target, *, expect: int = 0, **given: Any) -> Path:
    """Runs a playbook of the installed collection; the file of its task results."""
    extra = ("-e", json.dumps(given))
    return ansible_playbook.play(name, playbook, where, *extra, evidence=EVIDENCE, collections=COLLECTIONS, expect=expect)


if __name__ == "__main__":
    os.chdir(ROOT)
    WORK.mkdir(parents=True, exist_ok=True)
    sys.exit(main())
