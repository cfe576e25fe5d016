"""Dumps of the cluster before and after, as the API server gives them."""

from __future__ import annotations

import json
from typing import Any

from demo.cluster import Cluster
from demo.settings import EVIDENCE, GATEWAY, GATEWAY_NAMESPACE, NAMESPACES, Target

_LISTS = {
    "namespaces": "/api/v1/namespaces",
    "istio-system": "/apis/apps/v1/namespaces/istio-system/deployments",
    "mutating": "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "validating": "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
}


def take(name: str, cluster: Cluster) -> dict[str, Any]:
    """Keeps what the result needs: workloads, pods, webhooks, planes and the gateway's Service."""
    seen: dict[str, Any] = {key: cluster.raw(path)["items"] for key, path in _LISTS.items()}
    places = (*NAMESPACES, GATEWAY_NAMESPACE)
    for key, path in (("pods", "/api/v1/namespaces/{}/pods"), ("deployments", "/apis/apps/v1/namespaces/{}/deployments")):
        seen[key] = [item for place in places for item in cluster.raw(path.format(place)).get("items", [])]
    uid, address = cluster.gateway_address(GATEWAY_NAMESPACE, GATEWAY)
    seen["gateway"] = {"uid": uid, "address": address}
    (EVIDENCE / f"{name}.json").write_text(json.dumps(seen))
    return seen


def audit(target: Target) -> list[dict[str, Any]]:
    """The API server's audit events; an empty list where the log is not ours to read."""
    if target.audit_log is None or not target.audit_log.exists():
        return []
    lines = target.audit_log.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def writes_by(events: list[dict[str, Any]], agent: str, begin: str, end: str) -> list[dict[str, Any]]:
    """The writes that were no dry run, of clients whose user agent begins with C(agent), within two RFC 3339 times."""
    return [
        event
        for event in events
        if event.get("verb") in ("create", "update", "patch", "delete", "deletecollection")
        and event.get("stage") == "ResponseComplete"
        and str(event.get("userAgent", "")).startswith(agent)
        and "dryRun=All" not in event.get("requestURI", "")
        and not event.get("requestURI", "").endswith(("/exec", "/portforward"))
        and begin <= event.get("requestReceivedTimestamp", "") <= end
    ]
