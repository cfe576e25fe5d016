#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sends requests from a chosen place and tells who answered, how and how fast."""

from __future__ import annotations

DOCUMENTATION = r"""
module: traffic_probe
short_description: Send requests from a chosen place, and tell who answered, how and how fast
author:
  - Meshyard contributors (@meshyard)
description:
  - Sends a number of HTTP requests from a workload's pod, from an ephemeral container in it, from a temporary pod, or from the
    controller, and counts the answers by status and by responder.
  - With O(expect) it fails when the answers are others than expected, and returns the counts all the same.
  - Requests that fail are counted, not repeated.
options:
  wait_timeout:
    description: How long, in seconds, to wait for a temporary pod or an ephemeral container.
    type: int
    default: 120
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
  - meshyard.istio.probe
attributes:
  check_mode:
    support: full
    description: Looks for the sender, sends nothing and makes nothing. The counts are 0.
  diff_mode:
    support: full
    description: Shows a temporary pod or an ephemeral container that is made.
  idempotent:
    support: partial
    details: Sends its requests each time. Changes something only where it makes a pod or a container to send from.
    description: Run again with the same options, changes nothing.
notes:
  - >-
    To send from a pod, the account needs the permissions to C(list) C(pods) and to C(create) and C(get) C(pods/exec). An
    ephemeral container needs C(patch) of C(pods/ephemeralcontainers), a temporary pod C(create) and C(delete) of C(pods).
  - >-
    C(curl) and C(python3) measure the time of a request alone. With C(fortio) and C(wget) it includes the start of the program,
    and with a small busybox it is exact to 10 ms.
seealso:
  - module: meshyard.istio.upgrade_gate
"""

EXAMPLES = r"""
- name: Tell which pods of the catalogue answer the front end
  meshyard.istio.traffic_probe:
    from: {namespace: shop, workload: front-end}
    to: http://catalogue.shop:8080/
    requests: 100
  register: probe

- name: Fail unless 99 % succeed and half of them are faster than they were
  meshyard.istio.traffic_probe:
    from: {namespace: shop, workload: Deployment/front-end, container: client}
    to: http://catalogue.shop:8080/
    requests: 200
    concurrency: 4
    expect:
      success_percent: 99
      max_latency_ms: 250

- name: Send from a pod of the new revision, which is deleted afterwards
  meshyard.istio.traffic_probe:
    from:
      namespace: probes
      temporary: true
      image: registry.example.com/curl:8
      labels: {istio.io/rev: 1-32-0}
    to: http://catalogue.shop:8080/
    expect: {}

- name: Ask the gateway from outside
  meshyard.istio.traffic_probe:
    from: {controller: true}
    to: https://shop.example.com/
    resolve: 203.0.113.10
    expect:
      statuses: [200]
"""

RETURN = r"""
counts:
  description: How many requests were sent and succeeded, and how many answers there were of each status and responder.
  returned: always after the requests were sent, also on failure
  type: dict
  contains:
    total:
      description: Requests sent; 0 in check mode.
      type: int
    succeeded:
      description: Requests that succeeded in the sense of O(expect).
      type: int
    by_status:
      description: Answers by status code; V(no_answer) counts requests without one.
      type: dict
    by_responder:
      description: Answers by the name of the responder; V(unnamed) counts those that do not tell.
      type: dict
  sample: {total: 100, succeeded: 99, by_status: {"200": 99, "503": 1}, by_responder: {catalogue-7c5d8-9xkqz: 99, unnamed: 1}}
latency_ms:
  description: Percentiles of the latency in milliseconds, each a time that was measured. C(null) without any.
  returned: always after the requests were sent, also on failure
  type: dict
  sample: {p50: 3.1, p90: 4.9, p99: 12.7, max: 12.7}
failures:
  description: The most frequent failures, with status (C(null) without an answer), reason and number.
  returned: always after the requests were sent, also on failure
  type: list
  elements: dict
  sample: [{status: 503, error: status 503, count: 1}]
unmet:
  description: What of O(expect) does not hold, in sentences.
  returned: always after the requests were sent, also on failure
  type: list
  elements: str
  sample: []
sender:
  description: Namespace, pod and container that sent, and the revision of the pod's sidecar. All C(null) for the controller.
  returned: always after the requests were sent, also on failure
  type: dict
  sample: {namespace: shop, pod: front-end-5b6f-k2w8x, container: client, revision: 1-32-0}
client:
  description: Program that sent, one of V(curl), V(python3), V(fortio), V(wget) and V(controller). C(null) in check mode.
  returned: always after the requests were sent, also on failure
  type: str
  sample: python3
steps:
  description: What was made to send from, and deleted again.
  returned: success
  type: list
  elements: dict
  sample: []
code:
  description: Why it failed, for programs. C(docs/codes.md) lists all codes.
  returned: failure
  type: str
  sample: forbidden
cluster:
  description: The cluster that was used.
  returned: success
  type: dict
  sample: {host: "https://10.99.0.11:6443", context: central, uid: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11}
requests:
  description: Number of requests to the API server, without those inside pods.
  returned: success
  type: int
  sample: 12
"""

from typing import Any

from ..module_utils._ansible import arguments, probing
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._errors import MeshyardError
from ..module_utils._plan.gate import traffic
from ..module_utils._run.probe import send as probe
from ..module_utils._run.probe import source as probe_source
from ..module_utils._words import listed


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {**arguments.connection(), **probing.options(), "wait_timeout": {"type": "int", "default": 120}}


def main() -> None:
    """Find the sender, send, judge, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True)
    with reporting(module):
        params = module.params
        source, request = probe_source.parse(params["from"]), probing.request(params)
        naming, expected = traffic.parse_naming(params["responder"]), traffic.parse_expectation(params["expect"])
        probe.check(request)
        run = Run(module)
        patience = probe_source.WaitPolicy(params["wait_timeout"], run.tell, run.alive)
        if run.check:
            sent = probe.Sent(probe.foresee(run.cluster, source, request, patience))
        else:
            sent = probe.send(run.cluster, source, request, patience)
        result = traffic.judge(sent.answers, naming, expected)
        values = _values(sent, result)
        if result.unmet and params["expect"] is not None and not run.check:
            raise _unexpected(run, source, result, values)
        run.answer(sent.sender.steps, **values)


def _values(sent: probe.Sent, result: traffic.Result) -> dict[str, Any]:
    return {
        "counts": result.counts,
        "latency_ms": dict(result.latency_ms),
        "failures": [dict(failure) for failure in result.failures],
        "unmet": list(result.unmet) if sent.answers else [],
        "sender": sent.sender.describe(),
        "client": sent.client or None,
    }


def _unexpected(run: Run, source: probe_source.Source, result: traffic.Result, values: dict[str, Any]) -> MeshyardError:
    counted = listed(f"{name}: {count}" for name, count in (*result.by_status.items(), *result.by_responder.items()))
    way = f"from {source} to {run.params['to']}"
    return MeshyardError(
        f"On cluster {run.cluster.name} the probe {way} is not as expected: {'; '.join(result.unmet)} ({counted}).",
        "Look at failures, which holds the reasons, then at the workload behind the URL and at its proxies.",
        code="probe_unmet",
        verdict="failed",
        cluster=run.cluster.describe(),
        **values,
    )


if __name__ == "__main__":
    main()
