#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges whether namespaces that were moved to a revision are well there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_gate
short_description: Judge whether namespaces that were moved to a revision are well there
author:
  - Meshyard contributors (@meshyard)
description:
  - Looks, until all is well or O(wait_timeout) is over, whether every pod of the namespaces is on the revision, whether its
    proxy is connected to an istiod of that revision and has acknowledged all configuration, whether probes succeed, and
    whether metrics are within their limits.
  - Returns a verdict with its evidence, and does not fail because of it. What follows from it is for the play to decide, as
    the role C(meshyard.istio.canary_upgrade) does.
  - >-
    Something that is not right when the time is over makes the verdict V(failed). Something that could not be looked at, such
    as an istiod that does not answer or a metric without data, makes it V(inconclusive), unless something else is not right.
  - Changes nothing, apart from pods and containers that a probe asks for.
options:
  namespaces:
    description: Namespaces that were moved. Empty to judge probes and metrics alone.
    type: list
    elements: str
    required: true
  revision:
    description:
      - Revision that the pods must be on, or a tag that points to it.
      - One that the cluster does not have is refused at once, with those that it has. In check mode it is supposed to come.
    type: str
    required: true
  version:
    description:
      - Version that the proxies must have. When not given, it is the one that the revision injects.
      - A workload that chooses the image of its proxy itself is not held against it.
    type: str
  cluster_name:
    description:
      - Name by which istiod knows this cluster. Proxies that it knows of other clusters do not count.
      - When not given, it is the one that the istiods of this cluster tell. Needed with O(primary).
    type: str
  probes:
    description:
      - Requests that must succeed. They are sent when the pods and proxies are right.
      - A probe that is not as expected is sent again until the time is over. Then the last counts are returned.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the probe in the evidence. When not given, it is made of the sender and the URL.
        type: str
      pairs:
        description:
          - Pairs of planes that answers must have crossed, from the sender's to the responder's. C(new) is O(revision), and C(old)
            is any other.
          - >-
            A pair that was asked for and not seen makes the verdict V(inconclusive). The plane of a responder is known by its
            pod's name (see O(probes[].responder)), or when all pods behind the Service are on one plane.
        type: list
        elements: str
        choices: [old-old, old-new, new-old, new-new]
        default: []
      from:
        description: Where the requests are sent from, as in M(meshyard.istio.traffic_probe).
        type: dict
        required: true
        suboptions:
          namespace:
            description: Namespace of the workload or pod, also of the temporary one.
            type: str
          workload:
            description: Workload whose newest ready pod sends, as C(NAME) or C(KIND/NAME).
            type: str
          pod:
            description: Pod that sends, by its name.
            type: str
          container:
            description: Container that sends. When not given, it is the pod's default container, else the first that is no proxy.
            type: str
          image:
            description: Image of an ephemeral container in the pod, or of the temporary pod.
            type: str
          temporary:
            description: Whether a pod is made that sends, and is deleted again.
            type: bool
            default: false
          labels:
            description: Labels of the temporary pod.
            type: dict
            default: {}
          controller:
            description: Whether the machine that runs this module sends.
            type: bool
            default: false
      to:
        description: URL to ask, as the sender sees it.
        type: str
        required: true
      requests:
        description: How many requests are sent.
        type: int
        default: 20
      concurrency:
        description: How many of them at a time, up to 50.
        type: int
        default: 1
      timeout:
        description: How long, in seconds, one request may take.
        type: float
        default: 5.0
      method:
        description: Method of the requests.
        type: str
        default: GET
      headers:
        description: Headers of the requests.
        type: dict
        default: {}
      url_validate_certs:
        description: Whether the certificate of an C(https) URL is verified.
        type: bool
        default: true
      resolve:
        description: Address to connect to in place of the name in the URL.
        type: str
      responder:
        description: Where an answer names the one that gave it.
        type: dict
        suboptions:
          header:
            description: Response header that holds the name.
            type: str
            default: x-responder
          body_regex:
            description: Regular expression for answers without that header. Its first group is the name.
            type: str
      expect:
        description: What must be so. Without it, every request must succeed.
        type: dict
        suboptions:
          success_percent:
            description: Share of the requests, in percent, that must succeed.
            type: float
            default: 100.0
          statuses:
            description: Status codes that count as success. Without any, all below 400 do.
            type: list
            elements: int
            default: []
          responders:
            description: Shell patterns for the names of responders. Each must have answered, and nobody else.
            type: list
            elements: str
            default: []
          max_latency_ms:
            description: Highest 99th percentile of the latency, in milliseconds.
            type: float
  metrics:
    description:
      - Expressions in PromQL whose values must lie within limits. They are asked for when the pods and proxies are right.
      - An expression without data, with the value C(NaN), or that Prometheus refuses makes the verdict V(inconclusive). Write one
        for an error rate so that no errors give 0, as in C(sum(rate(errors[1m])) or vector(0)).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the metric in the evidence.
        type: str
        required: true
      query:
        description: The expression. Every value that it gives must lie within the limits.
        type: str
        required: true
      min:
        description: Lowest value that passes.
        type: float
      max:
        description: Highest value that passes.
        type: float
  wait_timeout:
    description: How long, in seconds, to wait until all is well. With V(0) it looks once.
    type: int
    default: 120
  hold_timeout:
    description:
      - How long, in seconds, to look again while nothing is wrong but something cannot be looked at.
      - When not given, it is O(wait_timeout).
    type: int
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.peer.primary
  - meshyard.istio.prometheus
