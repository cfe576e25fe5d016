"""Reading the evidence of use: what may not be read counts as use."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import syncz, usage
from ansible_collections.meshyard.istio.plugins.module_utils._run.survey import evidence, proxies
from tests.unit.mesh import build
from tests.unit.run.fake import FakeApi, cluster

OLD, NEW = "1-31-0", "1-32-0"
LISTED = (
    "Namespace",
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "Job",
    "CronJob",
    "Rollout",
    "Service",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    *evidence.CONFIG_KINDS,
)


def validator(revision: str) -> dict[str, Any]:
    hook = {"clientConfig": {"service": {"name": f"istiod-{revision}"}, "caBundle": "Q0E="}, "failurePolicy": "Fail"}
    return {"metadata": build.meta("istiod-default-validator", "", {"istio.io/rev": revision}), "webhooks": [hook]}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    """A cluster in which nothing uses the old revision any more."""
    monkeypatch.setattr(proxies, "connections", lambda *_unused: syncz.Connections())
    found = FakeApi()
    found.add("Namespace", build.namespace("shop", {"istio.io/rev": NEW}), build.namespace(build.SYSTEM))
    found.add("Deployment", build.istiod(OLD), build.istiod(NEW), build.workload("web"))
    found.add("MutatingWebhookConfiguration", build.injector(OLD), build.injector(NEW))
    found.add("ValidatingWebhookConfiguration", validator(NEW))
    found.add("Service", build.service(f"istiod-{OLD}"), build.service(f"istiod-{NEW}"))
    found.add("Pod", build.pod("web-1", revision=NEW))
    return found


def blockers(api: FakeApi) -> list[tuple[str, str, bool]]:
    found = usage.blockers(OLD, [evidence.collect(cluster(api), build.SYSTEM)])
    return [(one.kind, one.name, one.unknown) for one in found]


def test_a_revision_that_nothing_uses_has_no_blockers(api: FakeApi) -> None:
    assert blockers(api) == []


@pytest.mark.parametrize("name", LISTED)
def test_every_kind_that_may_not_be_read_is_a_blocker(api: FakeApi, name: str) -> None:
    api.refused = [kind(name).path()]
    found = blockers(api)
    assert found
    assert all(unknown for _kind, _name, unknown in found)


@pytest.mark.parametrize("name", ["Rollout", *evidence.CONFIG_KINDS])
@pytest.mark.parametrize("allowed", [True, False])
def test_a_kind_that_the_cluster_does_not_know_is_no_blocker(api: FakeApi, name: str, allowed: bool) -> None:
    """An account without rights to a kind is refused even where the kind does not exist."""
    api.missing = [kind(name).path()]
    api.refused = [] if allowed else [kind(name).path()]
    assert blockers(api) == []


@pytest.mark.parametrize(
    ("name", "body", "blocker"),
    [
        ("Pod", build.pod("late", revision=OLD), ("Pod", "late")),
        ("Namespace", build.namespace("slow", {"istio.io/rev": OLD}), ("Namespace", "slow")),
        ("EnvoyFilter", {"metadata": build.meta("pinned", "shop", {"istio.io/rev": OLD})}, ("EnvoyFilter", "pinned")),
        ("IstioGateway", {"metadata": build.meta("edge", "shop", {"istio.io/rev": OLD})}, ("IstioGateway", "edge")),
        ("CronJob", {**build.meta("night", "jobs")}, ("CronJob", "night")),
        ("ReplicaSet", build.workload("alone", "jobs", {"istio.io/rev": OLD}), ("ReplicaSet", "alone")),
    ],
)
def test_every_use_is_found(api: FakeApi, name: str, body: dict[str, Any], blocker: tuple[str, str]) -> None:
    if name == "CronJob":
        template = {"metadata": {"labels": {"istio.io/rev": OLD}}}
        body = {"metadata": build.meta("night", "jobs"), "spec": {"jobTemplate": {"spec": {"template": template}}}}
    api.add("Namespace", build.namespace("jobs"))
    api.add(name, body)
    assert blocker in [found[:2] for found in blockers(api)]


def test_replica_sets_of_deployments_are_not_read_in_full(api: FakeApi) -> None:
    owned = build.workload("web-5d4c", ownerReferences=[{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "controller": True}])
    api.add("ReplicaSet", owned, build.workload("alone"))
    found = evidence.collect(cluster(api), build.SYSTEM)
    assert [one["metadata"]["name"] for one in found.workloads["ReplicaSet"] or ()] == ["alone"]
    assert found.owners is not None
    assert found.owners["shop", "ReplicaSet", "web-5d4c"].name == "web"


def test_every_key_of_a_remote_secret_is_a_cluster_but_the_own_one(api: FakeApi) -> None:
    istiod = build.pod("istiod-1", build.SYSTEM, marks={"app": "istiod", "istio.io/rev": NEW})
    istiod["spec"]["containers"] = [{"name": "discovery", "env": [{"name": "CLUSTER_ID", "value": "central"}]}]
    api.add("Pod", istiod)
    marks = {"istio/multiCluster": "true"}
    api.add("Secret", {"metadata": build.meta("one", build.SYSTEM, marks), "data": {"east": "", "west": "", "central": ""}})
    named = build.meta("two", build.SYSTEM, marks, annotations={"networking.istio.io/cluster": "north"})
    api.add("Secret", {"metadata": named}, {"metadata": build.meta("other", build.SYSTEM), "data": {"south": ""}})
    assert evidence.collect(cluster(api), build.SYSTEM).remotes == ["east", "north", "west"]


def test_remote_secrets_that_may_not_be_read_are_a_blocker(api: FakeApi) -> None:
    api.refused = [kind("Secret").path(build.SYSTEM)]
    assert blockers(api) == [("Secret", "", True)]


def test_a_cluster_without_an_istiod_of_its_own_is_no_primary(api: FakeApi) -> None:
    for revision in (OLD, NEW):
        api.objects.pop(kind("Deployment").path(build.SYSTEM, f"istiod-{revision}"))
    found = evidence.collect(cluster(api), build.SYSTEM)
    assert (found.primary, found.connections, found.remotes) == (False, None, ())
