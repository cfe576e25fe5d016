#!/usr/bin/python
# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lets istiod read another cluster, and changes the token by which it does."""

from __future__ import annotations

DOCUMENTATION = r"""
module: remote_secret
short_description: Let istiod read another cluster
author:
  - Meshyard contributors (@meshyard)
description:
  - Makes an account with the least rights in the cluster that O(remote) leads to, and gives its token to the istiod of this cluster
    in a Secret C(istio-remote-secret-NAME).
  - A token that istioctl made is used further, and so is the account that a chart, Helm or istioctl made.
  - >-
    A Secret that istioctl made names no UID of its cluster. It is changed only where O(remote) leads to the same server with the same
    certificate authority, where that cluster knows the token, or where O(remote.expected_cluster_uid) confirms it.
  - With O(state=rotated) the token is changed while istiod goes on reading, and the old one is revoked when every istiod uses the new one.
  - The token appears in no return value, no diff and no message.
options:
  name:
    description:
      - Name of the remote cluster in the mesh, a DNS label. Its control plane or its proxies must use the same one as their
        C(clusterName).
    type: str
    required: true
  server:
    description:
      - URL of the remote cluster's API server as istiod reaches it, such as V(https://10.99.0.12:6443).
      - When not given, it is the one of the connection O(remote), which must not be the address of a loopback.
    type: str
  state:
    description:
      - V(present) makes account and Secret.
      - V(rotated) changes the token, in every run. It always waits, and needs a Secret that is there and an istiod that is ready.
      - V(absent) takes away the Secret and, where O(remote) is given, all that V(present) made in the remote cluster.
    type: str
    choices: [present, absent, rotated]
    default: present
  remote_namespace:
    description: Namespace of the account in the remote cluster. It is made if it is missing.
    type: str
    default: istio-system
  revisions_removed:
    description:
      - >-
        With O(state=absent), what istiod wrote into the remote cluster, the marks of O(remote_namespace) and the namespace itself, if
        joining made it and nothing else is in it, go too when no istiod serves the cluster any more.
      - V(true) says that the revisions there go in the same run, which check mode cannot see.
    type: bool
    default: false
extends_documentation_fragment:
  - kubernetes.core.k8s_auth_options
  - meshyard.istio.attributes
  - meshyard.istio.connection
  - meshyard.istio.control_plane
  - meshyard.istio.peer.remote
  - meshyard.istio.wait
attributes:
  idempotent:
    support: partial
    details: With O(state=rotated) each run makes a new token.
notes:
  - O(remote) is needed unless O(state=absent).
  - >-
    Rights of the account, by the ClusterRole C(meshyard-istio-reader-NAMESPACE). It may C(get), C(list) and C(watch) C(configmaps),
    C(namespaces), C(nodes), C(pods), C(secrets) and C(services); C(customresourcedefinitions) of C(apiextensions.k8s.io);
    C(endpointslices) of C(discovery.k8s.io); C(gateways) of C(gateway.networking.k8s.io); C(serviceexports) and C(serviceimports) of
    C(multicluster.x-k8s.io); C(workloadentries) of C(networking.istio.io). It may C(create) C(tokenreviews) of
    C(authentication.k8s.io) and C(subjectaccessreviews) of C(authorization.k8s.io), which are questions and store nothing. It can write
    nothing.
  - istiod reads C(secrets) for the certificates of gateways in the remote cluster, and is never in sync without that right.
  - A remote cluster that is served by this istiod also lets it write, by a ClusterRole that the chart's remote profile brings.
  - Without O(wait) it returns after writing. The token itself is waited for in any case.
  - >-
    istiod does not tell by which token it reads. A rotation therefore also waits until its answers have held for 5 seconds, and until
    the API server of the remote cluster has noted the use of the new token, if it did so for the old one.
  - >-
    A token that the istiod of several clusters uses is revoked by the last of them that rotates. One that istioctl made is revoked
    too, and who else uses it cannot be seen.
  - Istio 1.30.0 to 1.30.3 can lose endpoints after a rotation until istiod is restarted. Then the old token is not revoked.
seealso:
  - module: meshyard.istio.istio_revision
"""