attributes:
  check_mode:
    support: full
    description:
      - Looks once and sends no probe. Pods that are not on the revision make the verdict V(predicted), for the tasks before have
        moved nothing either.
  diff_mode:
    support: N/A
    description: Changes nothing that could be shown.
  idempotent:
    support: full
    description: Run again with the same options, changes nothing.
  action_group:
    support: full
    description: "Its options can be given once in C(module_defaults) of the group C(meshyard.istio.all)."
    membership:
      - meshyard.istio.all
notes:
  - >-
    To ask the istiods, the account needs the permission to C(create) and C(get) C(pods/portforward) in the namespace of the
    control plane. Without it the verdict is V(inconclusive).
  - >-
    On a remote cluster, whose istiod runs in another one, the proxies are asked for there, by O(primary) and O(cluster_name).
    Without O(primary), or while it cannot be reached, the verdict is V(inconclusive).
  - >-
    Pods that no restart brings to the revision, such as bare pods and Jobs, do not count. They are listed as C(left) in the
    evidence. So are gateways that another revision is meant for, as C(elsewhere).
seealso:
  - module: meshyard.istio.namespace_revision
  - module: meshyard.istio.traffic_probe
"""

EXAMPLES = r"""
- name: Judge a wave
  meshyard.istio.upgrade_gate:
    namespaces: [shop, cart]
    revision: 1-32-0
  register: gate

- name: Judge a wave by its traffic too
  meshyard.istio.upgrade_gate:
    namespaces: [shop]
    revision: 1-32-0
    probes:
      - name: front end to catalogue
        from: {namespace: shop, workload: front-end}
        to: http://catalogue.stock:8080/
        requests: 100
        pairs: [new-old]
        expect: {success_percent: 99.5}
    metrics:
      - name: share of failed requests
        query: >-
          (sum(rate(istio_requests_total{destination_service_namespace="shop",response_code=~"5.."}[2m])) or vector(0))
          / sum(rate(istio_requests_total{destination_service_namespace="shop"}[2m]))
        max: 0.01
    prometheus_url: http://prometheus.example.com:9090
  register: gate

- name: Judge a wave of a remote cluster
  meshyard.istio.upgrade_gate:
    namespaces: [shop]
    revision: 1-32-0
    cluster_name: us
    primary:
      kubeconfig: ~/.kube/config
      context: eu
  register: gate

- name: Stop unless the gate was passed
  ansible.builtin.assert:
    that: gate.verdict in ['passed', 'predicted']
    fail_msg: "{{ gate.evidence | rejectattr('verdict', 'equalto', 'passed') | map(attribute='detail') | join('; ') }}"
"""

RETURN = r"""
verdict:
  description:
    - V(passed) when all is well, V(failed) when something is not right, V(inconclusive) when something could not be looked at.
    - In check mode also V(predicted), when something is not right yet or was not tried.
    - V(error) when the module itself fails.
  returned: always
  type: str
  sample: passed
evidence:
  description: One entry for each check.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description: V(pods), V(proxies), V(probe) or V(metric).
      type: str
    verdict:
      description: Verdict of this check.
      type: str
    code:
      description: The same as RV(evidence[].detail) for programs, C(ok) when nothing is wrong.
      type: str
    detail:
      description: What was seen, in a sentence.
      type: str
    name:
      description: Name of the probe or metric.
      returned: for probes and metrics
      type: str
    total:
      description: How many pods or proxies there are.
      returned: for pods and proxies
      type: int
    on_target:
      description: How many pods are on the revision and ready.
      returned: for pods
      type: int
    versions:
      description: Number of proxies by version, for pods as their images tell, for proxies as istiod tells.
      returned: for pods and proxies
      type: dict
    wrong:
      description: The first 50 pods that are not right, with the reason.
      returned: for pods and proxies
      type: list
      elements: dict
    left:
      description: Pods that no restart brings to the revision, with the reason.
      returned: for pods
      type: list
      elements: dict
    missing:
      description: Workloads that are to have pods on the revision, and have none at all.
      returned: for pods
      type: list
      elements: dict
    namespaces_gone:
      description: Namespaces that do not exist.
      returned: for pods
      type: list
      elements: str
    elsewhere:
      description: Gateways that another revision is meant for.
      returned: for pods
      type: list
      elements: dict
    unreadable:
      description: The istiods that could not be asked, with the reason.
      returned: for proxies
      type: list
      elements: dict
    counts:
      description: As in M(meshyard.istio.traffic_probe). C(latency_ms), C(failures), C(unmet), C(sender) and C(client) come with it.
      returned: for probes that were sent
      type: dict
    attempts:
      description: How often the probe was sent.
      returned: for probes that were sent
      type: int
    samples:
      description: What the expression came to. A number that is not finite is given as text.
      returned: for metrics
      type: list
      elements: raw
  sample:
    - check: pods
      verdict: passed
      code: ok
      detail: 3 of 3 pods are on 1-32-0 1.32.0
      total: 3
      on_target: 3
      versions: {1.32.0: 3}
      wrong: []
      left: []
      elsewhere: []
      outside: 0
      missing: []
      namespaces_gone: []
    - check: proxies
      verdict: passed
      code: ok
      detail: 3 of 3 proxies are connected to istiod 1-32-0 and in sync
      total: 3
      connected: 3
      versions: {1.32.0: 3}
      wrong: []
      unknown: []
      unreadable: []
