"""Dumps of the cluster before and after, as the API server gives them."""

from __future__ import annotations

import json
from typing import Any

from demo.settings import EVIDENCE, NAMESPACES
from tests.harness.lab.reader import Reader
from tests.harness.lab.settings import GATEWAY, GATEWAY_NAMESPACE

_LISTS = {
    "namespaces": "/api/v1/namespaces",
    "istio-system": "/apis/apps/v1/namespaces/istio-system/deployments",
    "mutating": "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "validating": "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
}


def take(name: str, cluster: Reader) -> dict[str, Any]:
    """Keeps what the result needs: workloads, pods, webhooks, planes and the gateway's Service."""
    seen: dict[str, Any] = {key: cluster.raw(path)["items"] for key, path in _LISTS.items()}
    places = (*NAMESPACES, GATEWAY_NAMESPACE)
    for key, path in (("pods", "/api/v1/namespaces/{}/pods"), ("deployments", "/apis/apps/v1/namespaces/{}/deployments")):
        seen[key] = [item for place in places for item in cluster.raw(path.format(place)).get("items", [])]
    uid, address = cluster.gateway_address(GATEWAY_NAMESPACE, GATEWAY)
    seen["gateway"] = {"uid": uid, "address": address}
    (EVIDENCE / f"{name}.json").write_text(json.dumps(seen))
    return seen
