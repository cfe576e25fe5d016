#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sets locality load balancing for one service or for a mesh and predicts the traffic."""

from __future__ import annotations

DOCUMENTATION = r"""
module: locality_lb
short_description: Set locality load balancing for one service or a mesh and predict the traffic
author:
  - Meshyard contributors (@meshyard)
description:
  - Sets failover, weights, outlier detection and connection pool, for one service of Kubernetes or for a mesh as a whole.
  - For one service, with O(name), they are set in its DestinationRule, which is made where it is missing. All other fields of the
    rule stay as they are.
  - >-
    For a mesh, without O(name), they are set in the values of a revision that this collection made (C(meshConfig.localityLbSetting)
    and C(meshConfig.defaultTrafficPolicy)), by the same plan as that of M(meshyard.istio.istio_revision), so that the next revision
    carries them on with O(meshyard.istio.istio_revision#module:values_from_revision). Everything else of its values stays.
  - What the touched fields were before lies in the annotation C(meshyard.io/former-locality) of the rule, written in the same patch,
    or of the ConfigMap with the values, written before they change. O(state=absent) brings it back, and deletes a rule that this
    module made unless somebody else has written into it.
  - An option that is left out after an earlier run gave it makes its field what it was before that run.
  - Foretells from the labels of the nodes and the ready endpoints, before anything is written, who gets which part of the traffic of
    whom, and refuses weights that leave a place with endpoints without any traffic.
options:
  namespace:
    description: Namespace of the DestinationRule. Left out together with O(name) for the mesh as a whole.
    type: str
  name:
    description: Name of the DestinationRule.
    type: str
  service_host:
    description:
      - The service, which is the C(host) of the rule, as V(NAME.NAMESPACE.svc.cluster.local).
      - A name alone means a service in O(namespace).
      - Needed with O(name) and O(state=present). A rule that exists for another host is refused.
    type: str
  revision:
    description:
      - For the mesh, the revision whose values change. Needed where the cluster has several. One that others made is refused.
      - For one service, the revision whose settings count for what the rule leaves out, in the prediction.
    type: str
  services:
    description:
      - For the mesh, the services whose traffic is predicted, as V(NAME.NAMESPACE.svc.cluster.local).
      - When empty, those with endpoints in more than one locality, by name, 20 at most. The rest is counted.
    type: list
    elements: str
    default: []
  enabled:
    description:
      - Whether localities count at all. V(false) sends traffic to all endpoints alike.
      - When not given, they count as soon as any of O(failover), O(failover_priority) and O(distribute) is set.
    type: bool
  state:
    description:
      - V(present) sets what is given.
      - V(absent) brings back what was there before.
    type: str
    choices: [present, absent]
    default: present
  failover:
    description:
      - Where the traffic of a region goes when none of its endpoints is left. Needs outlier detection, here or in the rule.
    type: list
    elements: dict
    suboptions:
      from:
        description: The region of the clients.
        type: str
        required: true
      to:
        description: The region that takes over before all others.
        type: str
        required: true
  failover_priority:
    description:
      - Keys of labels, or V(key=value), by which endpoints are preferred that have them in common with the client, the most important
        first. Needs outlier detection, here or in the rule.
    type: list
    elements: str
  distribute:
    description:
      - Weights per locality. They give no failover, and a place with endpoints that is not named gets nothing.
      - The first item whose O(distribute[].from) names the place of a client counts for it.
    type: list
    elements: dict
    suboptions:
      from:
        description: Locality of the clients, such as V(eu), V(eu/a), V(eu/*) or V(*).
        type: str
        required: true
      to:
        description: Percentages, from 1 to 100 and 100 in sum, by localities of the endpoints.
        type: dict
        required: true
  outlier_detection:
    description:
      - When an endpoint counts as down. Without it nothing fails over. An empty map means the defaults of Istio.
      - Given without O(failover), O(failover_priority) and O(distribute) it turns on failover by distance, which is the mesh's default.
      - For the mesh it needs Istio 1.31 or later, and so do O(failover), O(failover_priority) and O(connection_pool).
    type: dict
    suboptions:
      consecutive_5xx_errors:
        description: Number of errors in a row.
        type: int
      consecutive_gateway_errors:
        description: Number of errors 502, 503 and 504 in a row.
        type: int
      interval:
        description: How often endpoints are judged, such as V(10s).
        type: str
      base_ejection_time:
        description: How long an endpoint is left out at least, such as V(30s).
        type: str
      max_ejection_percent:
        description: The largest part of the endpoints that is left out.
        type: int
      min_health_percent:
        description: Below this part of healthy endpoints all of them are used.
        type: int
  connection_pool:
    description: The connection pool, in the words of Istio (C(connectionPool) of a traffic policy).
    type: dict
  allow_starving:
    description: Whether O(distribute) may leave out a locality that has ready endpoints.
    type: bool
    default: false
  cluster_name:
    description: Name of this cluster in the prediction, as Istio knows it. By default the context, else the address.
    type: str
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.chart
  - meshyard.istio.connection
  - meshyard.istio.peer.clusters
  - meshyard.istio.control_plane
  - meshyard.istio.wait
notes:
  - It is written on this cluster alone. With several primaries it has to be written on each of them.
  - What a rule leaves out counts as the Service (C(trafficDistribution)) and the mesh of the revision say.
  - The chart and C(helm) are needed for the mesh alone, and so are O(wait) and O(wait_timeout).
  - The prediction for a mesh looks at rules in the namespace of the service and of the control plane. Rules elsewhere are named.
seealso:
  - module: meshyard.istio.istio_revision
"""

