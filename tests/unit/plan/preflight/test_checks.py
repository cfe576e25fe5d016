"""What stands against an upgrade is found before anything is written, each with its object and what to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels
from ansible_collections.meshyard.istio.plugins.module_utils._plan.finding import Finding
from ansible_collections.meshyard.istio.plugins.module_utils._plan.preflight import checks as preflight_checks
from ansible_collections.meshyard.istio.plugins.module_utils._plan.preflight import proxies
from ansible_collections.meshyard.istio.plugins.module_utils._plan.preflight.model import Image, PreflightInput
from tests.unit.mesh import build
from tests.unit.plan.several import NEW, OLD, Cluster


def mesh() -> Cluster:
    cluster = Cluster("1-31-0", tags={"prod": OLD})
    cluster.namespace("shop", {"istio.io/rev": OLD}, ["web", "api"])
    cluster.namespace("cart", {"istio.io/rev": "prod"})
    return cluster


def given(cluster: Cluster | None = None, version: str = "1.32.0", **changes: Any) -> PreflightInput:
    seen = cluster or mesh()
    planned = seen.plan(version=version)
    return PreflightInput(planned.route, planned.left, planned.members, seen.evidence(), kubernetes="v1.36.3", **changes)


def findings(of: PreflightInput) -> dict[str, Finding]:
    return {finding.code: finding for finding in preflight_checks.findings(of)}


def changed(**evidence: Any) -> dict[str, Finding]:
    cluster = mesh()
    whole = cluster.evidence()
    for key, value in evidence.items():
        if key == "workloads":
            cluster.changes[key] = {**whole.workloads, **{kind: [*(whole.workloads[kind] or ()), *more] for kind, more in value.items()}}
        else:
            cluster.changes[key] = value
    return findings(given(cluster))


def test_a_sound_mesh_has_no_findings() -> None:
    assert preflight_checks.findings(given()) == []


def test_blockers_come_first_and_all_say_what_to_do() -> None:
    found = preflight_checks.findings(given(version="1.34.0", wasm_plugins=[{"metadata": build.meta("w", "shop")}]))
    assert [finding.level for finding in found] == sorted([finding.level for finding in found])
    assert all(finding.remedy and finding.object and finding.message.endswith(".") for finding in found)


@pytest.mark.parametrize(("version", "code"), [("1.34.0", "version_jump"), ("1.30.0", "version_jump"), ("1.99.0", "version_unsupported")])
def test_a_step_that_istio_forbids_is_a_blocker(version: str, code: str) -> None:
    found = findings(given(version=version))[code]
    assert found.level == "blocker"
    assert "canary_upgrade_force=true" in found.remedy


def test_a_cluster_that_is_too_old_is_a_blocker_and_one_that_is_too_new_a_warning() -> None:
    assert findings(replace(given(), kubernetes="v1.28.1"))["kubernetes_unsupported"].level == "blocker"
    assert findings(replace(given(), kubernetes="v1.40.0"))["kubernetes_unseen"].level == "warning"


def test_a_version_that_says_nothing_is_told() -> None:
    cluster = mesh()
    deployment = build.istiod(OLD, tag="latest")
    cluster.changes["workloads"] = {**cluster.evidence().workloads, "Deployment": [deployment]}
    assert findings(given(cluster))["version_unknown"].level == "warning"


def test_a_source_that_is_not_ready_is_a_blocker() -> None:
    cluster = mesh()
    others = [one for one in cluster.evidence().workloads["Deployment"] or () if one["metadata"]["name"] != f"istiod-{OLD}"]
    cluster.changes["workloads"] = {**cluster.evidence().workloads, "Deployment": [*others, build.istiod(OLD, ready=0, tag="1.31.0")]}
    assert "0 of 1 pods are available" in findings(given(cluster))["source_not_ready"].message


def test_a_source_that_an_operator_keeps_is_a_blocker() -> None:
    cluster = mesh()
    deployment = build.istiod(OLD, tag="1.31.0", labels={"managed-by": "sail-operator"})
    cluster.changes["workloads"] = {**cluster.evidence().workloads, "Deployment": [deployment]}
    assert "Sail operator" in findings(given(cluster))["operator"].message


def test_a_revision_that_exists_with_another_version_is_a_blocker() -> None:
    cluster = Cluster("1-31-0", NEW)
    cluster.namespace("shop", {"istio.io/rev": OLD})
    planned = cluster.plan(version="1.32.0")
    taken = PreflightInput(replace(planned.route, to_version="1.32.1"), planned.left, planned.members, cluster.evidence())
    assert findings(taken)["target_taken"].level == "blocker"


def test_a_webhook_without_istiod_is_a_blocker() -> None:
    found = changed(mutating_webhooks=[build.injector(OLD), build.injector("1-29-0")])
    assert "1-29-0" in found["orphan_webhook"].message


def test_a_tag_whose_two_objects_disagree_is_a_blocker() -> None:
    assert changed(services=[build.service(f"istiod-{OLD}"), build.tag_service("prod", NEW)])["tag_conflict"].level == "blocker"


@pytest.mark.parametrize("label", [OLD, "prod"])
def test_configuration_that_only_the_old_revision_reads_is_a_blocker(label: str) -> None:
    found = changed(config={"VirtualService": [{"metadata": build.meta("routes", "shop", {"istio.io/rev": label})}]})
    assert found["revision_config"].object == "VirtualService shop/routes"


def test_configuration_of_another_revision_is_not_told() -> None:
    assert changed(config={"VirtualService": [{"metadata": build.meta("routes", "shop", {"istio.io/rev": "green"})}]}) == {}


def test_attached_clusters_are_named() -> None:
    assert changed(remotes=["west"])["remote_attached"].object == "cluster west"


def test_what_could_not_be_read_is_named() -> None:
    assert changed(services=None)["unreadable"].object == "services"


def envoy_filter(name: str, version: str) -> dict[str, Any]:
    patch = {"applyTo": "HTTP_FILTER", "match": {"proxy": {"proxyVersion": version}}}
    return {"metadata": build.meta(name, "shop"), "spec": {"configPatches": [patch]}}


def test_an_envoyfilter_for_old_proxies_alone_is_a_blocker() -> None:
    assert findings(given(envoy_filters=[envoy_filter("old", r"^1\.31.*")]))["envoyfilter_version"].level == "blocker"


def test_an_envoyfilter_with_a_sibling_for_new_proxies_is_a_warning() -> None:
    both = [envoy_filter("old", r"^1\.31.*"), envoy_filter("new", r"^1\.32.*")]
    assert findings(given(envoy_filters=both))["envoyfilter_version"].level == "warning"


@pytest.mark.parametrize("version", [r"^1\.3[0-9].*", r"^1\.29.*", "("])
def test_an_envoyfilter_that_loses_nothing_is_not_told(version: str) -> None:
    assert preflight_checks.findings(given(envoy_filters=[envoy_filter("any", version)])) == []


def test_wasm_plugins_are_listed() -> None:
    plugin = {"metadata": build.meta("stats", "shop"), "spec": {"url": "oci://hub/stats:1"}}
    assert "oci://hub/stats:1" in findings(given(wasm_plugins=[plugin]))["wasm_plugin"].message


@pytest.mark.parametrize(
    ("image", "level"),
    [
        (Image("hub/proxyv2:1.32.0", present=True), None),
        (Image("hub/proxyv2:1.32.0", pulled=True), None),
        (Image("hub/proxyv2:1.32.0"), "info"),
        (Image("hub/proxyv2:1.32.0", pulled=False, why="not found"), "blocker"),
    ],
)
def test_an_image_that_cannot_be_pulled_is_a_blocker(image: Image, level: str | None) -> None:
    found = preflight_checks.findings(given(image=image))
    assert [finding.level for finding in found] == ([level] if level else [])


@pytest.mark.parametrize(
    ("values", "old", "image"),
    [
        ({}, ["hub.example.com:5000/istio/proxyv2:1.31.0"], "hub.example.com:5000/istio/proxyv2:1.32.0"),
        ({}, ["hub/proxyv2:1.31.0-distroless"], "hub/proxyv2:1.32.0-distroless"),
        ({}, ["hub/proxyv2@sha256:abc"], "hub/proxyv2:1.32.0"),
        ({}, [], "docker.io/istio/proxyv2:1.32.0"),
        ({"global": {"hub": "mine"}}, ["hub/proxyv2:1.31.0"], "mine/proxyv2:1.32.0"),
        ({"global": {"tag": "own"}}, ["hub/proxyv2:1.31.0"], "hub/proxyv2:own"),
        ({"global": {"proxy": {"image": "mine/envoy:7"}}}, ["hub/proxyv2:1.31.0"], "mine/envoy:7"),
    ],
)
def test_the_image_of_new_proxies_follows_from_the_present_ones_and_the_values(values: Any, old: list[str], image: str) -> None:
    assert proxies.image_name(values, old, "1.32.0") == image


def test_ambient_parts_are_refused_by_name() -> None:
    found = preflight_checks.findings(
        given(
            api_gateways=[{"metadata": build.meta("way", "shop"), "spec": {"gatewayClassName": "istio-waypoint"}}],
        )
    )
    assert [finding.object for finding in found] == ["Gateway shop/way"]
    assert changed(workloads={"DaemonSet": [build.workload("ztunnel", build.SYSTEM)]})["ambient"].object == "DaemonSet istio-system/ztunnel"
    namespaces = [build.namespace("mesh", {"istio.io/dataplane-mode": "ambient"})]
    assert changed(namespaces=[*(mesh().evidence().namespaces or ()), *namespaces])["ambient"].object == "Namespace mesh"


@pytest.mark.parametrize(("version", "level"), [("1.31.0", "info"), ("1.30.0", "blocker")])
def test_istio_cni_is_told_and_refused_when_it_is_too_old(version: str, level: str) -> None:
    daemons = build.workload("istio-cni-node", build.SYSTEM)
    daemons["spec"]["template"]["spec"]["containers"] = [{"name": "install-cni", "image": f"hub/install-cni:{version}"}]
    assert changed(workloads={"DaemonSet": [daemons]})["istio_cni"].level == level


def test_two_injection_labels_are_told() -> None:
    cluster = mesh()
    cluster.worlds["shop"].namespace["metadata"]["labels"] = {"istio.io/rev": OLD, "istio-injection": "disabled"}
    assert findings(given(cluster))["injection_labels"].object == "Namespace shop"


def test_a_label_that_no_webhook_serves_is_told() -> None:
    cluster = mesh()
    cluster.namespace("lost", workloads=[]).namespace["metadata"]["labels"] = {"istio.io/rev": "gone"}
    assert "starts without a sidecar" in findings(given(cluster))["no_webhook"].message


def test_what_nobody_can_restart_is_listed_once_each() -> None:
    cluster = mesh()
    cluster.worlds["shop"].add("db", kind="StatefulSet", spec={"updateStrategy": {"type": "OnDelete"}})
    bare = build.pod("tool", "shop", revision=OLD, version="1.31.0")
    cluster.changes["pods"] = [*(cluster.evidence().pods or ()), bare]
    found = [finding.object for finding in preflight_checks.findings(given(cluster)) if finding.code == "not_restartable"]
    assert sorted(found) == ["Pod shop/tool", "StatefulSet shop/db"]


def test_workloads_that_are_not_ready_or_will_not_answer_for_a_moment_are_told() -> None:
    cluster = mesh()
    cluster.worlds["shop"].add("slow", status={"availableReplicas": 0})
    cluster.worlds["shop"].add("alone", spec={"strategy": {"type": "Recreate"}})
    found = findings(given(cluster))
    assert found["not_ready"].object == "Deployment shop/slow"
    assert found["interrupted"].object == "Deployment shop/alone"


def test_a_disruption_budget_that_is_used_up_is_told_where_something_moves() -> None:
    def budget(namespace: str) -> dict[str, Any]:
        return {"metadata": build.meta("keep", namespace), "status": {"currentHealthy": 1, "desiredHealthy": 2}}

    assert findings(given(budgets=[budget("shop")]))["disruption_budget"].level == "warning"
    assert preflight_checks.findings(given(budgets=[budget("elsewhere")])) == []


def test_a_gateway_that_cannot_be_moved_is_a_blocker() -> None:
    cluster = mesh()
    cluster.namespace("plain", workloads=[])
    selector = {"selector": {"matchLabels": {labels.REV: OLD}}}
    cluster.worlds["plain"].add("gate", {labels.REV: OLD}, annotations={labels.TEMPLATES: "gateway"}, spec=selector)
    assert findings(given(cluster))["gateway_obstacle"].level == "blocker"
