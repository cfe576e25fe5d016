"""Two clusters on one network become one mesh, fail over, share traffic, are upgraded together, and part, by playbooks and rulebooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab import waiting
from tests.harness.lab import audit, echo, istiod, objects, rulebooks, steps, written
from tests.harness.lab.members import NAMES, NAMESPACE, PRIMARY, REMOTE
from tests.harness.lab.mesh_of_two import MeshOfTwo
from tests.harness.lab.playbooks import ROLLBACK, UPGRADE, Outcome, writes
from tests.harness.lab.release_settings import RELEASE, UNJUDGED, unjudged
from tests.harness.lab.released import IMAGES
from tests.harness.lab.settings import NEW, OLD
from tests.harness.lab.silence import silent
from tests.harness.lab.target import run_lab

JOIN, RECONCILE, ROTATE, LEAVE = (f"meshyard.istio.{name}" for name in ("join", "reconcile", "rotate", "leave"))
HOSTS = {REMOTE: {"remote_cluster_reach": "pods", "remote_cluster_namespaces": [NAMESPACE]}}
READER = "system:serviceaccount:istio-system:istio-reader-service-account"
READS = {"get", "list", "watch"}
ECHO = {"namespace": NAMESPACE, "name": "echo"}
CHANGE = unjudged(**ECHO)
FOLLOWED_SECONDS = 15


@pytest.fixture(scope="module")
def two(work: Path, collections: Path) -> Iterator[MeshOfTwo]:
    """A mesh on the primary, and the same service on a remote that does not belong to it yet."""
    mesh = MeshOfTwo(work, collections, HOSTS)
    steps.install(mesh.members)
    yield mesh
    run_lab("down", "--clusters", REMOTE)


def test_check_mode_of_a_join_writes_nothing_and_predicts_every_change(two: MeshOfTwo, predicted: Outcome, joined: Outcome) -> None:
    assert [event for name in NAMES for event in writes(two.lab[name], predicted.begin, predicted.end)] == []
    assert predicted.changes == joined.changes


def test_a_second_join_changes_nothing(two: MeshOfTwo, joined: Outcome) -> None:
    assert two.play.run(JOIN).changed_tasks() == []


def test_both_clusters_answer_through_the_gateway(two: MeshOfTwo, joined: Outcome) -> None:
    waiting.last(lambda: min(steps.through_gateway(two.members)[name] for name in NAMES) >= 20, 30)
    counts = steps.through_gateway(two.members)
    assert min(counts[name] for name in NAMES) >= 20, counts
    assert sum(counts[name] for name in NAMES) == 100, counts


def test_the_readers_account_does_what_its_roles_allow_and_nothing_else(two: MeshOfTwo, joined: Outcome) -> None:
    events = two.asked_by(REMOTE, READER)
    done = {(ref.get("apiGroup", ""), ref["resource"], event["verb"]) for event in events if (ref := event.get("objectRef"))}
    roles = [item for item in two.lab[REMOTE].items("ClusterRole") if "istio-reader" in item["metadata"]["name"]]
    rules = [rule for role in roles for rule in role["rules"]]
    allowed = {(g, r, verb) for rule in rules for g in rule["apiGroups"] for r in rule["resources"] for verb in rule["verbs"]}
    assert done <= allowed
    assert [event for event in events if event.get("responseStatus", {}).get("code") == 403] == []
    known = {item["spec"]["names"]["plural"] for item in two.lab[REMOTE].items("CustomResourceDefinition")}
    served = {name for _group, name, _verb in done} | known
    # istiod asks by reviews only for gateways of the remote that have certificates, and what the cluster does not know is never read.
    unused = {"subjectaccessreviews", "gateways", "serviceexports", "serviceimports", "workloadentries"} - served
    assert {name for _group, name, _verb in allowed} - {name for _group, name, _verb in done} == unused
    assert {one for one in allowed if one[2] not in READS and one[1] not in unused} == {one for one in done if one[2] not in READS}


def test_within_seconds_of_a_restart_of_istiod_a_rulebook_leads_the_remote_to_it_and_pods_are_injected(
    two: MeshOfTwo, joined: Outcome
) -> None:
    primary, remote = (two.members.readers[name] for name in NAMES)
    with rulebooks.following(two, "reconcile", PRIMARY) as run:
        run.has_played(1)
        begin, before = audit.now(), istiod.addresses(primary)
        steps.restart_istiod(two.members)
        now = istiod.addresses(primary)
        assert now.isdisjoint(before)
        assert waiting.last(lambda: istiod.addresses_on_remote(remote, OLD) == now, FOLLOWED_SECONDS), run.said[-3000:]
    steps.inject_again(two.members)
    assert [event["objectRef"]["name"] for event in writes(two.lab[REMOTE], begin)] == [f"istiod-{OLD}"]
    assert two.play.run(RECONCILE).changed_tasks() == []


def test_a_service_that_only_the_primary_has_is_mirrored_and_answers_the_remote(two: MeshOfTwo, joined: Outcome) -> None:
    spec = {"selector": {"app": "echo"}, "ports": [{"name": "http", "port": 8080}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "only-here", "namespace": NAMESPACE}, "spec": spec}
    two.lab[PRIMARY].apply(json.dumps(service))
    mirrored = {"remote_cluster_mirrored_services": [{"namespace": NAMESPACE, "name": "only-here"}]}
    two.play.run(JOIN, **mirrored)
    evidence, client = two.members.evidence / "mirrored.json", two.members.readers[REMOTE]
    assert waiting.last(lambda: echo.ask(client, 50, evidence, "http://only-here.echo:8080/") == {PRIMARY: 50, REMOTE: 0}, 30)
    assert two.play.run(JOIN, **mirrored).changed_tasks() == []
    two.play.run(JOIN)
    assert two.lab[REMOTE].get("Service", "only-here", NAMESPACE) is None
    two.lab[PRIMARY].delete("Service", "only-here", NAMESPACE)


def test_istiod_is_reached_by_an_address_of_its_own(two: MeshOfTwo, joined: Outcome) -> None:
    ports = [{"name": "xds", "port": 15012}, {"name": "webhook", "port": 15017}]
    spec = {"type": "LoadBalancer", "selector": {"app": "istiod"}, "ports": ports}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "istiod-way-in", "namespace": "istio-system"}, "spec": spec}
    two.lab[PRIMARY].apply(json.dumps(service))
    reader = two.members.readers[PRIMARY]
    address = waiting.until(lambda: reader.gateway_address("istio-system", "istiod-way-in")[1], 30, lambda: "istiod gets no address.")
    done = two.play.run(JOIN, remote_cluster_reach="address", remote_cluster_addresses=[address])
    assert "apply EndpointSlice istio-system/istiod-1-31-0 endpoints" in done.changes
    steps.inject_again(two.members)
    two.play.run(JOIN)
    two.lab[PRIMARY].delete("Service", "istiod-way-in", "istio-system")


def test_failover_leaves_the_cluster_and_comes_back(two: MeshOfTwo, joined: Outcome) -> None:
    assert steps.failover(two.members) == {"local": 100, "remote_when_down": 100, "local_again": 100}


def test_weights_share_traffic_as_predicted_and_their_absence_brings_back_what_was_before(two: MeshOfTwo, joined: Outcome) -> None:
    for row in steps.distribute(two.members):
        assert {name: pytest.approx(row["predicted"][name], abs=3) for name in NAMES} == row["measured"], row
    assert two.lab[PRIMARY].get("DestinationRule", "echo", NAMESPACE) is None


def test_weights_of_the_mesh_as_a_whole_hold_until_its_former_state_is_back(two: MeshOfTwo, joined: Outcome) -> None:
    weights = {"distribute": [{"from": "eu/*", "to": {"eu/*": 90, "us/*": 10}}], "allow_starving": True}
    two.play.run(steps.LOCALITY, locality_mesh=weights)
    counts = steps.settled(two.members, "mesh-weights", {PRIMARY: 900}, 1000, within=30)
    assert counts[PRIMARY] == pytest.approx(900, abs=30), counts
    assert two.play.run(steps.LOCALITY, locality_mesh=weights).changed_tasks() == []
    two.play.run(steps.LOCALITY, locality_mesh={"state": "absent"})
    assert waiting.last(lambda: min(steps.answers(two.members, "mesh-former")[name] for name in NAMES) >= 40, 30)


def test_a_service_of_both_clusters_is_not_released_on_one_of_them(two: MeshOfTwo, joined: Outcome) -> None:
    refused = two.play.run(RELEASE, "--limit", PRIMARY, **CHANGE, expect=2)
    assert "echo/echo is on remote, too" in refused.said
    assert refused.changes == []


def test_a_changed_image_of_a_service_of_both_clusters_is_released_on_both_by_a_rulebook_and_loses_no_request(
    two: MeshOfTwo, joined: Outcome
) -> None:
    before, load = two.dumps("before-release"), two.members.evidence / "load-release"
    two.module("workload_canary", **ECHO, state="enabled")
    with rulebooks.following(two, "release", *NAMES, **UNJUDGED) as run, echo.Customers(two.members, load):
        for name in NAMES:
            steps.kubectl(two.members, name, "set", "image", "-n", NAMESPACE, "deployment/echo", f"app={IMAGES['2']}")
        run.has_played(len(NAMES), 240)
    assert run.failures == []
    two.module("workload_canary", **ECHO, state="disabled")
    counts = echo.pairs(load)
    assert {pair for pair, count in counts.items() if count} == {f"{a}-{b}" for a in NAMES for b in NAMES}, counts
    for name, after in two.dumps("after-release").items():
        assert written.differences(before[name], after) == [f"Deployment {NAMESPACE}/echo spec.template.spec.containers[0].image"]


def test_a_gate_that_fails_on_one_cluster_stops_all_and_rollback_leaves_the_old_revision_alone(two: MeshOfTwo, joined: Outcome) -> None:
    source = {"namespace": NAMESPACE, "workload": "client"}
    probe = {"from": source, "to": "http://echo.echo:8080/?status=500", "expect": {"success_percent": 100}}
    probes = "{{ [" + json.dumps(probe) + "] if inventory_hostname == '" + REMOTE + "' else [] }}"
    failed = two.play.run(UPGRADE, canary_upgrade_probes=probes, canary_upgrade_gate_timeout=5, expect=2)
    assert f"Cluster {REMOTE}: the gate for Wave 1 of 2: {PRIMARY}/{NAMESPACE} failed" in failed.said
    assert {steps.echo_plane(two.members, name) for name in NAMES} == {OLD}
    assert all(objects.has_revision(two.members.readers[name], NEW) for name in NAMES)
    two.play.run(ROLLBACK)
    assert not any(objects.has_revision(two.members.readers[name], NEW) for name in NAMES)
    assert {steps.echo_plane(two.members, name) for name in NAMES} == {OLD}
    assert two.play.run(ROLLBACK).changed_tasks() == []


@dataclass(frozen=True)
class Upgraded:
    """An upgrade that was killed, stopped by a cluster that did not answer, and finished."""

    refused: Outcome
    last: Outcome
    load: Path


@pytest.fixture(scope="module")
def upgraded(two: MeshOfTwo, joined: Outcome) -> Upgraded:
    """The upgrade of both clusters under load from both."""
    load = two.members.evidence / "load"
    with echo.Customers(two.members, load):
        _kill(two)
        with silent(REMOTE):
            refused = two.play.run(UPGRADE, canary_upgrade_retire=True, expect=2)
        last = two.play.run(UPGRADE, canary_upgrade_retire=True)
    return Upgraded(refused, last, load)


def test_no_request_fails_while_clusters_are_upgraded_together(two: MeshOfTwo, upgraded: Upgraded) -> None:
    facts = steps.upgraded(two.members, upgraded.load)
    assert facts["failed"] == 0, facts
    assert all(facts["by_cluster_pair"].values()), facts
    assert facts["pods_on_target"] == facts["pods_total"] == 6


def test_a_cluster_that_does_not_answer_stops_all_of_them_with_its_name(upgraded: Upgraded) -> None:
    assert "https://10.99.0.12:6443" in upgraded.refused.said
    assert "Cluster remote ended with the error that is shown above" in upgraded.refused.said
    assert upgraded.refused.changes == []


def test_the_old_revision_is_in_no_cluster(two: MeshOfTwo, upgraded: Upgraded) -> None:
    assert steps.upgraded(two.members, upgraded.load)["old_revision_in"] == []


def test_a_second_upgrade_changes_nothing(two: MeshOfTwo, upgraded: Upgraded) -> None:
    assert two.play.run(UPGRADE, canary_upgrade_retire=True).changed_tasks() == []


def test_a_rotated_token_stops_no_traffic_and_the_old_one_is_worth_nothing(two: MeshOfTwo, upgraded: Upgraded) -> None:
    # Not before the upgrade: the older build has the fault of Istio 1.30.0 to 1.30.3, it loses the endpoints until istiod restarts.
    old = objects.token_names(two.members.readers[REMOTE], istiod.SYSTEM)
    load = two.members.evidence / "load-rotation"
    with echo.Customers(two.members, load):
        two.play.run(ROTATE)
    counts = echo.pairs(load)
    assert all(counts.values()), counts
    assert [pair for pair in counts if pair.endswith("-failed")] == []
    assert not old & objects.token_names(two.members.readers[REMOTE], istiod.SYSTEM)
    assert two.play.run(JOIN).changed_tasks() == []


def test_half_of_a_mesh_is_not_upgraded(two: MeshOfTwo, upgraded: Upgraded) -> None:
    said = two.play.run(UPGRADE, "--limit", PRIMARY, expect=2).said
    assert "without remote of the same mesh" in said


def test_leaving_leaves_nothing(two: MeshOfTwo, before: dict[str, set[str]], upgraded: Upgraded) -> None:
    begin = two.play.run(LEAVE, "--check")
    assert [event for name in NAMES for event in writes(two.lab[name], begin.begin, begin.end)] == []
    assert steps.leave(two.members, before) == {"left_over": []}
    assert two.play.run(LEAVE).changed_tasks() == []
    assert waiting.last(lambda: steps.answers(two.members, "left")[PRIMARY] == 100, 30)


def _kill(two: MeshOfTwo) -> None:
    """Ends a run and all of its processes once the first cluster has moved, and before the second one has."""
    waves = [[f"{PRIMARY}/{NAMESPACE}"], [f"{REMOTE}/{NAMESPACE}"]]
    with two.play.started(UPGRADE, "-e", json.dumps({"canary_upgrade_waves": waves})) as run:
        run.reaches(r"Waves \| Wave 2 of 2: remote/echo\][\s\S]{0,200}\[remote\] \d")
        run.kill()
    assert steps.echo_plane(two.members, PRIMARY) == NEW
