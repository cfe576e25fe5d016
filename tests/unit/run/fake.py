"""An API server in memory, as far as reading, creating and deleting go."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, NoReturn

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.errors import ApiError
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError

Object = dict[str, Any]


class FakeApi:
    """Stands in for the transport of a cluster.

    :ivar objects: by path. :ivar refused: the paths of lists that this account may not read, nor anything in them.
    :ivar missing: the paths of lists that the server does not know. :ivar sent: every request, as C("GET /path").
    """

    host = "https://fake"

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.refused: list[str] = []
        self.missing: list[str] = []
        self.sent: list[str] = []
        self.requests = 0
        self.warnings: list[str] = []

    def add(self, name: str, *objects: Mapping[str, Any]) -> None:
        """Objects of a kind."""
        for obj in objects:
            meta = obj["metadata"]
            known = kind(name)
            path = known.path(meta.get("namespace"), meta["name"])
            self.objects[path] = {**copy.deepcopy(dict(obj)), "apiVersion": known.api_version, "kind": name}

    def send(self, method: str, path: str, *, verb: str, what: str, query: Any = None, body: Any = None, **_further: Any) -> Any:
        self.requests += 1
        self.sent.append(f"{method} {path}")
        if path.count("/") == 3 and path.startswith("/apis/"):
            return self._discover(path)
        if path in self.refused or path.rpartition("/")[0] in self.refused:
            raise ApiError("fake", verb, what, 403, "Forbidden", "no permission")
        if path in self.missing:
            raise ApiError("fake", verb, what, 404, "NotFound", "no such kind")
        if method == "GET":
            return self._read(path, query, verb, what)
        if method == "POST":
            self.objects[f"{path}/{body['metadata']['name']}"] = copy.deepcopy(body)
            return body
        if method == "DELETE" and path in self.objects:
            return self.objects.pop(path)
        raise ApiError("fake", verb, what, 404, "NotFound", "not found")

    def _discover(self, path: str) -> Any:
        """The kinds of a group and version."""
        known = [one for one in kinds.ALL if one.path().rpartition("/")[0] == path and one.path() not in self.missing]
        return {"resources": [{"name": one.plural} for one in known]}

    def _read(self, path: str, query: Any, verb: str, what: str) -> Any:
        if path in self.objects:
            return copy.deepcopy(self.objects[path])
        if query is None:
            raise ApiError("fake", verb, what, 404, "NotFound", "not found")
        base, _slash, plural = path.rpartition("/")
        found = [
            obj
            for key, obj in self.objects.items()
            if (key.startswith(f"{path}/") or (key.startswith(f"{base}/namespaces/") and key.split("/")[-2] == plural))
            and _selected(obj, (query or {}).get("labelSelector", ""))
        ]
        return {"items": copy.deepcopy(found), "metadata": {}}


def _selected(obj: Object, selector: str) -> bool:
    marks = obj["metadata"].get("labels") or {}
    wanted = [part.partition("=") for part in selector.split(",") if part]
    return all(marks.get(key) == value if equals else key in marks for key, equals, value in wanted)


def cluster(api: FakeApi, name: str = "central") -> Cluster:
    """A connection to it."""
    return Cluster(name, api)  # type: ignore[arg-type]


def fail(problem: MeshyardError) -> NoReturn:
    """Raises what a test has prepared."""
    raise problem
