# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How another cluster than the module's own is reached."""

from __future__ import annotations


class ModuleDocFragment:
    """C(meshyard.istio.peer.remote) for modules that also connect to a remote cluster, C(meshyard.istio.peer.primary) to a primary,
    C(meshyard.istio.peer.clusters) to all other clusters of the mesh.

    The suboptions are written out each time: ansible-test reads literal text only.
    """

    DOCUMENTATION = r"""
options: {}
"""

    REMOTE = r"""
options:
  remote:
    description:
      - The cluster whose services and pods the istiod of this cluster is to read. Needed but with O(state=absent).
      - >-
        None of the C(K8S_AUTH_*) environment variables is looked at for it once one of its suboptions is given.
    type: dict
    suboptions:
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
      expected_cluster_uid:
        description: UID of the C(kube-system) namespace of the cluster that is meant.
        type: str
"""

    PRIMARY = r"""
options:
  primary:
    description:
      - The cluster in which the istiod runs that is to serve this one. Needed unless objects are only taken away.
      - >-
        None of the C(K8S_AUTH_*) environment variables is looked at for it once one of its suboptions is given.
    type: dict
    suboptions:
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
      expected_cluster_uid:
        description: UID of the C(kube-system) namespace of the cluster that is meant.
        type: str
"""

    CLUSTERS = r"""
options:
  clusters:
    description:
      - The other clusters of the mesh, each once, with the name by which Istio knows it.
      - >-
        None of the C(K8S_AUTH_*) environment variables is looked at for one of which a suboption other than its name is given.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the cluster, as Istio knows it. A remote secret names the cluster by it.
        type: str
        required: true
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
      expected_cluster_uid:
        description: UID of the C(kube-system) namespace of the cluster that is meant.
        type: str
"""
