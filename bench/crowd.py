"""Many pods that nobody runs: bare objects with a status, put into etcd as an API server would, so that ten thousands take seconds."""

from __future__ import annotations

import base64
import itertools
import json
import urllib.request
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lab.apiserver import ApiServer
from tests.harness.injector import Injector
from tests.harness.lab.settings import NEW, OLD
from tests.harness.mesh import Mesh
from tests.unit.mesh import build

Object = dict[str, Any]
_AT_ONCE = 100
_PODS, _DEPLOYMENTS = 2, 5
PODS_OF_NAMESPACE = _PODS * _DEPLOYMENTS
_CREATED = "2026-01-01T00:00:00Z"


def growing(folder: Path, name: str, sizes: Iterable[int]) -> Iterator[tuple[ApiServer, int]]:
    """An API server with two revisions and more and more pods; with each number of them once."""
    with ApiServer(folder / name, name) as server, Injector(folder, {}) as injector:
        mesh = Mesh(server, injector)
        mesh.revision(OLD, "1.31.0")
        mesh.revision(NEW, "1.32.0")
        before = 0
        for pods in sizes:
            fill(server, pods, before)
            before = pods
            yield server, pods


def fill(server: ApiServer, pods: int, offset: int = 0) -> None:
    """Puts so many pods into a cluster: ten in each namespace, two of each Deployment, half of them on the new revision.

    :param offset: how many there are already.
    """
    whole = (one for number in range(offset // PODS_OF_NAMESPACE, pods // PODS_OF_NAMESPACE) for one in _namespace(number))
    while batch := list(itertools.islice(whole, _AT_ONCE)):
        _put(server.etcd_url, batch)


def _put(etcd: str, batch: Iterable[tuple[str, Object]]) -> None:
    puts = [{"requestPut": {"key": _encoded(f"/registry/{key}"), "value": _encoded(json.dumps(one))}} for key, one in batch]
    request = urllib.request.Request(f"{etcd}/v3/kv/txn", json.dumps({"success": puts}).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _namespace(number: int) -> Iterator[tuple[str, Object]]:
    """A namespace with its Deployments, their ReplicaSets and their pods, by their keys in etcd."""
    name, revision = f"team-{number:05d}", (OLD, NEW)[number % 2]
    made = build.namespace(name, {"istio.io/rev": revision})
    yield f"namespaces/{name}", _stored("v1", "Namespace", {**made, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}})
    for app in (f"app-{one}" for one in range(_DEPLOYMENTS)):
        yield from _deployment(name, app, revision)


def _deployment(namespace: str, app: str, revision: str) -> Iterator[tuple[str, Object]]:
    deployment = _stored("apps/v1", "Deployment", build.workload(app, namespace, spec={"replicas": _PODS}))
    deployment["spec"]["selector"] = {"matchLabels": {"app": app}}
    deployment["spec"]["template"]["metadata"]["labels"] = {"app": app}
    yield f"deployments/{namespace}/{app}", deployment
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": app, "uid": deployment["metadata"]["uid"], "controller": True}
    marks = {"app": app, "pod-template-hash": "5d4c7"}
    meta = build.meta(f"{app}-5d4c7", namespace, marks, ownerReferences=[owner])
    spec = {"replicas": _PODS, "selector": {"matchLabels": marks}, "template": deployment["spec"]["template"]}
    replica_set = _stored("apps/v1", "ReplicaSet", {"metadata": meta, "spec": spec, "status": {"replicas": _PODS}})
    yield f"replicasets/{namespace}/{app}-5d4c7", replica_set
    for number in range(_PODS):
        yield _pod(namespace, f"{app}-5d4c7", f"{number:05d}", revision, replica_set["metadata"]["uid"], marks)


def _pod(namespace: str, owner: str, suffix: str, revision: str, uid: str, marks: dict[str, str]) -> tuple[str, Object]:
    """A pod of the size that an injected one has."""
    name = f"{owner}-{suffix}"
    pod = _stored("v1", "Pod", build.pod(name, namespace, revision=revision, owner=("ReplicaSet", owner), marks=marks))
    pod["metadata"]["ownerReferences"][0]["uid"] = uid
    pod["metadata"]["annotations"] |= {"sidecar.istio.io/status": json.dumps({"containers": ["istio-proxy"], "revision": revision})}
    variables = [{"name": f"ISTIO_META_{number}", "value": "x" * 40} for number in range(25)]
    for container in pod["spec"]["containers"]:
        container |= {"env": variables, "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}}}
    statuses = [{"name": one["name"], "image": one["image"], "ready": True, "restartCount": 0} for one in pod["spec"]["containers"]]
    pod["status"] |= {"podIP": "10.0.0.1", "containerStatuses": statuses}
    return f"pods/{namespace}/{name}", pod


def _stored(version: str, kind: str, obj: Object) -> Object:
    meta = {key: value for key, value in obj["metadata"].items() if key not in ("generation", "resourceVersion")}
    meta |= {"uid": str(uuid.uuid4()), "creationTimestamp": _CREATED}
    return {"apiVersion": version, "kind": kind, **obj, "metadata": meta}
