#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sends a bounded load of requests, and tells what came of them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: test_flight
short_description: Send a bounded load of requests, and tell what came of them
author:
  - Meshyard contributors (@meshyard)
description:
  - Sends HTTP requests at a steady rate by fortio, from the controller or as a Job in the cluster, and returns what fortio counted.
  - It is for releases of workloads that have no traffic of their own, and for looking at what an upgrade does to it.
  - Requests that fail are counted, and do not make the module fail.
  - >-
    A load without an end is refused, and so is one that could take more than two hours should no request be answered.
options:
  url:
    description: URL to ask, as the sender sees it.
    type: str
    required: true
  qps:
    description: Requests a second, over all connections. Fortio catches up with a target that is too slow for a while.
    type: float
    default: 10.0
  seconds:
    description: How long to send. Exactly one of O(seconds) and O(requests) is given.
    type: int
  requests:
    description: How many requests to send.
    type: int
  connections:
    description: How many connections send at the same time. Each is kept open between its requests.
    type: int
    default: 4
  timeout:
    description: How long, in seconds, one request may take.
    type: float
    default: 5.0
  method:
    description: Method of the requests.
    type: str
    default: GET
  headers:
    description:
      - Headers of the requests.
      - They stand in the command line of fortio, and so in the Job, for those who may read them there.
    type: dict
    default: {}
  url_validate_certs:
    description: Whether the certificate of an C(https) URL is verified.
    type: bool
    default: true
  runner:
    description:
      - Where the requests are sent from.
      - V(controller) is the machine that runs this module, which needs fortio.
      - V(job) makes a Job in O(namespace), which is deleted again whatever happens.
    type: str
    choices: [controller, job]
    default: controller
  binary_path:
    description: Path of fortio on the machine that runs this module. When not given, it is looked for on PATH.
    type: path
  namespace:
    description: Namespace of the Job.
    type: str
  image:
    description: Image of the Job, with C(fortio) on its PATH, as C(fortio/fortio) has it.
    type: str
  labels:
    description: Labels of the Job's pod, such as C(istio.io/rev) to bring it into the mesh.
    type: dict
    default: {}
  sidecar:
    description:
      - Whether the Job's pod gets a sidecar, by the label C(sidecar.istio.io/inject).
      - When not given, the namespace and O(labels) decide.
    type: bool
  report:
    description: File on the machine that runs this module to which fortio's report is written, as JSON. Its folder must exist.
    type: path
  wait_timeout:
    description: How long, in seconds, the Job's pod may take to start.
    type: int
    default: 120
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
attributes:
  check_mode:
    support: full
    description: Sends nothing and makes nothing. The counts are 0.
  diff_mode:
    support: full
    description: Shows the Job.
  idempotent:
    support: partial
    details: Sends its requests each time. Changes something only where it makes a Job.
    description: Run again with the same options, changes nothing.
notes:
  - >-
    The Job is deleted as soon as fortio has ended and its report was read, a sidecar that is no native one with it. Should nobody be
    left to delete it, Kubernetes ends it when its time is over (C(activeDeadlineSeconds)), and removes it five minutes later.
  - >-
    For a Job, the account needs the permissions to C(create) and C(delete) C(jobs), to C(list) C(pods) and to C(get) C(pods/log).
seealso:
  - module: meshyard.istio.traffic_probe
  - module: meshyard.istio.metric_gate
"""

EXAMPLES = r"""
- name: Give a canary traffic from inside the mesh
  meshyard.istio.test_flight:
    url: http://web.shop:8080/
    qps: 50
    seconds: 60
    runner: job
    namespace: test-flights
    image: registry.example.com/fortio:1.66.0
    labels: {istio.io/rev: 1-32-0}

- name: Ask the gateway from outside, and keep the report
  meshyard.istio.test_flight:
    url: https://shop.example.com/
    qps: 20
    requests: 1000
    headers: {X-Test: flight}
    binary_path: /opt/fortio/fortio
    report: "{{ playbook_dir }}/flight.json"
  register: flight

- name: Fail unless 99.9 % succeeded
  ansible.builtin.assert:
    that: flight.counts.failed <= flight.counts.total * 0.001
"""

RETURN = r"""
counts:
  description: How many requests there were, and how they ended.
  returned: success
  type: dict
  contains:
    total:
      description: Requests sent; 0 in check mode.
      type: int
    succeeded:
      description: Requests with a status below 400.
      type: int
    failed:
      description: The others.
      type: int
    by_status:
      description: Answers by status code; V(no_answer) counts requests without one.
      type: dict
  sample: {total: 1000, succeeded: 998, failed: 2, by_status: {"200": 998, "503": 1, no_answer: 1}}