EXAMPLES = r"""
- name: Let clients of the service cart use endpoints of their own zone and region first
  meshyard.istio.locality_lb:
    namespace: shop
    name: cart
    service_host: cart.shop.svc.cluster.local
    outlier_detection:
      consecutive_5xx_errors: 5
      base_ejection_time: 30s
    failover:
      - from: eu
        to: us

- name: Send one tenth to the other region, with the endpoints of both clusters in view
  meshyard.istio.locality_lb:
    namespace: shop
    name: cart
    service_host: cart
    distribute:
      - from: eu/*
        to:
          eu/*: 90
          us/*: 10
    cluster_name: central
    clusters:
      - name: remote
        kubeconfig: ~/.kube/config
        context: remote

- name: Let all services of the mesh fail over from region eu to region us first
  meshyard.istio.locality_lb:
    revision: 1-32-0
    outlier_detection:
      consecutive_5xx_errors: 5
      base_ejection_time: 30s
    failover:
      - from: eu
        to: us

- name: Bring the former state of the mesh back
  meshyard.istio.locality_lb:
    revision: 1-32-0
    state: absent

- name: Bring the former state back
  meshyard.istio.locality_lb:
    namespace: shop
    name: cart
    state: absent
"""

RETURN = r"""
prediction:
  description: For each service, and each place of each cluster that has a node, what happens to the traffic of clients there.
  returned: success
  type: list
  elements: dict
  contains:
    service:
      description: Host of the service.
      type: str
      sample: cart.shop.svc.cluster.local
    from:
      description: Cluster, region, zone and subzone of the clients.
      type: dict
      sample: {cluster: central, region: eu, zone: a, subzone: ""}
    priorities:
      description: Groups of localities in the order in which they get traffic, each with the number of its endpoints.
      type: list
      elements: dict
      sample:
        - {priority: 0, localities: [eu/a], endpoints: 2}
        - {priority: 1, localities: [us/a], endpoints: 1}
    shares:
      description: Percent of the traffic by locality while all endpoints are well; empty when no endpoint is reached.
      type: dict
      sample: {eu/a: 100.0}
    clusters:
      description: The same by cluster.
      type: dict
      sample: {central: 100.0}
coverage:
  description: How much of the mesh RV(prediction) covers.
  returned: success
  type: dict
  contains:
    services:
      description: Number of services with ready endpoints that are balanced. Headless ones are not.
      type: int
      sample: 41
    spread:
      description: Number of those with endpoints in more than one locality.
      type: int
      sample: 23
    predicted:
      description: Number of services in RV(prediction).
      type: int
      sample: 20
    left_out:
      description: Number of spread services that are not in RV(prediction).
      type: int
      sample: 3
    not_following:
      description: The objects because of which services do not follow the mesh, with what they set and for which services.
      type: list
      elements: dict
      sample:
        - {object: DestinationRule shop/cart, sets: [outlierDetection], services: [cart.shop.svc.cluster.local]}
findings:
  description: What else bears on the service or the mesh, and how far the prediction holds. Warnings come first.
  returned: success
  type: list
  elements: dict
  contains:
    level:
      description: V(warning) or V(info).
      type: str
      sample: warning
    code:
      description: A fixed word for the kind of finding.
      type: str
      sample: wildcard_replaced
    cluster:
      description: The cluster of the rule.
      type: str
      sample: central
    object:
      description: The object.
      type: str
      sample: DestinationRule shop/all
    message:
      description: What is so.
      type: str
    remedy:
      description: What to do about it.
      type: str
  sample:
    - level: warning
      code: second_rule
      cluster: central
      object: DestinationRule shop/all
      message: DestinationRule shop/all is for cart.shop.svc.cluster.local too, and only one traffic policy counts.
      remedy: Put both into one rule.
rule:
  description: The rule as it is now, or would be in check mode; null where there is none, and for the mesh.
  returned: success
  type: dict
  sample: {namespace: shop, name: cart, host: cart.shop.svc.cluster.local, traffic_policy: {outlierDetection: {consecutive5xxErrors: 5}}}
mesh:
  description: For the mesh, the revision and its settings as they are now, or would be in check mode; null for one service.
  returned: success
  type: dict
  contains:
    revision:
      description: The revision.
      type: str
      sample: 1-32-0
    version:
      description: Its version.
      type: str
      sample: 1.32.0
    settings:
      description: Its C(localityLbSetting), C(outlierDetection) and C(connectionPool), null where it has none.
      type: dict
      sample: {localityLbSetting: {enabled: true}, outlierDetection: {}, connectionPool: null}
steps:
  description: What was written; in check mode, what would be.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(patch), V(apply) or V(delete).
      type: str
      sample: patch
    kind:
      description: Kind of the object.
      type: str
      sample: DestinationRule
    namespace:
      description: Namespace of the object.
      type: str
      sample: shop
    name:
      description: Name of the object.
      type: str
      sample: cart
    reason:
      description: Why.
      type: str
      sample: set locality load balancing
    fields:
      description: Paths of the fields that change, when an object is applied.
      type: list
      elements: str
      sample: [data.mesh]
    overruled:
      description: By path, the field manager whose change is put back, if there is one.
      type: dict
  sample:
    - {action: apply, kind: DestinationRule, namespace: shop, name: cart, reason: new}
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
  description: Number of requests to the API server of this cluster.
  returned: success
  type: int
  sample: 12
"""

