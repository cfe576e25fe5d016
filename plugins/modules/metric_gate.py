#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges the traffic of a workload by what Prometheus knows of it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: metric_gate
short_description: Judge the traffic of a workload by its metrics
author:
  - Meshyard contributors (@meshyard)
description:
  - Asks Prometheus for the requests of a workload, such as the canary of a release, and holds them against limits.
  - Returns a verdict with its evidence, and does not fail because of it. What follows from it is for the play to decide.
  - >-
    No data is never success: without a value, with the value C(NaN), or with fewer requests than O(min_requests) nothing passes.
  - >-
    A query that Prometheus refuses, as by a mistake in its syntax, is a failure with the code C(query_refused) in every state.
    V(validated) finds it before anything is moved.
  - Changes nothing.
options:
  state:
    description:
      - V(judged) gives a verdict on the workload.
      - >-
        V(validated) runs every query once, on O(stable_workload) where it is given, and only finds out whether Prometheus accepts
        them. Its verdict is V(passed) or V(unreachable).
    type: str
    choices: [judged, validated]
    default: judged
  workload:
    description: Name of the Deployment whose requests are judged, as C(destination_workload) in the metrics.
    type: str
    required: true
  namespace:
    description: Namespace of the workload and of the Services.
    type: str
    required: true
  service:
    description:
      - >-
        Name of the Service that leads to this workload alone, by which those who call it report. Needed with the reporter
        C(source). A name with dots is taken for the whole host name.
    type: str
  stable_workload:
    description: Name of the workload that relative metrics are compared with, and that V(validated) asks about.
    type: str
  stable_service:
    description: Name of the Service that leads to O(stable_workload).
    type: str
  cluster_domain:
    description: What the host names of Services end with.
    type: str
    default: cluster.local
  labels:
    description: >-
      Labels that the series of built-in queries must have besides, such as the one that tells clusters apart in a Prometheus of several.
    type: dict
    default: {}
  reporters:
    description:
      - Whose word is taken. Each of them must give O(min_requests), and each must be within the limits.
      - >-
        The proxies of the workload itself, V(destination), know only of requests that reached them. Connections that failed are known
        to those who called, V(source), who need a proxy for it.
      - Empty to judge O(metrics) alone.
    type: list
    elements: str
    choices: [destination, source]
    default: [destination, source]
  window:
    description: Seconds of requests that are looked at. Four scrape intervals of Prometheus at least.
    type: int
    default: 60
  min_requests:
    description: How many requests the window must hold, for each of O(reporters). With fewer the verdict is V(inconclusive).
    type: int
    default: 20
  success_percent:
    description:
      - Share of the requests, in percent, that must succeed.
      - >-
        Failures are the HTTP statuses 5xx, the status 0, which stands for a client that went away or an answer that never came,
        and of gRPC the statuses C(UNKNOWN), C(DEADLINE_EXCEEDED), C(UNIMPLEMENTED), C(INTERNAL), C(UNAVAILABLE) and C(DATA_LOSS). The other
        statuses of gRPC answer what a client asked for, as 4xx does.
      - >-
        The first failures of a kind count, too, though they begin a series of which C(increase) sees no growth. After more than
        five minutes without Prometheus older failures are therefore counted once again, until the window is over.
    type: float
  p99_ms:
    description:
      - Highest 99th percentile of the duration, in milliseconds.
      - >-
        It is exact where it is a bound of the histogram (Istio has 0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000 and more),
        or where the percentile lies between two bounds on one side of it. Otherwise it is interpolated, which a warning says.
    type: float
  metrics:
    description:
      - Expressions in PromQL whose values must all lie within limits.
      - >-
        C($workload), C($namespace), C($service) (the whole host name) and C($window) (as C(60s)) in it are filled in.
      - Write one for an error rate so that no errors give 0, as in C(sum(rate(errors[$window])) or vector(0)).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the metric in the evidence.
        type: str
        required: true
      query:
        description: The expression.
        type: str
        required: true
      min:
        description: Lowest value that passes.
        type: float
      max:
        description: Highest value that passes.
        type: float
      relative:
        description:
          - >-
            Whether the limits are those of the ratio of the workload's value to the value that the same expression has with
            O(stable_workload) and O(stable_service) filled in. Each of the two must be one value; where both are 0 the ratio is 1.
        type: bool
        default: false
  settle:
    description:
      - >-
        How long, in seconds from the start of the module, nothing passes, so that the window holds no request from before a change that was
        just made. The window and two scrape intervals are right. A breach is a verdict at once.
    type: int
    default: 0
  wait_timeout:
    description: How long, in seconds, a breach may last before the verdict is V(failed). With V(0) the first one decides.
    type: int
    default: 0
  no_data_timeout:
    description: How long, in seconds, to look again while there are too few requests or a metric has no data.
    type: int
    default: 300
  hold_timeout:
    description: How long, in seconds, to ask again while Prometheus does not answer.
    type: int
    default: 120
  expected_cluster_uid:
    description: Is taken and not looked at, as the options of the connection are.
    type: str
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.prometheus
requirements:
  - python >= 3.11