plane_pairs:
  description:
    - How many answers crossed each pair of planes. C(other) counts those of which one side has no sidecar or is not known.
  returned: success
  type: dict
  sample: {old-old: 0, old-new: 0, new-old: 100, new-new: 0, other: 0}
steps:
  description: Always empty.
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
  description: Number of requests to the API servers of both clusters, without those to istiods and inside pods.
  returned: success
  type: int
  sample: 12
"""

from contextlib import suppress
from typing import Any

from ..module_utils._ansible import arguments, peers, probing, prometheus
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._cluster.wait import TimedOut
from ..module_utils._plan.gate import metrics, traffic, traffic_checks
from ..module_utils._plan.gate.model import overall, refuse_twins
from ..module_utils._run.gate.gate import Gate, GateRequest, parse_namespaces
from ..module_utils._run.gate.probes import Probe
from ..module_utils._run.probe import send as probe
from ..module_utils._run.probe import source as probe_source


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        **prometheus.options(),
        "namespaces": {"type": "list", "elements": "str", "required": True},
        "revision": {"type": "str", "required": True},
        "version": {"type": "str"},
        "cluster_name": {"type": "str"},
        "primary": arguments.peer(),
        "probes": {"type": "list", "elements": "dict", "default": [], "options": _probe_options()},
        "metrics": {"type": "list", "elements": "dict", "default": [], "options": _metric_options()},
        "wait_timeout": {"type": "int", "default": 120},
        "hold_timeout": {"type": "int"},
    }


def main() -> None:
    """Look until all is well, and answer what was seen."""
    module = Module(argument_spec=spec(), supports_check_mode=True, required_by={"primary": "cluster_name"})
    with reporting(module):
        request = _request(module.params, module.check_mode)
        run = Run(module)
        primary = peers.primary(run)
        patience = probe_source.WaitPolicy(run.params["wait_timeout"], run.tell, run.alive)
        judged = Gate(run.cluster, request, patience, primary=primary)
        with suppress(TimedOut):  # what was seen last is the answer
            run.until(judged.look, timeout=judged.longest)
        run.answer(
            (),
            verdict=overall(judged.checks),
            evidence=[check.describe() for check in judged.checks],
            plane_pairs=judged.pairs,
            requests=run.cluster.api.requests + (primary.requests if primary else 0),
        )


def _request(params: dict[str, Any], check: bool) -> GateRequest:
    request = GateRequest(
        namespaces=parse_namespaces(params["namespaces"], bool(params["probes"] or params["metrics"])),
        revision=params["revision"],
        version=params["version"] or "",
        control_plane_namespace=params["control_plane_namespace"],
        cluster_name=params["cluster_name"] or "",
        probes=tuple(map(_probe, params["probes"])),
        metrics=tuple(map(metrics.parse_limits, params["metrics"])),
        hold=params["wait_timeout"] if params["hold_timeout"] is None else params["hold_timeout"],
        check=check,
    )
    refuse_twins("probes", [one.name for one in request.probes])
    refuse_twins("metrics", [one.name for one in request.metrics])
    return request.asking(prometheus.asking(params, needed=bool(request.metrics)))


def _probe(given: dict[str, Any]) -> Probe:
    source, request = probe_source.parse(given["from"]), probing.request(given)
    probe.check(request)
    return Probe(
        name=given["name"] or f"{source} to {request.url}",
        source=source,
        request=request,
        naming=traffic.parse_naming(given["responder"]),
        expected=traffic.parse_expectation(given["expect"]),
        pairs=tuple(given["pairs"]),
    )


def _probe_options() -> dict[str, Any]:
    pairs = {"type": "list", "elements": "str", "choices": list(traffic_checks.PAIRS), "default": []}
    return {"name": {"type": "str"}, "pairs": pairs, **probing.options()}


def _metric_options() -> dict[str, Any]:
    return {
        "name": {"type": "str", "required": True},
        "query": {"type": "str", "required": True},
        "min": {"type": "float"},
        "max": {"type": "float"},
    }


if __name__ == "__main__":
    main()