from typing import Any

from ..module_utils._ansible import arguments, peers
from ..module_utils._ansible.flows import locality_mesh
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._cluster import read
from ..module_utils._cluster.kinds import kind
from ..module_utils._errors import InvalidOption
from ..module_utils._mesh import host, raw, traffic_prediction
from ..module_utils._plan.locality import model as locality_model
from ..module_utils._plan.locality import request as locality_request
from ..module_utils._plan.locality import rule as locality_rule
from ..module_utils._plan.locality import services as locality_services
from ..module_utils._plan.objects.steps import Object
from ..module_utils._run.locality import read as observation
from ..module_utils._run.objects import execute


def spec() -> dict[str, Any]:
    """The options of this module."""
    text = {"type": "str", "required": True}
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        **arguments.chart(),
        **arguments.waiting(),
        "namespace": {"type": "str"},
        "name": {"type": "str"},
        "service_host": {"type": "str"},
        "revision": {"type": "str"},
        "services": {"type": "list", "elements": "str", "default": []},
        "enabled": {"type": "bool"},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "failover": {"type": "list", "elements": "dict", "options": {"from": text, "to": text}},
        "failover_priority": {"type": "list", "elements": "str"},
        "distribute": {"type": "list", "elements": "dict", "options": {"from": text, "to": {"type": "dict", "required": True}}},
        "outlier_detection": {"type": "dict", "options": _outlier_detection()},
        "connection_pool": {"type": "dict"},
        "allow_starving": {"type": "bool", "default": False},
        "cluster_name": {"type": "str"},
        **arguments.clusters(),
    }