attributes:
  check_mode:
    support: full
    description: Looks once and waits for nothing.
  diff_mode:
    support: N/A
    description: Changes nothing that could be shown.
  idempotent:
    support: full
    description: Run again, changes nothing.
notes:
  - >-
    No cluster is asked. The options of the connection are taken so that C(module_defaults) of the group can hold them, and are not used.
  - >-
    Several pods with the label C(service.istio.io/workload-name) of the same value report as one workload, whatever Deployments
    they are of. A stable and its canary must not.
seealso:
  - module: meshyard.istio.upgrade_gate
  - module: meshyard.istio.test_flight
"""

EXAMPLES = r"""
- name: Find out whether Prometheus accepts all queries
  meshyard.istio.metric_gate:
    state: validated
    workload: web-canary
    namespace: shop
    service: web-canary
    stable_workload: web
    stable_service: web
    success_percent: 99
    p99_ms: 500
    prometheus_url: http://prometheus.example.com:9090

- name: Judge a canary after its weight was changed
  meshyard.istio.metric_gate:
    workload: web-canary
    namespace: shop
    service: web-canary
    stable_workload: web
    stable_service: web
    success_percent: 99
    p99_ms: 500
    min_requests: 100
    settle: 90
    metrics:
      - name: time in the database
        query: >-
          sum(rate(db_seconds_sum{namespace="$namespace",deployment="$workload"}[$window]))
          / sum(rate(db_seconds_count{namespace="$namespace",deployment="$workload"}[$window]))
        relative: true
        max: 1.5
    prometheus_url: http://prometheus.example.com:9090
  register: gate

- name: Stop unless the gate was passed
  ansible.builtin.assert:
    that: gate.verdict == 'passed'
    fail_msg: "{{ gate.evidence | rejectattr('verdict', 'equalto', 'passed') | map(attribute='detail') | join('; ') }}"
"""

RETURN = r"""
verdict:
  description:
    - V(passed) when all is within its limits.
    - V(failed) when something is not, longer than O(wait_timeout).
    - V(unreachable) when Prometheus does not answer, longer than O(hold_timeout).
    - V(inconclusive) when there were too few requests or a metric had no data, longer than O(no_data_timeout).
    - Where several of them hold, the first one in the order failed, unreachable, inconclusive.
    - V(error) when the module itself fails.
  returned: always
  type: str
  sample: failed
