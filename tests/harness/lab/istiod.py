"""What is asked of istiod and done to it beside the collection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kubernetes import client

from tests.harness.lab.reader import Reader, is_ready
from tests.harness.lab.settings import NEW

SYSTEM = "istio-system"


def proxies(reader: Reader, keep: Path) -> list[dict[str, Any]]:
    """The connected proxies of every istiod pod, by the debug page inside the pod."""
    found: list[dict[str, Any]] = []
    for pod in reader.pods(SYSTEM, "istiod"):
        if is_ready(pod):
            command = ["/usr/local/bin/pilot-discovery", "request", "GET", "/debug/syncz"]
            output = reader.execute(SYSTEM, pod["metadata"]["name"], command, 20, container="discovery")
            found += json.loads(output)
    keep.write_text(json.dumps(found))
    return found


def addresses(reader: Reader) -> set[str]:
    """Those of its ready pods that are not on their way out."""
    pods = [pod for pod in reader.pods(SYSTEM, "istiod") if is_ready(pod) and "deletionTimestamp" not in pod["metadata"]]
    return {str(pod["status"]["podIP"]) for pod in pods}


def addresses_on_remote(reader: Reader, revision: str) -> set[str]:
    """Those by which a remote cluster reaches it."""
    found = reader.raw(f"/apis/discovery.k8s.io/v1/namespaces/{SYSTEM}/endpointslices/istiod-{revision}")
    return {address for endpoint in found["endpoints"] or () for address in endpoint["addresses"]}


def break_one_field(reader: Reader) -> str:
    """Overwrites the mesh configuration of the new plane, as somebody in a hurry would; returns what was broken."""
    name = f"istio-{NEW}"
    api = client.CoreV1Api(reader.client)
    mesh = api.read_namespaced_config_map(name, SYSTEM).data["mesh"]
    body = {"data": {"mesh": f"{mesh}\naccessLogFile: /dev/stdout\n"}}
    api.patch_namespaced_config_map(name, SYSTEM, body, field_manager="somebody-in-a-hurry")
    return f"ConfigMap {SYSTEM}/{name} data.mesh"