latency_ms:
  description: Percentiles of the latency in milliseconds, as fortio interpolates them, and the longest. C(null) without any.
  returned: success
  type: dict
  sample: {p50: 3.1, p90: 4.9, p99: 12.7, max: 31.4}
actual_qps:
  description: Requests a second that were really sent.
  returned: success
  type: float
  sample: 19.996
report:
  description: Path of fortio's report. C(null) where none was written.
  returned: success
  type: str
  sample: /tmp/flight.json
steps:
  description: The Job that was made, and deleted again.
  returned: success
  type: list
  elements: dict
  sample: []
code:
  description: Why it failed, for programs. C(docs/codes.md) lists all codes.
  returned: failure
  type: str
  sample: no_report
output:
  description: The last lines that fortio wrote.
  returned: when it gave no report
  type: list
  elements: str
  sample: ["Aborting because of lookup web.shop: no such host"]
cluster:
  description: The cluster that was used.
  returned: success
  type: dict
  sample: {host: "https://10.99.0.11:6443", context: central, uid: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11}
requests:
  description: Number of requests to the API server.
  returned: success
  type: int
  sample: 7
"""

import json
import secrets
from pathlib import Path
from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._errors import InvalidOption
from ..module_utils._plan.flight import job as flight_job
from ..module_utils._plan.flight import load as flight_load
from ..module_utils._plan.flight import report
from ..module_utils._plan.flight.load import Load
from ..module_utils._plan.objects.steps import Create, Delete, Plan, ref_of
from ..module_utils._run.flight import controller, job
from ..module_utils._run.flight.output import Output
from ..module_utils._run.probe import send as probe
from ..module_utils._run.probe.source import WaitPolicy


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        "url": {"type": "str", "required": True},
        "qps": {"type": "float", "default": 10.0},
        "seconds": {"type": "int"},
        "requests": {"type": "int"},
        "connections": {"type": "int", "default": 4},
        "timeout": {"type": "float", "default": 5.0},
        "method": {"type": "str", "default": "GET"},
        "headers": {"type": "dict", "default": {}},
        "url_validate_certs": {"type": "bool", "default": True},
        "runner": {"type": "str", "choices": ["controller", "job"], "default": "controller"},
        "binary_path": {"type": "path"},
        "namespace": {"type": "str"},
        "image": {"type": "str"},
        "labels": {"type": "dict", "default": {}},
        "sidecar": {"type": "bool"},
        "report": {"type": "path"},
        "wait_timeout": {"type": "int", "default": 120},
    }


def main() -> None:
    """Send, read the report, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True)
    with reporting(module):
        params = module.params
        load = flight_load.parse(params)
        probe.check_target(load.url, load.method, load.headers)
        plan = _plan(params, load)
        target = _target(params["report"])
        run = Run(module)
        if run.check:
            run.answer(plan, **report.nothing(), report=None)
            return
        run.tell(f"sending {load}")
        found = _send(run, load, plan).report(f"Job {plan[0].ref.namespace}/{plan[0].ref.name}" if plan else "the controller")
        if target:
            target.write_text(json.dumps(found, indent=1), encoding="utf-8")
        run.answer(plan, **report.reduced(found), report=str(target) if target else None)


def _plan(params: dict[str, Any], load: Load) -> Plan:
    """The Job that is made, and deleted again."""
    if params["runner"] == "controller":
        return ()
    name = f"meshyard-test-flight-{secrets.token_hex(4)}"
    body = flight_job.manifest(name, flight_job.parse(params), load, params["wait_timeout"])
    reason = "fly a test"
    return Create(body, job.MANAGER, reason), Delete(ref_of(body), reason=reason)


def _target(path: str | None) -> Path | None:
    """Where the report goes, found out before anything is sent."""
    if path and not Path(path).absolute().parent.is_dir():
        raise InvalidOption(f"The folder of the report {path} does not exist.", "Make it, or write the report elsewhere.")
    return Path(path) if path else None


def _send(run: Run, load: Load, plan: Plan) -> Output:
    if plan and isinstance(plan[0], Create):
        return job.send(run.cluster, plan[0].body, WaitPolicy(run.params["wait_timeout"], run.tell, run.alive), load.longest)
    return controller.send(flight_load.command(load, run.params["binary_path"] or "fortio"), load.longest, run.alive)


if __name__ == "__main__":
    main()
