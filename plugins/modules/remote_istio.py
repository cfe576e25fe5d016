#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: remote_istio
short_description: Let the istiod of a primary cluster serve a remote cluster, by revision
author:
  - Meshyard contributors (@meshyard)
description:
  - >-
    Puts a revision on a cluster that has no istiod of its own. Renders the official C(istiod) chart in its remote profile, a
    Service without selector that leads to the istiod of the primary, the webhook that injects pods by it, and the rights of
    the account by which istiod reads the cluster.
  - >-
    The chart's EndpointSlice holds one address. This module writes all addresses of istiod into it, and brings them up to date
    whenever it runs.
  - Several revisions stand beside each other, so that a remote cluster is upgraded by canary like its primary.
  - >-
    The account and its token, and the secret by which istiod finds this cluster, are not made here. Without them the primary's
    istiod never trusts the webhook, and the wait ends with an error that says so.
options:
  state:
    description:
      - V(present) serves this cluster by O(revision).
      - V(absent) removes the revision from this cluster. It is refused while anything here uses it, and each use is listed.
    type: str
    choices: [present, absent]
    default: present
  cluster_name:
    description:
      - Name by which istiod knows this cluster, a DNS label. It is that of the remote secret on the primary.
      - Needed with O(state=present).
    type: str
  network:
    description:
      - Network of this cluster, as in the label C(topology.istio.io/network) of its control plane namespace.
      - Leave it out where the pods of all clusters reach each other.
    type: str
    default: ''
  revision:
    description:
      - The revision, which must run on the primary. When not given, it is made from O(version), so that V(1.32.0) becomes
        V(1-32-0).
    type: str
  version:
    description:
      - Version of Istio whose chart is rendered, which is that of the istiod of this revision.
      - Needed with O(state=present).
    type: str
  values:
    description:
      - Further Helm values of the istiod chart. Those that join the cluster are set by this module.
      - A key that the chart does not know is refused, and so is a value of another type than the chart's own.
    type: dict
    default: {}
  reach:
    description:
      - How this cluster reaches the istiod of the primary.
      - V(gateway) takes the addresses of the Service in O(gateway_service), behind which an east-west gateway passes the ports
        15012 and 15017 on by SNI.
      - V(address) takes O(addresses), such as those of a load balancer in front of istiod.
      - >-
        V(pods) takes the addresses of istiod's pods, on a network that all clusters share. Each restart of istiod outdates
        them, and until this module or M(meshyard.istio.remote_endpoints) runs no pod starts in the injected namespaces of
        this cluster.
    type: str
    choices: [gateway, address, pods]
    default: gateway
  addresses:
    description: IP addresses of istiod, on which the ports 15012 and 15017 answer. Needed with O(reach=address).
    type: list
    elements: str
    default: []
  gateway_service:
    description: Namespace and name of the Service of the east-west gateway on the primary.
    type: str
    default: istio-system/istio-eastwestgateway
  rights:
    description:
      - What the reader's account may do here for this revision, by the ClusterRole C(istio-reader-clusterrole-REVISION-NAMESPACE).
      - >-
        V(least) lets it C(create), C(get), C(list), C(watch) and C(update) C(configmaps), and C(get), C(list), C(watch) and C(update)
        C(mutatingwebhookconfigurations) of C(admissionregistration.k8s.io). What it reads besides comes with
        M(meshyard.istio.remote_secret).
      - V(chart) leaves what the chart grants, which services exported to other clusters need.
    type: str
    choices: [least, chart]
    default: least
  planned_revisions:
    description:
      - Revisions of the primary that an earlier task of the same run makes, which check mode does not find. Then another istiod of the
        primary stands for it.
    type: list
    elements: str
    default: []
  planned_gateway:
    description:
      - >-
        Whether an earlier task of the same run makes the Service in O(gateway_service), which check mode does not find. Then an address
        of documentation stands for its own.
    type: bool
    default: false
  force:
    description: Remove the revision although something here uses it. New pods there are refused or start without a sidecar.
    type: bool
    default: false
  allow_unsupported:
    description: Go on with a version of Istio or Kubernetes that this collection does not support.
    type: bool
    default: false
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.chart
  - meshyard.istio.peer.primary
  - meshyard.istio.wait
notes:
  - O(primary) is needed with O(state=present).
seealso:
  - module: meshyard.istio.remote_endpoints
  - module: meshyard.istio.mirrored_services
  - module: meshyard.istio.istio_revision
  - module: meshyard.istio.namespace_revision
  - name: Install primary-remote
    description: The same by hand, in Istio's documentation.
    link: https://istio.io/latest/docs/setup/install/multicluster/primary-remote/
"""

EXAMPLES = r"""
- name: Serve this cluster by the istiod of another one, through its east-west gateway
  meshyard.istio.remote_istio:
    cluster_name: us
    network: us-east
    version: 1.32.0
    primary:
      kubeconfig: ~/.kube/config
      context: eu

