"""`make demo-multicluster`: two clusters become one mesh, fail over, share traffic by weights, are upgraded under load, and part."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time

from demo.mesh import report
from demo.settings import EVIDENCE, RESULT, ROOT, WORK
from tests.harness.lab import members as clusters
from tests.harness.lab import objects, steps
from tests.harness.lab.ansible_playbook import install_collection
from tests.harness.lab.target import run_lab

HOSTS = {clusters.REMOTE: {"remote_cluster_reach": "pods", "remote_cluster_namespaces": [clusters.NAMESPACE]}}


def main() -> int:
    """Runs the demonstration and prints its table; 0 when every line is as it should be."""
    began = time.time()
    shutil.rmtree(EVIDENCE, ignore_errors=True)
    EVIDENCE.mkdir(parents=True)
    run_lab("down", "--clusters", ",".join(clusters.NAMES))
    members = clusters.of_lab(WORK, install_collection(WORK), HOSTS)
    steps.install(members)
    before = {name: objects.objects(members.readers[name], EVIDENCE / f"before-{name}.json") for name in clusters.NAMES}
    facts = {
        "join": steps.join(members),
        "echo": steps.through_gateway(members),
        "failover": steps.failover(members),
        "distribute": steps.distribute(members),
        "upgrade": steps.upgrade(members),
        "leave": steps.leave(members, before),
    }
    for name in clusters.NAMES:
        shutil.copy(str(members.targets[name].audit_log), EVIDENCE / f"audit-{name}.log")
    RESULT.write_text(json.dumps({**facts, "seconds": round(time.time() - began)}, indent=1) + "\n")
    return report.show(facts)


if __name__ == "__main__":
    os.chdir(ROOT)
    WORK.mkdir(parents=True, exist_ok=True)
    sys.exit(main())
