#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: mirrored_services
short_description: Mirror services of a primary cluster on a remote cluster
author:
  - Meshyard contributors (@meshyard)
description:
  - >-
    For services that pods of a remote cluster need by name and that run on the primary only, such as a central collector. Each
    gets a Service without selector on the remote cluster, with the ports of the primary's, and EndpointSlices with the endpoints
    that are ready on the primary.
  - >-
    The endpoints are as they were when the module ran. M(meshyard.istio.remote_endpoints) brings them up to date, cheaply.
  - >-
    The list is all that is mirrored. What was mirrored before and is not listed any more is removed from the remote cluster.
  - >-
    The addresses are those of the primary's pods, so that pods of both clusters need to be in one network.
options:
  state:
    description:
      - V(present) mirrors O(services), and nothing else.
      - V(absent) removes O(services) from the remote cluster, and all that is mirrored where the list is empty.
    type: str
    choices: [present, absent]
    default: present
  services:
    description:
      - The services of the primary. Their namespaces must exist on this cluster.
      - A Service of type C(ExternalName) is refused, and so is one whose name others use on this cluster.
    type: list
    elements: dict
    default: []
    suboptions:
      namespace:
        description: Namespace of the Service, the same on both clusters.
        type: str
        required: true
      name:
        description: Name of the Service.
        type: str
        required: true
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.peer.primary
notes:
  - >-
    A slice holds at most 100 endpoints; a service with more gets several. Where the primary shows no ready endpoint, the slices
    stay as they are and a warning says so.
seealso:
  - module: meshyard.istio.remote_endpoints
  - module: meshyard.istio.remote_istio
"""

EXAMPLES = r"""
- name: Let the remote cluster reach the collector of the primary
  meshyard.istio.mirrored_services:
    kubeconfig: ~/.kube/config
    context: us
    services:
      - {namespace: telemetry, name: collector}
    primary:
      kubeconfig: ~/.kube/config
      context: eu

- name: Mirror nothing any more
  meshyard.istio.mirrored_services:
    kubeconfig: ~/.kube/config
    context: us
    state: absent
"""

RETURN = r"""
services:
  description: The services that are mirrored now, with the addresses of their endpoints on the primary.
  returned: success
  type: list
  elements: dict
  sample:
    - {namespace: telemetry, name: collector, addresses: [10.244.2.9]}
removed:
  description: The objects that were removed.
  returned: success
  type: list
  elements: dict
  sample:
    - {kind: Service, namespace: telemetry, name: old}
primary_cluster:
  description: The primary that was used, V(null) with O(state=absent).
  returned: success
  type: dict
  sample: {host: "https://10.99.0.11:6443", context: eu, uid: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11}
steps:
  description: What was done to this cluster, or would be in check mode.
  returned: success
  type: list
  elements: dict
  sample:
    - {action: apply, kind: EndpointSlice, namespace: telemetry, name: collector-ipv4-9f2c1a-1, reason: differs from what is wanted}
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
  description: Number of requests to the API servers of both clusters.
  returned: success
  type: int
  sample: 12
"""

import contextlib
from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._cluster.connect import Cluster
from ..module_utils._plan.control_plane import removal
from ..module_utils._plan.objects.convergence import converge
from ..module_utils._plan.objects.steps import Delete, Object, Plan, Ref
from ..module_utils._plan.remote import endpoints, mirrored_services
from ..module_utils._run.objects import execute, observe
from ..module_utils._run.remote import endpoints as reading

_INVENTORY = ("Service", "EndpointSlice")


def spec() -> dict[str, Any]:
    """The options of this module."""
    one = {"namespace": {"type": "str", "required": True}, "name": {"type": "str", "required": True}}
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        "primary": arguments.peer(),
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "services": {"type": "list", "elements": "dict", "default": [], "options": one},
    }


def main() -> None:
    """Observe, decide, execute, answer."""
    module = Module(argument_spec=spec(), supports_check_mode=True, required_if=[("state", "present", ("primary",))])
    with reporting(module):
        subjects = mirrored_services.subjects(module.params["services"])
        run = Run(module)
        if module.params["state"] == "present":
            _present(run, subjects)
        else:
            _absent(run, subjects)


def _present(run: Run, subjects: list[str]) -> None:
    primary = run.peer("primary")
    found = reading.services(primary, subjects)
    for subject, service in found.items():
        mirrored_services.refuse_service(service, subject, primary.name)
    missing = reading.missing_namespaces(run.cluster, [subject.partition("/")[0] for subject in subjects])
    mirrored_services.refuse_namespaces(missing, run.cluster.name)
    shown = reading.of_services(primary, subjects)
    services = [mirrored_services.service(service) for service in found.values() if service]
    slices = [one for subject in subjects for one in mirrored_services.slices(subject, shown.get(subject, ()))]
    live = observe.owned(run.cluster, mirrored_services.OWNER, [*services, *slices], _INVENTORY)
    mirrored_services.refuse_strangers([*services, *slices], live, run.cluster.name)
    plan = [*converge(services, live, mirrored_services.OWNER, prune=False), *_endpoints(run, primary, subjects, shown, live)]
    stale = mirrored_services.removal(live, subjects, "is not mirrored any more")
    confirmed = execute.confirm(run.cluster, (*plan, *stale), run.warn)
    _execute(run, confirmed)
    rows = [
        {**dict(zip(("namespace", "name"), subject.split("/"), strict=True)), "addresses": _addresses(subject, slices)}
        for subject in subjects
    ]
    _answer(run, confirmed, rows, primary)


def _endpoints(run: Run, primary: Cluster, subjects: list[str], shown: dict[str, list[Object]], live: dict[Ref, Object]) -> Plan:
    """The steps for all slices; of a service without endpoints they stay as they are."""
    plan: Plan = ()
    for subject in subjects:
        its = [obj for ref, obj in live.items() if ref.kind == "EndpointSlice" and mirrored_services.subject_of(obj) == subject]
        steps, has_endpoints = mirrored_services.towards(subject, shown.get(subject, ()), its)
        plan += steps
        if not has_endpoints:
            run.warn(
                f"Service {subject} has no ready endpoint on the primary cluster {primary.name}: its EndpointSlices on cluster "
                f"{run.cluster.name} stay as they are. Run remote_endpoints once it has."
            )
    return plan


def _addresses(subject: str, slices: list[Object]) -> list[str]:
    return sorted({address for one in slices if mirrored_services.subject_of(one) == subject for address in endpoints.addresses_of(one)})


def _absent(run: Run, subjects: list[str]) -> None:
    live = observe.owned(run.cluster, mirrored_services.OWNER, (), _INVENTORY)
    known = {mirrored_services.subject_of(obj) for obj in live.values()}
    plan = mirrored_services.removal(live, known - set(subjects) if subjects else (), "is to be absent")
    _execute(run, plan)
    _answer(run, plan, [], None)


def _execute(run: Run, plan: Plan) -> None:
    with run.writing(run.params["control_plane_namespace"]) if plan else contextlib.nullcontext():
        run.execute(plan)


def _answer(run: Run, plan: Plan, services: list[dict[str, Any]], primary: Cluster | None) -> None:
    run.answer(
        plan,
        services=services,
        removed=removal.listed(tuple(step for step in plan if isinstance(step, Delete))),
        primary_cluster=primary.describe() if primary else None,
        requests=run.cluster.api.requests + (primary.api.requests if primary else 0),
    )


if __name__ == "__main__":
    main()
