"""One owned field broken by hand, as somebody in a hurry would."""

from __future__ import annotations

from kubernetes import client

from demo.cluster import Cluster
from demo.settings import NEW


def break_one_field(cluster: Cluster) -> str:
    """Overwrites the mesh configuration of the new plane; returns what was broken."""
    name = f"istio-{NEW}"
    api = client.CoreV1Api(cluster.client)
    mesh = api.read_namespaced_config_map(name, "istio-system").data["mesh"]
    body = {"data": {"mesh": f"{mesh}\naccessLogFile: /dev/stdout\n"}}
    api.patch_namespaced_config_map(name, "istio-system", body, field_manager="somebody-in-a-hurry")
    return f"ConfigMap istio-system/{name} data.mesh"
