"""What is read for a report beside control planes and workloads, and in how many requests."""

from __future__ import annotations

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._run.mesh_report import read
from tests.unit.mesh import build
from tests.unit.run.fake import FakeApi, cluster

SYSTEM = "istio-system"


def mesh() -> FakeApi:
    api = FakeApi()
    for revision in ("1-31-0", "1-32-0"):
        api.add("Deployment", build.istiod(revision))
        config = {"mesh": f"trustDomain: td-{revision}\n"}
        api.add("ConfigMap", {"metadata": build.meta(f"istio-{revision}", SYSTEM), "data": config})
    api.add("Namespace", build.namespace(SYSTEM, {"topology.istio.io/network": "net-eu"}))
    return api


def test_the_settings_of_each_revision_are_read_in_few_requests() -> None:
    api = mesh()
    found = read.facts(cluster(api), SYSTEM)
    assert [(one["revision"], one["trust_domain"]) for one in found["settings"]] == [("1-31-0", "td-1-31-0"), ("1-32-0", "td-1-32-0")]
    assert (found["network"], found["unreadable"]) == ("net-eu", [])
    assert len(api.sent) <= 13 + 2
    assert all(request.startswith("GET ") for request in api.sent)


def test_what_may_not_be_read_is_named_and_the_rest_is_told() -> None:
    api = mesh()
    api.refused += [kind("Secret").path(SYSTEM), kind("VirtualService").path(), kind("ConfigMap").path(SYSTEM)]
    found = read.facts(cluster(api), SYSTEM)
    assert [one["read"] for one in found["settings"]] == [False, False]
    assert found["network"] == "net-eu"
    assert len(found["unreadable"]) == 5