def _outlier_detection() -> dict[str, Any]:
    numbers = ("consecutive_5xx_errors", "consecutive_gateway_errors", "max_ejection_percent", "min_health_percent")
    return {**{key: {"type": "int"} for key in numbers}, **{key: {"type": "str"} for key in ("interval", "base_ejection_time")}}


def main() -> None:
    """Observe, decide, predict, execute, answer."""
    module = Module(
        argument_spec=spec(), supports_check_mode=True, required_together=[("namespace", "name")], required_by={"service_host": "name"}
    )
    with reporting(module):
        present = module.params["state"] == "present"
        if module.params["name"]:
            _refuse_without_host(module.params)
            request = locality_request.request(module.params) if present else None
            _service(Run(module), request)
        else:
            asked = locality_request.fields(module.params) if present else None
            run = Run(module)
            locality_mesh.settle(run, asked, _members(run))


def _refuse_without_host(params: dict[str, Any]) -> None:
    if params["state"] == "present" and not params["service_host"]:
        raise InvalidOption(
            "service_host is missing.", "Name the service that the rule is for, or leave namespace and name out for the whole mesh."
        )


def _service(run: Run, asked: locality_request.LocalityRequest | None) -> None:
    live = read.get(run.cluster, kind("DestinationRule"), run.params["name"], run.params["namespace"])
    traffic = _traffic(run, live)
    decision = locality_rule.present(asked, live, run.cluster.name) if asked else locality_rule.absent(live)
    predicted = _predicted(run, decision, traffic)
    if decision.plan and run.check:
        execute.rehearse(run.cluster, decision.plan, run.warn, check=True)
    elif decision.plan:
        with run.writing(run.params["control_plane_namespace"]):
            run.execute(decision.plan)
    rule = decision.rule if run.check or not decision.plan else _written(run, decision)
    run.answer(decision.plan, rule=locality_rule.describe(rule), mesh=None, **predicted)


def _host(run: Run, live: Object | None) -> host.Service | None:
    name = run.params["service_host"] or raw.text(live or {}, "spec", "host")
    return host.of_host(name, run.params["namespace"]) if name else None


def _traffic(run: Run, live: Object | None) -> locality_model.ServiceTraffic | None:
    """All that bears on the traffic of the service; None where nobody knows which one it is."""
    params, service = run.params, _host(run, live)
    if service is None:
        return None
    bearing = frozenset({params["namespace"], service.namespace, params["control_plane_namespace"]})
    return observation.traffic(_members(run), run.cluster, service, bearing, params["control_plane_namespace"], params["revision"])


def _predicted(run: Run, decision: locality_rule.Decision, traffic: locality_model.ServiceTraffic | None) -> dict[str, Any]:
    """What is returned of the traffic after this run.

    :raises MeshyardError: weights leave places out that have endpoints.
    """
    service = _host(run, decision.rule)
    if traffic is None or service is None:
        return {"prediction": [], "coverage": locality_services.coverage([], []), "findings": []}
    setting, counts = traffic_prediction.setting_of(decision.policy), traffic.effective(decision.policy)
    if run.params["state"] == "present" and not run.params["allow_starving"]:
        locality_model.refuse_starving(setting, traffic, service)
    found = locality_model.findings(setting, traffic, service, decision.rule, counts)
    for one in found:
        if one.level == "warning":
            run.warn(f"{one.message} {one.remedy}")
    view = locality_services.View(service, counts, traffic.endpoints, {}, False)
    return {
        "prediction": locality_services.rows([view], traffic.clients),
        "coverage": locality_services.coverage([view], [view]),
        "findings": [one.describe(run.cluster.name) for one in found],
    }


def _members(run: Run) -> list[observation.Member]:
    """This cluster and the others."""
    here = run.cluster
    own = run.params["cluster_name"] or here.context or here.host
    return [observation.Member(own, here), *(observation.Member(one.name, one) for one in peers.connected(run, own))]


def _written(run: Run, decision: locality_rule.Decision) -> Object | None:
    """The rule as it is after the writes.

    :raises MeshyardError: somebody else made it at the same time.
    """
    found = read.get(run.cluster, kind("DestinationRule"), run.params["name"], run.params["namespace"])
    locality_rule.refuse_others(found, decision, run.cluster.name)
    return found


if __name__ == "__main__":
    main()
