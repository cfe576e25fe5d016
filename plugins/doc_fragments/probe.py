# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a probe is sent from, where to, and what is expected."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of one probe."""

    DOCUMENTATION = r"""
options:
  from:
    description:
      - Where the requests are sent from.
      - Exactly one of O(from.workload), O(from.pod), O(from.temporary) and O(from.controller) is given.
    type: dict
    required: true
    suboptions:
      namespace:
        description: Namespace of the workload or pod, also of the temporary one.
        type: str
      workload:
        description:
          - Workload whose newest ready pod sends, as C(NAME) or C(KIND/NAME), such as V(cart) or V(Deployment/cart).
          - >-
            The requests leave from inside its container, by the first of C(curl), C(python3), C(fortio) and C(wget) that it
            has. Each request has a connection of its own.
        type: str
      pod:
        description: Pod that sends, by its name.
        type: str
      container:
        description:
          - Container of the workload's pod that sends. When not given, it is the pod's default container, else the first that
            is not the proxy.
        type: str
      image:
        description:
          - Image with C(sleep), C(sh) and one of the clients.
          - >-
            With O(from.workload) or O(from.pod) an ephemeral container of this image is added to the pod and sends, for pods
            that have no client of their own. Kubernetes cannot take an ephemeral container out of a pod again. It ends by
            itself, and is used again by later probes as long as it runs.
          - With O(from.temporary) the image of the temporary pod.
        type: str
      temporary:
        description:
          - Whether a pod is made that sends, and is deleted again whatever happens. What a killed run leaves is deleted by the next
            run that makes a pod in the same namespace, and ended by Kubernetes in any case.
        type: bool
        default: false
      labels:
        description: Labels of the temporary pod, such as C(istio.io/rev) to bring it into the mesh.
        type: dict
        default: {}
      controller:
        description: Whether the machine that runs this module sends.
        type: bool
        default: false
  to:
    description: URL to ask, such as V(http://cart.shop:8080/health), as the sender sees it.
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
    description: Method of the requests. They have no body. C(wget) can send C(GET) only.
    type: str
    default: GET
  headers:
    description: Headers of the requests. C(Host) asks for another host than that of the URL.
    type: dict
    default: {}
  url_validate_certs:
    description: Whether the certificate of an C(https) URL is verified. That of the API server is the matter of O(validate_certs).
    type: bool
    default: true
  resolve:
    description:
      - Address to connect to in place of the name in the URL, which stays in the request. C(wget) cannot do it.
    type: str
  responder:
    description: Where an answer names the one that gave it, which is how RV(counts.by_responder) is made.
    type: dict
    suboptions:
      header:
        description: Response header that holds the name.
        type: str
        default: x-responder
      body_regex:
        description:
          - >-
            Regular expression for answers without that header. It is looked for in the headers and the first 8 KiB of the
            body, and its first group is the name.
          - When not given, the host names in the answers of well-known echo servers are found.
        type: str
  expect:
    description: What must be so.
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
        description:
          - Shell patterns for the names of responders. Each must have answered, and nobody else.
        type: list
        elements: str
        default: []
      max_latency_ms:
        description: Highest 99th percentile of the latency, in milliseconds.
        type: float
"""
