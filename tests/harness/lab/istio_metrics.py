"""Istio's own metrics, which a plain Envoy does not make: counted from the access logs of real requests, one line for one request."""

from __future__ import annotations

import json
import threading
import time
from bisect import bisect_left
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from lab.addresses import DOMAIN
from lab.client import ApiError, Client
from tests.harness.lab.access_log import Logs, Place
from tests.harness.metrics import Served

BOUNDS = (0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000)
"""Upper bounds of Istio's histograms, in milliseconds."""

_STATISTICS, _INJECTED = 15090, "sidecar.istio.io/status"
_UNKNOWN = "unknown"
_COUNT, _DURATION = "istio_requests_total", "istio_request_duration_milliseconds"
_NOT_REACHED = {"UF", "UH", "UO", "NR", "NC"}
"""Flags of requests that came to no pod: who called knows the Service alone then."""

Line = dict[str, Any]
Labels = tuple[tuple[str, str], ...]


class Pod(NamedTuple):
    """What the metrics say of a pod: by whom it is owned, and its labels."""

    namespace: str
    workload: str
    labels: dict[str, str]

    def described(self, side: str) -> dict[str, str]:
        """The labels of one side of a request."""
        app, version = self.labels.get("app", _UNKNOWN), self.labels.get("version", _UNKNOWN)
        return {
            f"{side}_workload": self.workload,
            f"{side}_workload_namespace": self.namespace,
            f"{side}_app": app,
            f"{side}_version": version,
            f"{side}_canonical_service": self.labels.get("service.istio.io/canonical-name", app),
            f"{side}_canonical_revision": self.labels.get("service.istio.io/canonical-revision", "latest"),
        }


_NOBODY = Pod(_UNKNOWN, _UNKNOWN, {})


class Pods:
    """The pods and Services of a cluster, those that were there before included; an API server that is away leaves them as they were.

    :param sidecars: the file for Prometheus in which the pods that have a proxy are kept.
    """

    def __init__(self, client: Client, sidecars: Path) -> None:
        self._client, self._sidecars = client, sidecars
        self._by_name: dict[Place, Pod] = {}
        self._by_address: dict[str, Pod] = {}
        self._services: list[dict[str, Any]] = []
        self._asked = 0.0

    def named(self, place: Place) -> Pod:
        """The pod of a name."""
        if place not in self._by_name:
            self._look()
        return self._by_name.get(place, _NOBODY)

    def at(self, address: str) -> Pod:
        """The pod of an address."""
        if address and address not in self._by_address:
            self._look()
        return self._by_address.get(address, _NOBODY)

    def service(self, pod: Pod, port: int) -> str:
        """The host of the Service that leads to a port of a pod."""
        for one in self._services:
            meta, spec = one["metadata"], one["spec"]
            selector = spec.get("selector") or {}
            ports = {item.get("targetPort", item["port"]) for item in spec.get("ports", ())}
            if meta["namespace"] == pod.namespace and selector and selector.items() <= pod.labels.items() and port in ports:
                return f"{meta['name']}.{meta['namespace']}.svc.{DOMAIN}"
        return _UNKNOWN

    def _look(self) -> None:
        if time.monotonic() < self._asked + 0.5:
            return
        try:
            pods, services = (self._client.get(f"/api/v1/{kind}")["items"] for kind in ("pods", "services"))
        except (OSError, ApiError):
            return
        finally:
            self._asked = time.monotonic()
        self._services = services
        for item in sorted(pods, key=lambda one: str(one["metadata"]["creationTimestamp"])):
            meta = item["metadata"]
            pod = Pod(meta["namespace"], _workload(meta), meta.get("labels", {}))
            self._by_name[Place(meta["namespace"], meta["name"])] = pod
            if address := item["status"].get("podIP"):
                self._by_address[address] = pod
        targets = [_target(item) for item in pods if item["status"].get("podIP") and _INJECTED in item["metadata"].get("annotations", {})]
        self._sidecars.write_text(json.dumps(targets))