EXAMPLES = r"""
- name: Let the istiod of this cluster read the cluster west
  meshyard.istio.remote_secret:
    name: west
    server: https://10.99.0.12:6443
    remote:
      kubeconfig: /etc/mesh/west.kubeconfig

- name: Change the token, and revoke the old one
  meshyard.istio.remote_secret:
    name: west
    server: https://10.99.0.12:6443
    state: rotated
    remote:
      kubeconfig: /etc/mesh/west.kubeconfig

- name: Stop reading a cluster that no longer exists
  meshyard.istio.remote_secret:
    name: west
    state: absent
"""

RETURN = r"""
secret:
  description: Name of the Secret beside istiod.
  returned: success
  type: str
  sample: istio-remote-secret-west
server:
  description: URL by which istiod reaches the remote cluster; null where it is not known with O(state=absent).
  returned: success
  type: str
  sample: "https://10.99.0.12:6443"
account:
  description: The ServiceAccount in the remote cluster.
  returned: success
  type: str
  sample: istio-system/istio-reader-service-account
token_secret:
  description: Name of the Secret in the remote cluster whose token istiod uses; null with O(state=absent).
  returned: success
  type: str
  sample: istio-reader-service-account-istio-remote-secret-token
synced:
  description:
    - What each ready istiod says of the remote cluster in the end.
    - Empty in check mode, without O(wait), and with O(state=absent).
  returned: success
  type: list
  elements: dict
  contains:
    istiod:
      description: Name of the pod.
      type: str
      sample: istiod-1-32-0-6d4c8f7b9-x2x5v
    status:
      description: V(synced).
      type: str
      sample: synced
  sample:
    - {istiod: istiod-1-32-0-7d9f5-abcde, status: synced}
revoked:
  description: Names of the Secrets in the remote cluster whose tokens were revoked; in check mode, would be.
  returned: success
  type: list
  elements: str
  sample: []
steps:
  description: What was written, in order; in check mode, what would be.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(apply), V(patch) or V(delete).
      type: str
      sample: apply
    cluster:
      description: Name of the cluster in which it was written.
      type: str
      sample: central
    kind:
      description: Kind of the object.
      type: str
      sample: Secret
    namespace:
      description: Namespace of the object; null for one of the cluster.
      type: str
      sample: istio-system
    name:
      description: Name of the object.
      type: str
      sample: istio-remote-secret-west
    reason:
      description: Why.
      type: str
      sample: differs from what is wanted
    fields:
      description: Paths of the fields that change, when an object is applied.
      type: list
      elements: str
      sample: ["data.west"]
    overruled:
      description: By path, the field manager whose change is put back, if there is one.
      type: dict
      sample: {"data.west": kubectl-edit}
  sample:
    - {action: apply, cluster: us, kind: ServiceAccount, namespace: istio-system, name: istio-reader-service-account, reason: new}
code:
  description: Why it failed, for programs. C(docs/codes.md) lists all codes.
  returned: failure
  type: str
  sample: forbidden
cluster:
  description: The cluster of istiod.
  returned: success
  type: dict
  sample: {host: "https://10.99.0.11:6443", context: central, uid: 6f1c8a1e-6a3f-4df1-9c1e-0d8f5a5f6b11}
remote_cluster:
  description: The cluster that is read; null where O(remote) was not given.
  returned: success
  type: dict
  sample: {host: "https://10.99.0.12:6443", context: west, uid: 0b0f5f0e-3d7a-4a52-8f7b-5f1f3b5d2c11}
requests:
  description: Number of requests to both API servers.
  returned: success
  type: int
  sample: 14
"""

from typing import Any

from ..module_utils._ansible import arguments
from ..module_utils._ansible.flows.remote_secret import RemoteSecretFlow, common
from ..module_utils._ansible.module import Module, Run, reporting
from ..module_utils._cluster.connect import Cluster
from ..module_utils._errors import MeshyardError
from ..module_utils._mesh.revision import check_cluster
from ..module_utils._plan.objects.steps import Delete, Plan
from ..module_utils._plan.remote import leftovers, reader, rotation
from ..module_utils._plan.remote import secret as remote_secret
from ..module_utils._run.control_plane import removal as control_plane_removal
from ..module_utils._run.remote import istiod_clusters
from ..module_utils._run.remote import secret as remote_secrets


