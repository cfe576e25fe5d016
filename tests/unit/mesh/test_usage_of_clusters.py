"""A revision may go only when no cluster uses it, its successor is ready, and everything could be read."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import syncz, usage
from tests.unit.mesh import build
from tests.unit.mesh.test_usage import CONFIG, NEW, OLD, found, free, remote, validator


def test_a_remote_cluster_is_held_to_the_same_checks() -> None:
    primary = free(remotes=["west"])
    assert found(primary, remote()) == []
    assert found(primary, remote(pods=[build.pod("cart-0", revision=OLD)])) == [("Pod", "cart-0")]
    assert found(primary, remote(namespaces=[build.namespace("shop", {"istio.io/rev": OLD})])) == [("Namespace", "shop")]
    labelled = {"metadata": build.meta("web", "shop", {"istio.io/rev": OLD})}
    assert found(primary, remote(config={"Gateway": [labelled]})) == [("Gateway", "web")]


def test_a_webhook_left_in_a_remote_cluster_blocks_unless_it_goes_in_the_same_run() -> None:
    webhooks = [build.injector(OLD), build.injector(NEW)]
    left = remote(mutating_webhooks=webhooks, retired_too=False)
    assert found(free(remotes=["west"]), left) == [("MutatingWebhookConfiguration", f"istio-sidecar-injector-{OLD}")]
    assert found(free(remotes=["west"]), remote(mutating_webhooks=webhooks)) == []


def test_a_cluster_that_nobody_connected_and_unread_remote_secrets_block_as_unknown() -> None:
    (one,) = usage.blockers(OLD, [free(remotes=["west"])], successor=NEW)
    assert (one.cluster, one.kind, one.unknown) == ("west", "Cluster", True)
    (other,) = usage.blockers(OLD, [free(remotes=None)], successor=NEW)
    assert (other.kind, other.unknown) == ("Secret", True)


def test_a_cluster_that_cannot_be_reached_blocks_once_and_with_the_reason() -> None:
    (one,) = usage.blockers(OLD, [free(remotes=["west"])], unreached={"west": "connection refused"})
    assert (one.cluster, one.kind, one.name, one.unknown) == ("west", "Cluster", "west", True)
    assert one.reason == "it cannot be reached (connection refused), which counts as use"


def test_a_cluster_is_known_by_the_id_of_its_own_istiod_too() -> None:
    other = dataclasses.replace(free(remotes=["asia"]), cluster="west", identity="eu-west", retired_too=False)
    here = dataclasses.replace(free(remotes=["eu-west"]), identity="asia")
    assert usage.blockers(OLD, [here, other]) == []


def test_another_primary_keeps_its_own_control_plane_of_the_same_name() -> None:
    served = {"workloads": {"Deployment": [build.istiod(OLD), build.istiod(NEW)]}, "mutating_webhooks": [build.injector(OLD)]}
    other = dataclasses.replace(free(**served, namespaces=[]), cluster="west", retired_too=False)
    assert usage.blockers(OLD, [free(remotes=["west"]), other]) == []
    unserved = dataclasses.replace(other, workloads={**other.workloads, "Deployment": [build.istiod(NEW)]})
    assert [one.kind for one in usage.blockers(OLD, [free(remotes=["west"]), unserved])] == ["MutatingWebhookConfiguration"]


def test_a_proxy_ends_only_when_the_pod_of_its_own_cluster_ends() -> None:
    entries = [{"proxy": "cart-0.shop", "cluster_id": "west"}]
    known = syncz.merge(syncz.parse(entries, OLD, "istiod-a"))
    going = build.pod("cart-0")
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    here = free(remotes=["west"], connections=known)
    ending = [
        [one.ending for one in usage.blockers(OLD, [dataclasses.replace(here, pods=ours, identity="east"), remote(pods=theirs)])]
        for ours, theirs in (([going], []), ([], [going]))
    ]
    assert ending == [[False], [True]]


# Check 9.
@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"workloads": {"Deployment": [build.istiod(OLD)]}, "mutating_webhooks": [build.injector(OLD)]}, "does not exist"),
        ({"workloads": {"Deployment": [build.istiod(OLD), build.istiod(NEW, ready=0)]}}, "no ready istiod"),
        ({"mutating_webhooks": [build.injector(OLD)]}, "has no webhook"),
        ({"mutating_webhooks": [build.injector(NEW, ca=False)]}, "without CA bundle"),
        ({"mutating_webhooks": [build.injector(NEW, policy="Ignore")]}, "without a sidecar on failure"),
        ({"validating_webhooks": [validator("istiod-default-validator", NEW, policy="Ignore")]}, "it is open"),
        ({"validating_webhooks": [validator("istiod-default-validator", NEW, ca="")]}, "it is open"),
        ({"validating_webhooks": [validator(f"istio-validator-{NEW}-istio-system", NEW, policy="Ignore")]}, "it is open"),
    ],
)
def test_a_successor_that_is_not_ready_blocks(changes: dict[str, Any], part: str) -> None:
    calm = {"namespaces": [build.namespace("plain")], "pods": []}
    assert any(part in one.reason for one in usage.blockers(OLD, [free(**{**calm, **changes})], successor=NEW))


def test_a_successor_is_named_by_its_deployment() -> None:
    cluster = free(workloads={"Deployment": [build.istiod(OLD), build.istiod(NEW, ready=0)]}, namespaces=[], pods=[])
    assert ("Deployment", f"istiod-{NEW}") in found(cluster)


def test_without_successor_only_use_blocks() -> None:
    cluster = free(workloads={"Deployment": [build.istiod(OLD)]}, namespaces=[], mutating_webhooks=[build.injector(OLD)])
    assert usage.blockers(OLD, [cluster]) == []


# Check 10.
@pytest.mark.parametrize(
    ("free_for", "kinds", "unknown"),
    [(None, ["Revision"], True), (10.0, ["Revision"], False), (60.0, [], None), (61.0, [], None)],
)
def test_use_must_have_ended_for_the_whole_grace(free_for: float | None, kinds: list[str], unknown: bool | None) -> None:
    blockers = usage.blockers(OLD, [free()], successor=NEW, grace=60, free_for=free_for)
    assert [one.kind for one in blockers] == kinds
    assert all(one.unknown is unknown for one in blockers)


@pytest.mark.parametrize(
    "changes",
    [
        {"namespaces": None},
        {"pods": None},
        {"mutating_webhooks": None},
        {"validating_webhooks": None},
        {"services": None},
        {"config": None},
        {"config": {"EnvoyFilter": None}},
        {"workloads": {"CronJob": None}},
    ],
)
def test_each_list_that_could_not_be_read_blocks_as_unknown(changes: dict[str, Any]) -> None:
    assert any(one.unknown for one in usage.blockers(OLD, [free(**changes)], successor=NEW))


def test_a_kind_that_nobody_read_blocks_as_unknown() -> None:
    whole = free()
    part = dataclasses.replace(whole, workloads={kind: found for kind, found in whole.workloads.items() if kind != "StatefulSet"})
    assert [one.kind for one in usage.blockers(OLD, [part], successor=NEW)] == ["StatefulSets"]


def test_every_blocker_names_its_cluster_a_code_and_a_reason() -> None:
    cluster = free(
        namespaces=[build.namespace("shop", {"istio.io/rev": OLD})],
        pods=[build.pod("cart-0", revision=OLD)],
        services=[build.tag_service("prod", OLD)],
        connections=None,
    )
    blockers = usage.blockers(OLD, [cluster], successor=NEW)
    assert [one.code for one in blockers] == ["tag", "namespace", "pod", "istiod_not_asked"]
    assert all(one.cluster == "east" and one.reason for one in blockers)
    assert [one.describe()["tag"] for one in blockers] == ["prod", "", "", ""]


def test_a_program_tells_what_is_not_known_from_what_is_used() -> None:
    silent = free(remotes=None, connections=None, workloads={"Deployment": None})
    codes = {one.code: one.unknown for one in usage.blockers(OLD, [silent], unreached={"west": "refused"})}
    assert codes == dict.fromkeys(("unread", "istiod_not_asked", "cluster_unreachable", "remote_secrets_unread"), True)
    assert [one.code for one in usage.blockers(OLD, [free(remotes=("west",))])] == ["cluster_not_given"]
    assert [one.code for one in usage.blockers(OLD, [free()], grace=60)] == ["grace"]


def test_what_leads_to_the_revision_has_a_code_of_its_own() -> None:
    used = free(
        validating_webhooks=[validator("istio-validator-x", NEW), validator("istiod-default-validator", OLD)],
        workloads={"StatefulSet": [build.workload("db", template_labels={"istio.io/rev": OLD})]},
        config={**{kind: [] for kind in CONFIG}, "Gateway": [{"metadata": build.meta("web", "shop", {"istio.io/rev": OLD})}]},
    )
    assert [one.code for one in usage.blockers(OLD, [used])] == ["default_validator", "workload", "configuration"]
    assert [one.code for one in usage.blockers(OLD, [free()], successor="1-33-0")] == ["successor"]
    afar = remote(mutating_webhooks=[build.injector(NEW), build.injector(OLD)], retired_too=False)
    assert "webhook" in [one.code for one in usage.blockers(OLD, [free(), afar])]
