"""A revision may go only when each of the ten checks finds nothing; what is not known counts as use."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import evidence, syncz, usage
from tests.unit.mesh import build

OLD, NEW = "1-31-0", "1-32-0"
CONFIG = ("Gateway", "VirtualService", "EnvoyFilter")


def validator(name: str, revision: str, *, policy: str = "Fail", ca: str = "Q0E=") -> dict[str, Any]:
    service = {"name": f"istiod-{revision}", "namespace": build.SYSTEM}
    hook = {"name": "validation.istio.io", "clientConfig": {"service": service, "caBundle": ca}, "failurePolicy": policy}
    return {"metadata": build.meta(name, "", {"istio.io/rev": revision}), "webhooks": [hook]}


def free(**changes: Any) -> evidence.Evidence:
    """A primary in which nothing uses the old revision any more, with changes."""
    workloads: dict[str, list[Any]] = {kind: [] for kind in evidence.TEMPLATE_KINDS}
    workloads["Deployment"] = [build.istiod(OLD, tag="1.31.0"), build.istiod(NEW), build.workload("cart")]
    workloads |= changes.pop("workloads", {})
    whole: dict[str, Any] = {
        "cluster": "east",
        "namespaces": [build.namespace("shop", {"istio.io/rev": NEW}), build.namespace("plain"), build.namespace(build.SYSTEM)],
        "pods": [build.pod("cart-1", revision=NEW), build.pod("done", revision=OLD, phase="Succeeded")],
        "config": {kind: [] for kind in CONFIG},
        "mutating_webhooks": [build.injector(OLD), build.injector(NEW)],
        "validating_webhooks": [
            validator("istiod-default-validator", NEW),
            validator(f"istio-validator-{NEW}-istio-system", NEW),
            validator(f"istio-validator-{OLD}-istio-system", OLD),
        ],
        "services": [build.service(f"istiod-{OLD}"), build.service(f"istiod-{NEW}")],
        "connections": syncz.Connections(),
        "remotes": (),
    }
    return evidence.Evidence(**{**whole, **changes, "workloads": workloads})


def remote(**changes: Any) -> evidence.Evidence:
    """A remote cluster in which nothing uses the old revision any more."""
    base = free(workloads={"Deployment": []}, mutating_webhooks=[build.injector(NEW)], validating_webhooks=[])
    return dataclasses.replace(base, **{"cluster": "west", "primary": False, "connections": None, "remotes": None, **changes})


def found(*clusters: evidence.Evidence, **further: Any) -> list[tuple[str, str]]:
    return [(one.kind, one.name) for one in usage.blockers(OLD, clusters, successor=NEW, **further)]


def test_a_revision_that_nothing_uses_may_go() -> None:
    assert usage.blockers(OLD, [free()], successor=NEW) == []


def test_a_canary_blocks_by_its_pods_as_any_workload_and_its_objects_do_not() -> None:
    owner = {"meshyard.io/owner": "release-cart"}
    canary = build.workload("cart-canary", template_labels={"app": "cart-canary"}, labels=owner)
    waiting = build.workload("web", spec={"paused": True}, annotations={"meshyard.io/release-enabled": "true"})
    deployments = [build.istiod(OLD, tag="1.31.0"), build.istiod(NEW), build.workload("cart"), canary, waiting]
    routes = {"VirtualService": [{"metadata": build.meta("cart-release", "shop", owner)}]}

    def seen(revision: str) -> evidence.Evidence:
        pods = [build.pod("cart-1", revision=NEW), build.pod("cart-canary-1", revision=revision, marks={"app": "cart-canary"})]
        return free(workloads={"Deployment": deployments}, pods=pods, config={**dict.fromkeys(CONFIG, ()), **routes})

    assert found(seen(NEW)) == []
    assert found(seen(OLD)) == [("Pod", "cart-canary-1")]


def test_pods_that_are_being_deleted_block_as_ending_and_so_do_their_connections() -> None:
    ending = build.pod("cart-0", revision=OLD, deletionTimestamp="2026-01-01T00:00:00Z")
    connection = syncz.Connection("shop", "cart-0", "east", "1.31.0", OLD, "istiod-x", (), (), idle=False, sent=0.0)
    connections = syncz.merge([connection])
    told = usage.blockers(OLD, [free(pods=[ending], connections=connections)], successor=NEW)
    assert [(one.kind, one.name, one.ending) for one in told] == [("Pod", "cart-0", True), ("Proxy", "cart-0", True)]


def test_a_gateway_that_is_being_deleted_and_passes_on_what_it_has_blocks_nothing() -> None:
    marks = {"istio.io/rev": OLD, "inject.istio.io/templates": "gateway"}
    ending = build.pod("east-0", "istio-system", revision=OLD, annotations=marks, deletionTimestamp="2026-01-01T00:00:00Z")
    live = build.pod("east-0", "istio-system", revision=OLD, annotations=marks)
    connection = syncz.Connection("istio-system", "east-0", "east", "1.31.0", OLD, "istiod-x", (), (), idle=False, sent=0.0)
    connections = syncz.merge([connection])
    assert found(free(pods=[ending], connections=connections)) == []
    assert found(free(pods=[live], connections=connections)) == [("Pod", "east-0"), ("Proxy", "east-0")]


# Check 1.
def test_a_tag_in_a_webhook_or_a_service_blocks() -> None:
    webhooks = [build.injector(OLD), build.injector(NEW), build.injector(OLD, tag="prod")]
    assert ("MutatingWebhookConfiguration", "istio-revision-tag-prod") in found(free(mutating_webhooks=webhooks))
    assert found(free(services=[build.tag_service("prod", OLD)])) == [("Service", "istiod-revision-tag-prod")]


def test_of_a_tag_that_was_moved_by_half_only_the_half_that_was_left_blocks() -> None:
    moved = [build.injector(OLD), build.injector(NEW), build.injector(NEW, tag="prod")]
    half = free(mutating_webhooks=moved, services=[build.tag_service("prod", OLD)])
    assert found(half) == [("Service", "istiod-revision-tag-prod")]
    follower = dataclasses.replace(half, namespaces=[build.namespace("shop", {"istio.io/rev": "prod"})])
    assert found(follower) == [("Service", "istiod-revision-tag-prod"), ("Namespace", "shop")]


# Check 2.
def test_the_default_validator_blocks_by_its_label_and_by_its_service() -> None:
    by_label = validator("istiod-default-validator", NEW)
    by_label["metadata"]["labels"]["istio.io/rev"] = OLD
    by_service = validator("istiod-default-validator", OLD)
    by_service["metadata"]["labels"]["istio.io/rev"] = NEW
    for one in (by_label, by_service):
        assert found(free(validating_webhooks=[one])) == [("ValidatingWebhookConfiguration", "istiod-default-validator")]


def test_the_revisions_own_validator_does_not_block() -> None:
    assert found(free(validating_webhooks=[validator(f"istio-validator-{OLD}-istio-system", OLD)])) == []


# Check 3.
@pytest.mark.parametrize(
    ("marks", "webhooks"),
    [
        ({"istio.io/rev": OLD}, [build.injector(OLD), build.injector(NEW)]),
        # Its webhook is gone already: the label still asks for it.
        ({"istio.io/rev": OLD}, [build.injector(NEW)]),
        # Two planes catch it at once.
        ({"istio-injection": "enabled"}, [build.injector(NEW, tag="default"), build.injector(OLD, tag="default", namespace="mesh2")]),
    ],
)
def test_a_namespace_whose_new_pods_come_to_it_blocks(marks: dict[str, str], webhooks: list[Any]) -> None:
    namespaces = [build.namespace("shop", marks)]
    assert ("Namespace", "shop") in found(free(namespaces=namespaces, mutating_webhooks=webhooks))


def test_a_namespace_that_follows_a_tag_or_the_default_blocks_with_that_reason() -> None:
    for marks, tag in (({"istio.io/rev": "prod"}, "prod"), ({"istio-injection": "enabled"}, "default")):
        webhooks = [build.injector(OLD), build.injector(NEW), build.injector(OLD, tag=tag)]
        clusters = [free(namespaces=[build.namespace("shop", marks)], mutating_webhooks=webhooks)]
        reasons = {one.name: one.reason for one in usage.blockers(OLD, clusters, successor=NEW)}
        assert reasons["shop"] == f"its new pods come to it by the tag {tag}"


def test_a_revision_label_that_the_injection_label_overrules_does_not_block() -> None:
    marks = {"istio-injection": "disabled", "istio.io/rev": OLD}
    assert found(free(namespaces=[build.namespace("shop", marks)])) == []


def test_the_unrevisioned_plane_is_free_once_the_tag_default_points_elsewhere() -> None:
    webhooks = [build.injector("default", deactivated=True), build.injector(NEW), build.injector(NEW, tag="default")]
    cluster = free(
        namespaces=[build.namespace("shop", {"istio-injection": "enabled"})],
        mutating_webhooks=webhooks,
        workloads={"Deployment": [build.istiod("default"), build.istiod(NEW)]},
    )
    assert usage.blockers("default", [cluster], successor=NEW) == []


# Check 4.
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"])
def test_a_pod_template_labelled_with_it_blocks_even_without_replicas(kind: str) -> None:
    template = {"metadata": {"labels": {"istio.io/rev": OLD}}, "spec": {"containers": []}}
    spec = {"jobTemplate": {"spec": {"template": template}}} if kind == "CronJob" else {"replicas": 0, "template": template}
    raw = {"metadata": build.meta("late", "plain"), "spec": spec}
    deployments = [build.istiod(NEW)] if kind != "Deployment" else [build.istiod(NEW), raw]
    assert found(free(workloads={"Deployment": deployments, **({kind: [raw]} if kind != "Deployment" else {})})) == [(kind, "late")]


def test_a_template_that_only_wants_in_blocks_while_the_revision_is_the_default() -> None:
    webhooks = [build.injector("default"), build.injector(NEW)]
    wants = build.workload("late", "plain", {"sidecar.istio.io/inject": "true"})
    cluster = free(workloads={"Deployment": [build.istiod("default"), build.istiod(NEW), wants]}, mutating_webhooks=webhooks)
    assert [one.name for one in usage.blockers("default", [cluster], successor=NEW)] == ["late"]


def test_a_template_in_a_namespace_that_is_listed_is_not_listed_again() -> None:
    cluster = free(namespaces=[build.namespace("shop", {"istio.io/rev": OLD})])
    assert found(cluster) == [("Namespace", "shop")]


def test_a_bare_pod_labelled_with_it_blocks_unless_it_has_ended() -> None:
    bare = build.pod("bare", "plain", marks={"istio.io/rev": OLD})
    ended = build.pod("ended", "plain", marks={"istio.io/rev": OLD}, phase="Failed")
    assert found(free(pods=[bare, ended])) == [("Pod", "bare")]


def test_what_makes_no_more_pods_does_not_block() -> None:
    labelled = {"istio.io/rev": OLD}
    history = build.workload("cart-1", "plain", labelled, ownerReferences=[{"kind": "Deployment", "name": "cart"}])
    complete = {"conditions": [{"type": "Complete", "status": "True"}]}
    done = build.workload("job", "plain", labelled, status=complete)
    assert found(free(workloads={"ReplicaSet": [history], "Job": [done]})) == []


# Check 5.
def test_a_live_pod_that_it_injected_blocks() -> None:
    assert found(free(pods=[build.pod("cart-0", revision=OLD)])) == [("Pod", "cart-0")]


# Check 6.
def test_a_proxy_that_is_connected_to_it_blocks_even_if_it_is_no_pod_here() -> None:
    streams = syncz.parse([{"proxy": "vm-1.plain", "cluster_id": "east"}], OLD, "istiod-0")
    (one,) = usage.blockers(OLD, [free(connections=syncz.merge(streams))], successor=NEW)
    assert (one.cluster, one.kind, one.namespace, one.name) == ("east", "Proxy", "plain", "vm-1")


@pytest.mark.parametrize(("cluster", "told"), [("west", "west"), ("", "east")])
def test_a_connected_proxy_is_told_with_its_own_cluster_where_istiod_knows_it(cluster: str, told: str) -> None:
    streams = syncz.parse([{"proxy": "vm-1.plain", "cluster_id": cluster}], OLD, "istiod-0")
    assert [one.cluster for one in usage.blockers(OLD, [free(connections=syncz.merge(streams))], successor=NEW)] == [told]


def test_istiods_that_could_not_be_asked_block_as_unknown() -> None:
    silent = syncz.Connections(silent=(syncz.Silent(OLD, "istiod-0", "timed out"), syncz.Silent(NEW, "istiod-9", "timed out")))
    assert found(free(connections=silent)) == [("Istiod", "istiod-0")]
    (one,) = usage.blockers(OLD, [free(connections=None)], successor=NEW)
    assert (one.kind, one.unknown) == ("Istiod", True)


# Check 7.
@pytest.mark.parametrize("kind", CONFIG)
def test_configuration_labelled_with_it_blocks(kind: str) -> None:
    raw = {"metadata": build.meta("web", "shop", {"istio.io/rev": OLD})}
    other = {"metadata": build.meta("ok", "shop", {"istio.io/rev": NEW})}
    assert found(free(config={kind: [raw, other]})) == [(kind, "web")]
    tagged = free(config={kind: [other]}, services=[build.tag_service("prod", OLD)])
    assert found(tagged) == [("Service", "istiod-revision-tag-prod")]


# Check 8.
