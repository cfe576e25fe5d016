# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the cluster is chosen and recognised."""

from __future__ import annotations


class ModuleDocFragment:
    """Goes together with C(kubernetes.core.k8s_auth_options), which documents the connection options themselves."""

    DOCUMENTATION = r"""
options:
  expected_cluster_uid:
    description:
      - UID of the C(kube-system) namespace of the cluster that is meant. Every module returns it as C(uid) in RV(cluster).
      - With another cluster at the other end the module fails before it reads or writes anything else.
    type: str
requirements:
  - python >= 3.11
  - kubernetes >= 37.0.2
  - PyYAML >= 6.0.3
notes:
  - >-
    The connection options are those of C(kubernetes.core). As soon as one of them is given in the task or by
    C(module_defaults), the C(K8S_AUTH_*) environment variables are not looked at: a credential that AWX puts there
    cannot redirect a task that names its own cluster.
  - >-
    With O(impersonate_user) nothing is run in pods and no port of one is forwarded, for the client library would do that in the name of
    the account itself: what needs it says so, and a gate counts it as not readable.
  - What is secret in these options is masked in all output, a user and a password in O(host) and the tokens in an inline O(kubeconfig) too.
  - RV(cluster) tells which cluster was used, whatever the options came from.
"""