def spec() -> dict[str, Any]:
    """The options of this module."""
    return {
        **arguments.connection(),
        **arguments.control_plane_namespace(),
        **arguments.waiting(),
        "name": {"type": "str", "required": True},
        "server": {"type": "str"},
        "state": {"type": "str", "choices": ["present", "absent", "rotated"], "default": "present"},
        "remote": arguments.peer(),
        "remote_namespace": {"type": "str", "default": "istio-system"},
        "revisions_removed": {"type": "bool", "default": False},
    }


def main() -> None:
    """Observe, decide, execute, wait, answer."""
    needed = [("state", state, ("remote",)) for state in ("present", "rotated")]
    module = Module(argument_spec=spec(), supports_check_mode=True, required_if=needed)
    with reporting(module):
        check_cluster(module.params["name"])
        run = Run(module)
        if module.params["state"] == "absent":
            _absent(run)
        elif module.params["state"] == "present":
            _present(RemoteSecretFlow(run))
        else:
            with run.writing(module.params["control_plane_namespace"]):  # what it compares must not change meanwhile
                _rotated(RemoteSecretFlow(run))


def _present(both: RemoteSecretFlow) -> None:
    current = both.current
    token = current["metadata"]["name"] if current else reader.TOKEN
    before, local = both.confirmed(reader.plan(both.there, both.reader, token), token)
    said: list[istiod_clusters.ClusterSyncStatus] = []
    with both.writing(bool(before or local)):
        local = both.swap(before, token) if (before or local) and not both.run.check else local
        if both.run.params["wait"] and not both.run.check:
            said = both.run.until(both.synced())
    both.answer(before, local, (), token, said)


def _rotated(both: RemoteSecretFlow) -> None:
    if both.here.secret(both.name) is None:
        raise MeshyardError(
            f"Cluster {both.run.cluster.name} has no Secret {both.secret} whose token could be changed.",
            "Make it with state present first.",
        )
    seen = both.ask()
    rotation.refuse_silent(len(seen), [f"{one.istiod}: {one.reason}" for one in seen if one.reason], both.run.cluster.name)
    endpoints = max(one.endpoints for one in seen)
    decided = rotation.plan(both.there, both.reader, both.current, endpoints)
    before, local = both.confirmed(decided.before, decided.token)
    said: list[istiod_clusters.ClusterSyncStatus] = []
    if not both.run.check:
        local = both.swap(before, decided.token)
        said = both.proven(decided)
        both.run.execute(decided.after, both.remote)
    both.run.warn(*decided.warnings)
    both.answer(before, local, decided.after, decided.token, said, list(decided.revoked))


def _absent(run: Run) -> None:
    name, remote = run.params["name"], run.peer("remote") if run.params["remote"] else None
    here = remote_secrets.here(run.cluster, run.params["control_plane_namespace"], name, run.warn)
    local = remote_secret.removal(here, name)
    live = remote_secret.kubeconfig_of(here.secret(name), name)
    if remote:
        remote_secret.refuse_another(here, name, remote.uid)
    elif local:
        run.warn(remote_secret.what_stays(name, run.params["remote_namespace"]))
    if not run.check and local:
        with run.writing(here.namespace):
            run.execute(local)
            if run.params["wait"]:
                run.until(istiod_clusters.forgotten(run.cluster, here.namespace, remote_secret.secret_name(name), name))
    far, revoked = _forget(run, remote) if remote else ((), [])
    run.answer(
        (*local, *far),
        **common(run, remote, local, far),
        server=live.server if live else run.params["server"],
        token_secret=None,
        synced=[],
        revoked=revoked,
    )


def _forget(run: Run, remote: Cluster) -> tuple[Plan, list[str]]:
    """Takes away what lies in the remote cluster, now that istiod writes nothing there any more; the steps and the revoked tokens."""
    there, namespace = remote_secrets.there(remote, run.params["remote_namespace"]), run.params["remote_namespace"]
    seen = reader.Reader(run.cluster.uid, run.params["name"])
    far, revoked, warnings = reader.removal(there, seen)
    run.warn(*warnings)
    if not any(reader.other_readers(one, seen) for one in there.tokens):
        far = (*far, *leftovers.plan(remote_secrets.rest(remote, namespace, revisions_removed=run.params["revisions_removed"]), far))
    run.execute(far, remote)
    if run.params["wait"] and not run.check:
        run.until(control_plane_removal.until_gone(remote, [step.ref for step in far if isinstance(step, Delete)]))
    return far, revoked


if __name__ == "__main__":
    main()