evidence:
  description: One entry for each metric and reporter.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description: Always V(metric).
      type: str
    name:
      description: V(requests), V(success_percent), V(p99_ms), or the name of one of O(metrics).
      type: str
    reporter:
      description: Whose word it is. C(null) for O(metrics).
      type: str
    verdict:
      description: Verdict of this check.
      type: str
    code:
      description: >-
        V(ok), V(metric_out_of_range), V(requests_few), or V(metric_unreadable) where there is no data or no answer.
      type: str
    detail:
      description: What was seen, in a sentence.
      type: str
    value:
      description:
        - >-
          What the metric came to, for relative ones the ratio. Of several values the first one outside of the limits. A number that is
          not finite is given as text. C(null) without data.
      type: raw
    limit:
      description: The limit that was not kept, or the one that counts. C(min) and C(max) are both limits.
      type: float
    samples:
      description: Requests in the window. For O(metrics) the fewest that a reporter gave.
      type: int
    query:
      description: What Prometheus was asked.
      type: str
    share_within:
      description: Share of the requests, in percent, that took at most the limit. C(null) where it is no bound of the histogram.
      returned: for p99_ms
      type: float
    interpolated:
      description: Whether the limit lies inside of the histogram's bucket that holds the percentile.
      returned: for p99_ms
      type: bool
    canary:
      description: Value of the workload. C(stable) is the one that it is compared with.
      returned: for relative metrics
      type: raw
  sample:
    - check: metric
      verdict: failed
      code: metric_out_of_range
      detail: success_percent (destination) is 81.3, and must be at least 99
      name: success_percent
      reporter: destination
      value: 81.3
      limit: 99.0
      min: 99.0
      max: null
      samples: 412
      query: "100 * ..."
seconds:
  description: How long it took to come to the verdict.
  returned: success
  type: float
  sample: 62.4
code:
  description: Why it failed, for programs. C(docs/codes.md) lists all codes.
  returned: failure
  type: str
  sample: query_refused
"""

from typing import Any

from ..module_utils._ansible import arguments, prometheus
from ..module_utils._ansible.module import Call, Module, reporting
from ..module_utils._plan.gate import workload_checks, workload_request
from ..module_utils._run.gate import metric
from ..module_utils._run.gate.metric import Patience


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **prometheus.options(),
        "state": {"type": "str", "choices": ["judged", "validated"], "default": "judged"},
        "workload": {"type": "str", "required": True},
        "namespace": {"type": "str", "required": True},
        "service": {"type": "str"},
        "stable_workload": {"type": "str"},
        "stable_service": {"type": "str"},
        "cluster_domain": {"type": "str", "default": "cluster.local"},
        "labels": {"type": "dict", "default": {}},
        "reporters": {
            "type": "list",
            "elements": "str",
            "choices": [*workload_request.REPORTERS],
            "default": [*workload_request.REPORTERS],
        },
        "window": {"type": "int", "default": 60},
        "min_requests": {"type": "int", "default": 20},
        "success_percent": {"type": "float"},
        "p99_ms": {"type": "float"},
        "metrics": {"type": "list", "elements": "dict", "default": [], "options": _metric_options()},
        "settle": {"type": "int", "default": 0},
        "wait_timeout": {"type": "int", "default": 0},
        "no_data_timeout": {"type": "int", "default": 300},
        "hold_timeout": {"type": "int", "default": 120},
    }


def main() -> None:
    """Look until there is a verdict, and answer what was seen."""
    module = Module(argument_spec=spec(), supports_check_mode=True)
    with reporting(module):
        params = module.params
        request, ask = workload_request.parse(params), prometheus.asking(params, needed=True)
        call = Call(module)
        decide = metric.validate if params["state"] == "validated" else metric.judge
        found = decide(request, ask, _patience(params, call.check), call.tell, call.guard.proceed)
        call.warn(*workload_checks.interpolated(found.checks))
        evidence = [check.describe() for check in found.checks]
        module.exit_json(changed=False, verdict=found.verdict, evidence=evidence, seconds=found.seconds)


def _patience(params: dict[str, Any], check: bool) -> Patience:
    if check:
        return Patience(settle=0, wait=0, no_data=0, hold=0)
    return Patience(params["settle"], params["wait_timeout"], params["no_data_timeout"], params["hold_timeout"])


def _metric_options() -> dict[str, Any]:
    return {
        "name": {"type": "str", "required": True},
        "query": {"type": "str", "required": True},
        "min": {"type": "float"},
        "max": {"type": "float"},
        "relative": {"type": "bool", "default": False},
    }


if __name__ == "__main__":
    main()
