"""Lists of a large cluster: page by page, of which never more than one is held."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import read
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import reduced
from tests.unit.run.large import LargeApi, cluster

ROOT = Path(__file__).parents[3]
MEBIBYTE = 1 << 20
# A pod, its ReplicaSet, half a Deployment and half a Service, as they are in use, are 15 KiB of JSON and five times that in Python.
BOUND = 120 * MEBIBYTE


class Page(dict[str, Any]):
    """A page that can be watched."""


class WatchedApi(LargeApi):
    """Counts, before each answer, the pages of which something is still held."""

    def __init__(self, namespaces: int, pods: int) -> None:
        super().__init__(namespaces, pods)
        self.pages: list[weakref.ref[Page]] = []
        self.held: list[int] = []
        self.sizes: list[int] = []

    def send(self, method: str, path: str, **further: Any) -> Any:
        gc.collect()
        self.held.append(sum(page() is not None for page in self.pages))
        answer = super().send(method, path, **further)
        self.sizes.append(len(answer["items"]))
        items = [Page(one) for one in answer["items"]]
        self.pages += map(weakref.ref, items)
        return {**answer, "items": items}


def test_of_a_list_of_many_pages_only_what_is_kept_outlives_its_page() -> None:
    api = WatchedApi(namespaces=10, pods=1700)
    found = read.objects(cluster(api), kind("Pod"), reduced=reduced.of("Pod"))
    assert len({one["metadata"]["name"] for one in found}) == 1700
    assert api.sizes == [500, 500, 500, 200]
    assert api.held == [0, 0, 0, 0]
    assert {(one["kind"], one["apiVersion"]) for one in found} == {("Pod", "v1")}


MEASURED = """
import json, resource, sys
sys.path[:0] = [{root!r}]
from tests import tree
sys.path.insert(0, str(tree.linked()))
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import syncz
from ansible_collections.meshyard.istio.plugins.module_utils._plan.survey import clusters
from ansible_collections.meshyard.istio.plugins.module_utils._run.survey import proxies, survey
from tests.unit.run.large import LargeApi, cluster

proxies.connections = lambda *_unused: syncz.Connections()
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
api, before = LargeApi({namespaces}, {pods}), used()
gather = {gather!r}
seen = survey.everywhere(cluster(api), "", "istio-system", gather, ())
planes = clusters.revisions(seen, [])
answer = {{name: clusters.detail(name, seen, [plane["revision"] for plane in planes]) for name in gather}}
text = json.dumps([planes, clusters.ambient(seen), answer])
print(json.dumps({{"bytes": used() - before, "requests": api.requests, "pods": len(answer.get("pods", [])), "answer": len(text)}}))
"""


def measured(namespaces: int, pods: int, gather: list[str]) -> dict[str, int]:
    """What a survey costs in a process of its own."""
    program = MEASURED.format(root=str(ROOT), namespaces=namespaces, pods=pods, gather=gather)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, int] = json.loads(done.stdout)
    return found


@pytest.mark.timeout(600)
def test_everything_about_ten_thousand_pods_takes_little_memory_and_requests_by_the_page() -> None:
    gather = ["pods", "workloads", "namespaces", "gateways", "proxies", "blockers", "statistics"]
    found = measured(2500, 10_000, gather)
    assert found["pods"] == 10_000
    assert found["bytes"] < BOUND
    pages = (10_000 + 10_000 + 5_000 + 5_000 + 2_500) // read.PAGE
    assert pages <= found["requests"] < pages + 60


def test_without_details_the_size_of_the_cluster_plays_no_part() -> None:
    small, large = measured(1, 1, []), measured(5_000, 20_000, [])
    assert large["requests"] == small["requests"] <= 12
    assert large["bytes"] < 10 * MEBIBYTE