- name: Take the old revision away
  meshyard.istio.remote_istio:
    revision: 1-31-0
    state: absent
"""

RETURN = r"""
revision:
  description: The revision.
  returned: success
  type: str
  sample: 1-32-0
addresses:
  description: The addresses by which this cluster reaches istiod.
  returned: success
  type: list
  elements: str
  sample: [10.98.1.20]
components:
  description: What has a state of its own, and that state, one of C(created), C(reconciling) and C(available).
  returned: success
  type: list
  elements: dict
  sample:
    - {component: injection webhook, kind: MutatingWebhookConfiguration, name: istio-sidecar-injector-1-32-0, status: available}
ready:
  description: Whether all components are available.
  returned: success
  type: bool
  sample: true
blockers:
  description: What uses the revision on this cluster, and is the reason for a refusal to remove it, or was overruled by O(force).
  returned: success
  type: list
  elements: dict
  contains:
    cluster:
      description: Name of the cluster.
      type: str
    kind:
      description: Kind of the object.
      type: str
      sample: Namespace
    namespace:
      description: Namespace of the object; empty for one of the cluster.
      type: str
    name:
      description: Name of the object.
      type: str
      sample: shop
    code:
      description: How it uses the revision, for programs; see M(meshyard.istio.istio_revision).
      type: str
      sample: namespace
    reason:
      description: How it uses the revision, in words.
      type: str
      sample: its new pods come to it
    tag:
      description: Name of the tag by which it uses the revision; empty where there is none.
      type: str
  sample:
    - {cluster: us, kind: Namespace, namespace: shop, name: shop, code: namespace, reason: its new pods come to it, tag: ""}
removed:
  description: The objects that were removed.
  returned: success
  type: list
  elements: dict
  sample:
    - {kind: Service, namespace: istio-system, name: istiod-1-31-0}
primary_cluster:
  description: The primary that was used, C(null) with O(state=absent).
  returned: success
  type: dict
  sample: {host: "https://10.99.0.11:6443", context: eu, uid: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11}
steps:
  description: What was done to this cluster, or would be in check mode.
  returned: success
  type: list
  elements: dict
  sample:
    - {action: apply, kind: Service, namespace: istio-system, name: istiod-1-32-0, reason: new}
code:
  description: Why it failed, for programs. C(docs/codes.md) lists all codes.
  returned: failure
  type: str
  sample: forbidden
cluster:
  description: The cluster that was used.
  returned: success
  type: dict
  sample: {host: "https://10.99.0.12:6443", context: us, uid: 0a4be1f8-6a3f-4df1-9c1e-0d8f5a5f6b12}
requests:
  description: Number of requests to the API server of this cluster.
  returned: success
  type: int
  sample: 12
