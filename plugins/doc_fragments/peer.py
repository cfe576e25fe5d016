# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How another cluster than the module's own is reached."""

from __future__ import annotations

import textwrap

_CONNECTION = r"""
kubeconfig:
  description: Path of a kubeconfig file, or its content.
  type: raw
context:
  description: Context of the kubeconfig.
  type: str
host:
  description: URL of the API server.
  type: str
api_key:
  description: Bearer token.
  type: str
username:
  description: User name, for API servers that take one.
  type: str
password:
  description: Password of that user.
  type: str
ca_cert:
  description: Path of the CA certificate of the API server.
  type: path
  aliases: [ssl_ca_cert]
validate_certs:
  description: Whether the certificate of the API server is verified.
  type: bool
  aliases: [verify_ssl]
client_cert:
  description: Path of a client certificate.
  type: path
  aliases: [cert_file]
client_key:
  description: Path of the key of the client certificate.
  type: path
  aliases: [key_file]
proxy:
  description: URL of an HTTP proxy.
  type: str
no_proxy:
  description: Hosts, domains and ranges that are reached without the proxy, separated by commas.
  type: str
proxy_headers:
  description: Headers for the proxy.
  type: dict
  suboptions:
    proxy_basic_auth:
      description: User and password for the proxy, separated by a colon.
      type: str
    basic_auth:
      description: User and password for the server, separated by a colon.
      type: str
    user_agent:
      description: What the client calls itself.
      type: str
persist_config:
  description: Whether tokens that were refreshed are written to the kubeconfig file.
  type: bool
impersonate_user:
  description: User in whose name requests are made.
  type: str
impersonate_groups:
  description: Groups in whose name requests are made.
  type: list
  elements: str
expected_cluster_uid:
  description: UID of the C(kube-system) namespace of the cluster that is meant.
  type: str
"""

_ENVIRONMENT = "None of the C(K8S_AUTH_*) environment variables is looked at for"


def _option(text: str) -> str:
    """An option of which the connection is the suboptions."""
    return f"{text.rstrip()}\n{textwrap.indent(_CONNECTION.strip(), ' ' * 6)}\n"


def _cluster(name: str, description: str) -> str:
    """An option that is one cluster."""
    return _option(f"""
options:
  {name}:
    description:
      - {description}
      - {_ENVIRONMENT} it once one of its suboptions is given.
    type: dict
    suboptions:
""")


def _clusters(description: str) -> str:
    """The option C(clusters), each with a name."""
    return _option(f"""
options:
  clusters:
    description:
      - {description}
      - {_ENVIRONMENT} one of which a suboption other than its name is given.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the cluster, as Istio knows it. A remote secret names the cluster by it.
        type: str
        required: true
""")


class ModuleDocFragment:
    """C(meshyard.istio.peer.remote) for modules that also connect to a remote cluster, C(meshyard.istio.peer.primary) to a primary,
    C(meshyard.istio.peer.clusters) to all other clusters of the mesh, and C(meshyard.istio.peer.compared) to those that are compared.

    With types, for ansible-test takes a plain assignment in a class like this for literal text.
    """

    DOCUMENTATION = r"""
options: {}
"""

    REMOTE: str = _cluster(
        "remote", "The cluster whose services and pods the istiod of this cluster is to read. Needed but with O(state=absent)."
    )
    PRIMARY: str = _cluster(
        "primary", "The cluster in which the istiod runs that is to serve this one. Needed unless objects are only taken away."
    )
    CONFIG_CLUSTER: str = _cluster(
        "config_cluster",
        "The cluster whose istiod reads the routes, where it is not the one with the pods. "
        "Needed on a remote cluster, whose primary it is.",
    )
    LEFT_OUT: str = _clusters(
        "The clusters of the mesh whose workloads are not released together with this one. "
        "A release of a Service that one of them has, too, is refused, since the mesh takes both for one."
    )
    CLUSTERS: str = _clusters("The other clusters of the mesh, each once, with the name by which Istio knows it.")

    COMPARED: str = _option(r"""
options:
  clusters:
    description:
      - The other clusters of the mesh. With O(topology=primary_remote) at least the primary.
      - One with another UID than the one that is expected is a blocker.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the cluster in the mesh.
        type: str
        required: true
      network:
        description: Network of the cluster. When not given, it is the one that its control plane namespace names.
        type: str
        default: ""
      role:
        description: Whether the cluster has an istiod of its own.
        type: str
        choices: [primary, remote]
        default: primary
      server:
        description: URL by which the istiods of other clusters reach its API server. By default that of the connection.
        type: str
      planned:
        description:
          - Whether the control plane of the cluster is still to be installed or changed, so that what it lacks by now is no blocker.
        type: bool
        default: false
""")
