"""A large cluster that makes the pages of its lists when they are asked for, as JSON of the size that real ones have."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.errors import ApiError
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import ALL
from tests.unit.mesh import build

OLD, NEW = "1-31-0", "1-32-0"
# What every object of a cluster in use carries and no decision reads: about a kilobyte of managers, and a program's settings.
MANAGERS = [
    {"manager": f"manager-{one}", "fieldsV1": {f"f:field-{key}": {".": {}, "f:more": {}} for key in range(12)}, "operation": "Update"}
    for one in range(2)
]
ENVIRONMENT = [{"name": f"SETTING_{one}", "value": f"value of the setting number {one}"} for one in range(20)]
VOLUMES = [{"name": f"volume-{one}", "configMap": {"name": f"settings-{one}", "defaultMode": 420}} for one in range(6)]
INJECTED = json.dumps({"initContainers": ["istio-init"], "containers": ["istio-proxy"], "volumes": [f"istio-{one}" for one in range(8)]})


def worn(obj: dict[str, Any]) -> dict[str, Any]:
    """The object with what objects in use carry besides."""
    meta = obj["metadata"]
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(VOLUMES), "example.com/checksum": "0" * 64}
    found = {**obj, "metadata": {**meta, "managedFields": MANAGERS, "resourceVersion": "7", "annotations": annotations}}
    found["metadata"]["annotations"] = {**annotations, **(meta.get("annotations") or {})}
    template = found.get("spec", {}).get("template")
    if template:
        found["spec"] = {**found["spec"], "template": {**template, "spec": _program(template["spec"])}}
    elif "containers" in found.get("spec", {}):
        found["spec"] = _program(found["spec"])
        found["status"] = {**found["status"], "podIP": "10.0.0.1", "containerStatuses": [{"name": "app", "imageID": "sha256:" + "0" * 64}]}
    return found


def _program(spec: dict[str, Any]) -> dict[str, Any]:
    containers = [{**one, "env": ENVIRONMENT, "resources": {"requests": {"cpu": "100m"}}} for one in spec["containers"]]
    return {**spec, "containers": containers, "volumes": VOLUMES, "tolerations": [{"key": "a", "operator": "Exists"}]}


class LargeApi:
    """Stands in for the transport of a cluster: namespaces on the old revision, in each of them Deployments with pods.

    :ivar requests: how many were made. :ivar watch: is called before each answer.
    """

    host = "https://large"

    def __init__(self, namespaces: int, pods: int, watch: Callable[[], None] = lambda: None) -> None:
        self.requests = 0
        self.warnings: list[str] = []
        self.watch = watch
        self.lists: dict[str, tuple[int, Callable[[int], dict[str, Any]]]] = {
            "namespaces": (namespaces, lambda one: build.namespace(f"team-{one}", {"istio.io/rev": OLD, "example.com/cost": "shared"})),
            "pods": (pods, lambda one: self._pod(one, namespaces)),
            "replicasets": (pods, lambda one: self._replica_set(one, namespaces)),
            "deployments": (pods // 2, lambda one: build.workload(f"web-{one}", f"team-{one % namespaces}", uid=f"uid-{one}")),
            "services": (pods // 2, lambda one: build.service(f"web-{one}", f"team-{one % namespaces}", app=f"web-{one}")),
        }
        self.few = {
            "deployments": [build.istiod(OLD), build.istiod(NEW)],
            "mutatingwebhookconfigurations": [build.injector(OLD), build.injector(NEW)],
        }

    def send(self, method: str, path: str, *, verb: str, what: str, query: Any = None, **_further: Any) -> Any:
        assert method == "GET"
        self.requests += 1
        self.watch()
        plural = path.rpartition("/")[2]
        if plural == "version":
            return {"gitVersion": "v1.36.0"}
        if query is None or plural not in {one.plural for one in ALL}:
            raise ApiError("large", verb, what, 404, "NotFound", "not found")
        count, make = self.lists.get(plural, (0, lambda _one: {}))
        if "labelSelector" in query or "/namespaces/" in path:
            return self._answer(self.few.get(plural, []) if query.get("labelSelector") == "app=istiod" else [], "")
        start = int(query.get("continue", "0"))
        end = min(start + query["limit"], count)
        found = [*(self.few.get(plural, []) if start == 0 else []), *map(make, range(start, end))]
        return self._answer(found, str(end) if end < count else "")

    def _answer(self, objects: list[dict[str, Any]], token: str) -> Any:
        """Through JSON, so that nothing is shared between objects that would not be."""
        return json.loads(json.dumps({"items": [worn(one) for one in objects], "metadata": {"continue": token}}))

    def _pod(self, one: int, namespaces: int) -> dict[str, Any]:
        owner = ("ReplicaSet", f"web-{one // 2}-5d4c7")
        marks = {"app": f"web-{one // 2}", "pod-template-hash": "5d4c7", "security.istio.io/tlsMode": "istio"}
        annotations = {"istio.io/rev": OLD, "sidecar.istio.io/status": INJECTED, "prometheus.io/scrape": "true"}
        home = f"team-{one // 2 % namespaces}"
        return build.pod(f"web-{one}", home, revision=OLD, owner=owner, marks=marks, annotations=annotations, uid=f"uid-{one}")

    def _replica_set(self, one: int, namespaces: int) -> dict[str, Any]:
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": f"web-{one // 2}", "controller": True}
        name = f"web-{one // 2}-{'5d4c7' if one % 2 else 'former'}"
        return {"metadata": build.meta(name, f"team-{one // 2 % namespaces}", {"app": "web"}, ownerReferences=[owner])}


def cluster(api: LargeApi) -> Cluster:
    """A connection to it."""
    return Cluster("large", api)  # type: ignore[arg-type]