"""

from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.flows.blockers import blockers
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._cluster.connect import Cluster
from ..module_utils._cluster.wait import TimedOut
from ..module_utils._mesh import revision as revisions
from ..module_utils._plan.control_plane import readiness, removal
from ..module_utils._plan.objects import convergence
from ..module_utils._plan.objects.steps import Object, Plan, ref_of
from ..module_utils._plan.remote import control_plane as remote_control_plane
from ..module_utils._run.control_plane import read as control_plane
from ..module_utils._run.control_plane import readiness as condition
from ..module_utils._run.objects import execute, observe, rendering
from ..module_utils._run.remote import control_plane as reading

_UNTRUSTED = (
    "The istiod of the primary sets the webhook's CA bundle once a remote secret there names this cluster and its account may "
    "change webhooks: look at the secret and at istiod's log."
)


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        **arguments.chart(),
        **arguments.waiting(),
        "primary": arguments.peer(),
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "cluster_name": {"type": "str"},
        "network": {"type": "str", "default": ""},
        "revision": {"type": "str"},
        "version": {"type": "str"},
        "values": {"type": "dict", "default": {}},
        "reach": {"type": "str", "choices": ["gateway", "address", "pods"], "default": "gateway"},
        "addresses": {"type": "list", "elements": "str", "default": []},
        "gateway_service": {"type": "str", "default": "istio-system/istio-eastwestgateway"},
        "rights": {"type": "str", "choices": ["least", "chart"], "default": "least"},
        "planned_revisions": {"type": "list", "elements": "str", "default": []},
        "planned_gateway": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        "allow_unsupported": {"type": "bool", "default": False},
    }


def main() -> None:
    """Observe, decide, execute, wait, answer."""
    module = Module(
        argument_spec=spec(),
        supports_check_mode=True,
        required_if=[("state", "present", ("version", "cluster_name", "primary"))],
        required_one_of=[("revision", "version")],
    )
    with reporting(module):
        names = revisions.Names(arguments.revision(module.params), module.params["control_plane_namespace"])
        if module.params["state"] == "present":
            _present(module, names)
        else:
            _absent(Run(module), names)


def _present(module: Module, names: revisions.Names) -> None:
    params = module.params
    version = arguments.version(params)
    remote_control_plane.refuse_name(params["cluster_name"])
    control_plane.check_values(params["values"])
    chart = rendering.Renderer("istiod", version, params, module.warn)
    chart.begin(params["values"])
    run = Run(module)
    chart.refuse(params["values"])
    primary = run.peer("primary")
    source = _source(run, primary, names)
    istiod = reading.istiod(primary, source)
    remote_control_plane.refuse_istiod(istiod, params["cluster_name"], names, primary.name)
    place = remote_control_plane.Place(params["cluster_name"], params["network"], istiod.cluster if istiod else "")
    addresses, where = reading.addresses(primary, source, params, planned=run.check and params["planned_gateway"])
    remote_control_plane.refuse_addresses(addresses, where)
    home = reading.namespace(run.cluster, names)
    remote_control_plane.refuse_network(home, place, run.cluster.name)
    targets = _render(run, names, chart, place, addresses)
    live = observe.owned(run.cluster, remote_control_plane.owner(names.revision), targets, reading.INVENTORY)
    remote_control_plane.refuse_strangers(targets, live, names, run.cluster.name)
    plan = execute.confirm(run.cluster, convergence.converge(targets, live, remote_control_plane.owner(names.revision)), run.warn)
    first = remote_control_plane.namespace_plan(home, names, place)
    parts = _execute(run, names, first, plan, targets, istiod.image if istiod else "")
    _answer(run, names, (*first, *plan), primary, addresses=sorted(set(addresses)), parts=parts)


def _source(run: Run, primary: Cluster, names: revisions.Names) -> revisions.Names:
    """The istiod to look at: that of the revision, or in check mode one that stands for a planned one."""
    if not run.check or names.revision not in run.params["planned_revisions"]:
        return names
    return reading.stand_in(primary, names)


def _render(
    run: Run, names: revisions.Names, chart: rendering.Renderer, place: remote_control_plane.Place, addresses: list[str]
) -> list[Object]:
    params = run.params
    kubernetes = control_plane.kubernetes_version(run.cluster, chart.version, params["allow_unsupported"], run.warn)
    values = remote_control_plane.chart_values(place, names, addresses, params["values"])
    source = remote_control_plane.source(params["reach"], names.revision, params["gateway_service"])
    rendered = chart.objects(names.istiod, names.namespace, values, kubernetes)
    return remote_control_plane.wanted(rendered, names, addresses, source, least_rights=params["rights"] == "least")


def _execute(run: Run, names: revisions.Names, first: Plan, plan: Plan, targets: list[Object], image: str) -> list[readiness.Component]:
    refs = readiness.concerned(map(ref_of, targets))
    if run.check:
        return condition.look(run.cluster, refs)
    if first or plan:
        run.execute(first)
        with run.writing(names.namespace):
            run.execute(plan)
            return _wait(run, names, refs, image)
    return _wait(run, names, refs, image)


def _wait(run: Run, names: revisions.Names, refs: list[Any], image: str) -> list[readiness.Component]:
    if not run.params["wait"]:
        return condition.look(run.cluster, refs)
    injection = condition.Injection(run.cluster, names.namespace, names.revision, names.revision, image, run.warn)
    try:
        parts: list[readiness.Component] = run.until(condition.observe(run.cluster, refs, injection))
    except TimedOut as problem:
        condition.explain(run.cluster, refs, problem)
        problem.remedy += f" {_UNTRUSTED}"
        raise
    return parts


def _absent(run: Run, names: revisions.Names) -> None:
    owner = remote_control_plane.owner(names.revision)
    live = observe.owned(run.cluster, owner, (), reading.INVENTORY)
    blocking = blockers(run, names) if live else []
    if not run.params["force"]:
        removal.refuse(blocking, names.revision, run.cluster.name)
    plan = convergence.removal(live, owner, f"revision {names.revision} is to be absent")
    if plan and not run.check:
        with run.writing(names.namespace):
            run.execute(plan)
    _answer(run, names, plan, None, blockers=blocking, removed=removal.listed(plan))


def _answer(run: Run, names: revisions.Names, plan: Plan, primary: Cluster | None, **values: Any) -> None:
    parts = values.pop("parts", [])
    run.answer(
        plan,
        revision=names.revision,
        addresses=values.get("addresses", []),
        components=[part.describe() for part in parts],
        ready=bool(parts) and not readiness.missing(parts),
        blockers=values.get("blockers", []),
        removed=values.get("removed", []),
        primary_cluster=primary.describe() if primary else None,
    )


if __name__ == "__main__":
    main()
