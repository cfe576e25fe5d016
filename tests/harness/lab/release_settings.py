"""How the lab releases: by what the gate judges, and in which steps."""

from __future__ import annotations

from typing import Any

from tests.harness.lab.released import IMAGES, NAME, NAMESPACE

RELEASE, RECONCILE = "meshyard.istio.release", "meshyard.istio.release_reconcile"
STEPS, RETURN_STEPS = [10, 50, 100], [50, 0]
SUCCESS_PERCENT, P99_MS, MIN_REQUESTS, WINDOW_SECONDS = 99, 2500, 50, 10
SETTLE_SECONDS = WINDOW_SECONDS + 3
"""The window, two scrapes, and the second for which a proxy keeps what it logs."""

ERRORS, SLOW, SLOW_P99_MS = "status=500:20,202:80", "status=202&delay=1500ms", 1000
"""How a bad version answers: one in five with an error, or later than a gate allows that is stricter than a busy machine lets others be."""

UNJUDGED = {"workload_canary_steps": [50, 100], "workload_canary_return_steps": [0], "workload_canary_drain_seconds": 5}
"""Two steps that no Prometheus judges."""


def variables(prometheus: str, **workload: Any) -> dict[str, Any]:
    """What the playbooks of releases are given.

    :param workload: of the Deployment that is released: C(image) or C(patch), and C(gate).
    """
    return {
        "workload_canary_workloads": [{"namespace": NAMESPACE, "name": NAME, **workload}],
        "workload_canary_steps": STEPS,
        "workload_canary_return_steps": RETURN_STEPS,
        "workload_canary_gate": {
            "success_percent": SUCCESS_PERCENT,
            "p99_ms": P99_MS,
            "min_requests": MIN_REQUESTS,
            "window": WINDOW_SECONDS,
        },
        "workload_canary_settle_seconds": SETTLE_SECONDS,
        "workload_canary_no_data_seconds": 60,
        "workload_canary_hold_seconds": 5,
        "workload_canary_drain_seconds": 5,
        "workload_canary_min_ready_seconds": 3,
        "workload_canary_wait_timeout": 120,
        "workload_canary_prometheus_url": prometheus,
    }


def unjudged(namespace: str, name: str) -> dict[str, Any]:
    """What the playbook is given to release version 2 of some Deployment in two steps, which no Prometheus judges."""
    return {"workload_canary_workloads": [{"namespace": namespace, "name": name, "image": IMAGES["2"]}], **UNJUDGED}


def answering(how: str) -> dict[str, Any]:
    """A patch of the pod template with which the service answers in some way."""
    return {"spec": {"containers": [{"name": "app", "env": [{"name": "ANSWER", "value": how}]}]}}