class RequestMetrics(Served):
    """Serves what the proxies of a cluster write from now on, by both reporters.

    :ivar lines: how many requests it has counted.
    """

    def __init__(self, cluster_name: str, client: Client, sidecars: Path) -> None:
        super().__init__()
        self._logs, self._pods = Logs(cluster_name), Pods(client, sidecars)
        self._counts: Counter[Labels] = Counter()
        self._buckets: dict[Labels, list[int]] = {}
        self._sums: Counter[Labels] = Counter()
        self._lock = threading.Lock()
        self.lines = 0
        for _line in self._logs.lines():  # those of former scenarios
            pass

    def __exit__(self, *_unused: object) -> None:
        super().__exit__()
        self._logs.close()

    def scraped(self) -> str:
        """The series, with the requests that were logged since the last time."""
        with self._lock:
            for place, line in self._logs.lines():
                self._count(labels(place, line, self._pods), int(line["milliseconds"]))
            return self._text()

    def _count(self, found: Labels, milliseconds: int) -> None:
        self.lines += 1
        self._counts[found] += 1
        self._sums[found] += milliseconds
        self._buckets.setdefault(found, [0] * (len(BOUNDS) + 1))[bisect_left(BOUNDS, milliseconds)] += 1

    def _text(self) -> str:
        counts, durations = [f"# TYPE {_COUNT} counter"], [f"# TYPE {_DURATION} histogram"]
        for found, count in self._counts.items():
            told = ",".join(f'{name}="{value}"' for name, value in found)
            counts.append(f"{_COUNT}{{{told}}} {count}")
            below = 0
            for bound, several in zip((*map(str, BOUNDS), "+Inf"), self._buckets[found], strict=True):
                below += several
                durations.append(f'{_DURATION}_bucket{{{told},le="{bound}"}} {below}')
            durations += [f"{_DURATION}_sum{{{told}}} {self._sums[found]}", f"{_DURATION}_count{{{told}}} {count}"]
        return "\n".join([*counts, *durations]) + "\n"


def labels(place: Place, line: Line, pods: Pods) -> Labels:
    """The labels that Istio's proxies give a request: the client's is its source, the server's its destination."""
    writer = pods.named(place)
    direction, _bar, rest = (line["cluster"] or "").partition("|")
    port, _bar, rest = rest.partition("|")
    if direction == "inbound":
        other = pods.at(line["downstream"] or "")
        found = _request(line, "destination", other, writer, pods.service(writer, int(port)))
    else:
        host = rest.rpartition("|")[2] if direction == "outbound" else (line["authority"] or _UNKNOWN).partition(":")[0]
        reached = "" if _NOT_REACHED & set((line["flags"] or "").split(",")) else line["upstream"] or ""
        found = _request(line, "source", writer, pods.at(reached.rpartition(":")[0]), host)
    return tuple(found.items())


def _request(line: Line, reporter: str, source: Pod, destination: Pod, host: str) -> dict[str, str]:
    name, _dot, rest = host.partition(".")
    inbound, grpc = reporter == "destination", str(line["content_type"] or "").startswith("application/grpc")
    return {
        "reporter": reporter,
        **source.described("source"),
        **destination.described("destination"),
        "source_principal": str((line["peer"] if inbound else line["own"]) or _UNKNOWN),
        "destination_principal": str((line["own"] if inbound else line["peer"]) or _UNKNOWN),
        "destination_service": host,
        "destination_service_name": name,
        "destination_service_namespace": rest.partition(".")[0] or _UNKNOWN,
        "request_protocol": "grpc" if grpc else "http",
        "response_code": str(line["code"]),
        "response_flags": str(line["flags"] or "-"),
        "grpc_response_status": str(line["grpc"] if grpc and line["grpc"] is not None else ""),
        "connection_security_policy": _UNKNOWN if not inbound else "mutual_tls" if line["peer"] else "none",
    }


def _target(item: dict[str, Any]) -> dict[str, Any]:
    """Where the proxy of a pod tells its own statistics."""
    meta = item["metadata"]
    return {"targets": [f"{item['status']['podIP']}:{_STATISTICS}"], "labels": {"pod": meta["name"], "namespace": meta["namespace"]}}


def _workload(meta: dict[str, Any]) -> str:
    """By the label that overrides it, else by the owner: of a ReplicaSet its Deployment, whose name lacks the hash of the template."""
    owner = next((one["name"] for one in meta.get("ownerReferences", ())), meta["name"])
    hashed = meta.get("labels", {}).get("pod-template-hash", "")
    return str(meta.get("labels", {}).get("service.istio.io/workload-name") or owner.removesuffix(f"-{hashed}"))
