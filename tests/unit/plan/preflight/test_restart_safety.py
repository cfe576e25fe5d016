"""What drops requests when it is restarted is told before, with what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._mesh.workload import parse
from ansible_collections.meshyard.istio.plugins.module_utils._plan.finding import Finding
from ansible_collections.meshyard.istio.plugins.module_utils._plan.preflight import restart_safety, trial_pods
from ansible_collections.meshyard.istio.plugins.module_utils._plan.preflight.model import PreflightInput, Restarted, Trial
from tests.unit.mesh import build
from tests.unit.plan.several import OLD, Cluster

SAFE = {
    "name": "app",
    "image": "hub/app:1",
    "readinessProbe": {"httpGet": {"port": 80}},
    "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
}


def given(
    container: dict[str, Any],
    further: dict[str, Any] | None = None,
    replicas: int = 2,
    service: bool = True,
    metadata: dict[str, dict[str, str]] | None = None,
) -> PreflightInput:
    """A namespace on the old revision with a workload C(api) of this container, behind a Service."""
    cluster = Cluster("1-31-0")
    cluster.namespace("shop", {"istio.io/rev": OLD}, [])
    world = cluster.worlds["shop"]
    world.add("api", spec={"replicas": replicas})
    template = world.workloads["Deployment", "api"]["spec"]["template"]
    template["spec"] |= {"containers": [container], **(further or {})}
    for key, marks in (metadata or {}).items():
        template["metadata"][key] = {**template["metadata"].get(key, {}), **marks}
    if service:
        front = build.service("api", "shop") | {"spec": {"selector": {"app": "api"}}}
        cluster.changes["services"] = [*(cluster.evidence().services or ()), front]
    planned = cluster.plan()
    return PreflightInput(planned.route, planned.left, planned.members, cluster.evidence())


def codes(of: PreflightInput) -> list[str]:
    return [finding.code for finding in restart_safety.findings(of)]


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in SAFE.items() if name != key}


@pytest.mark.parametrize(
    ("container", "further", "expected"),
    [
        (SAFE, {}, []),
        (without("readinessProbe"), {}, ["no_readiness_probe"]),
        (without("lifecycle"), {}, ["no_pre_stop"]),
        (SAFE, {"terminationGracePeriodSeconds": 0}, ["no_pre_stop"]),
        ({"name": "app"}, {}, ["no_readiness_probe", "no_pre_stop"]),
    ],
)
def test_a_workload_behind_a_service_that_drops_requests_is_told(
    container: dict[str, Any], further: dict[str, Any], expected: list[str]
) -> None:
    assert codes(given(container, further)) == expected


def test_what_no_service_leads_to_or_has_no_pods_drops_nothing() -> None:
    assert codes(given({"name": "app"}, service=False)) == []
    assert codes(given({"name": "app"}, replicas=0)) == []


def test_all_workloads_of_a_namespace_are_one_finding() -> None:
    (first, _second) = restart_safety.findings(given({"name": "app"}))
    assert (first.level, first.object) == ("warning", "Namespace shop")
    assert "Deployment api" in first.message
    assert first.remedy


def restarted(kind: str = "Deployment", replicas: int = 2, **spec: Any) -> Restarted:
    obj = build.workload("web", spec={"replicas": replicas, **spec}) | {"apiVersion": "apps/v1", "kind": kind}
    return Restarted(parse(obj), obj)


def between_networks(env: list[dict[str, str]], annotations: dict[str, str] | None = None, network: str = "net-a") -> PreflightInput:
    marks = {"topology.istio.io/network": network} if network else {}
    metadata = {"labels": marks, "annotations": {"inject.istio.io/templates": "gateway", **(annotations or {})}}
    return given({"name": "istio-proxy", "env": env}, metadata=metadata)


DRAINS = {"name": "EXIT_ON_ZERO_ACTIVE_CONNECTIONS", "value": "true"}


@pytest.mark.parametrize(
    ("of", "told"),
    [
        (between_networks([{"name": "OTHER", "value": "true"}]), ["cuts_connections"]),
        (between_networks([DRAINS | {"value": "false"}]), ["cuts_connections"]),
        (between_networks([DRAINS]), []),
        (between_networks([], {"proxy.istio.io/config": "proxyMetadata: {EXIT_ON_ZERO_ACTIVE_CONNECTIONS: 'true'}"}), []),
        (between_networks([], network=""), []),
    ],
)
def test_a_gateway_between_networks_that_cuts_its_connections_is_told(of: PreflightInput, told: list[str]) -> None:
    assert codes(of) == told


@pytest.mark.parametrize(
    ("one", "level"),
    [
        (restarted(), "blocker"),
        (restarted(replicas=4), "warning"),
        (restarted(strategy={"type": "Recreate"}), "warning"),
        (restarted(strategy={"rollingUpdate": {"maxUnavailable": 1}}), "warning"),
        (restarted("StatefulSet"), "warning"),
    ],
)
def test_a_quota_blocks_a_rollout_that_may_take_no_pod_away_first(one: Restarted, level: str) -> None:
    assert [finding.level for finding in tried(Trial(one, "exceeded quota: few", "ResourceQuota few", quota=True))] == [level]


def tried(trial: Trial) -> list[Finding]:
    return [*restart_safety.findings(replace(given(SAFE), trials=(trial,)))]


def test_what_denies_pods_is_a_blocker_and_what_could_not_be_asked_is_told() -> None:
    (denied,) = tried(Trial(restarted(replicas=4), "violates PodSecurity", "Pod Security restricted"))
    (unknown,) = tried(Trial(restarted(), "no permission", asked=False))
    assert (denied.level, denied.code) == ("blocker", "pod_denied")
    assert "Pod Security restricted" in denied.remedy
    assert (unknown.level, unknown.code) == ("info", "pod_not_tried")


def test_a_trial_pod_has_an_owner_and_the_volumes_of_a_stateful_set() -> None:
    one = restarted("StatefulSet", volumeClaimTemplates=[{"metadata": {"name": "data"}}])
    pod = trial_pods.pod(one)
    assert pod["spec"]["volumes"] == [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}}]
    assert [(owner["kind"], owner["name"]) for owner in pod["metadata"]["ownerReferences"]] == [("StatefulSet", "web")]
    assert "volumes" not in one.template["spec"]
