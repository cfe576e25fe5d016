"""The verdict on proxies."""

from __future__ import annotations

from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import syncz
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.syncz import Silent
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import checks as gate_checks
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.model import Check
from tests.unit.plan.gate.test_checks import TARGET, left_behind, moved
from tests.unit.plan.world import NEW, World


def connection(pod: dict[str, Any], **further: Any) -> dict[str, Any]:
    meta = pod["metadata"]
    url = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    state = {"sent": "n1", "acked": "n1", **further}
    return {"proxy": f"{meta['name']}.{meta['namespace']}", "cluster_id": "central", "istio_version": "1.32.0", "resources": {url: state}}


def connected(*entries: dict[str, Any], silent: bool = False) -> syncz.Connections:
    unheard = [Silent(NEW, "istiod-b", "timed out")] if silent else []
    return syncz.merge(syncz.parse(list(entries), NEW, "istiod-a"), unheard)


def synced(world: World, connections: syncz.Connections, proven: set[tuple[str, str]] | None = None) -> Check:
    found = gate_checks.sort_pods([world.namespace_state()], world.mesh, TARGET)
    return gate_checks.proxies(found, connections, TARGET, "central", set() if proven is None else proven)


def all_pods(world: World) -> list[dict[str, Any]]:
    return [pod for pods in world.pods.values() for pod in pods]


def test_proxies_that_are_all_connected_and_in_sync_pass() -> None:
    world = moved()
    check = synced(world, connected(*map(connection, all_pods(world))))
    assert (check.verdict, check.facts["connected"], check.facts["versions"]) == ("passed", 4, {"1.32.0": 4})


def test_a_proxy_that_is_not_connected_fails() -> None:
    world = moved()
    check = synced(world, connected(*map(connection, all_pods(world)[1:])))
    assert (check.verdict, "web-0: its proxy is not connected" in check.detail) == ("failed", True)


def test_a_proxy_that_no_answering_istiod_knows_is_unknown_while_another_istiod_is_silent() -> None:
    world = moved()
    check = synced(world, connected(*map(connection, all_pods(world)[1:]), silent=True))
    assert (check.verdict, [one["pod"] for one in check.facts["unknown"]]) == ("inconclusive", ["web-0"])
    assert check.facts["unreadable"] == [{"istiod": "istiod-b", "reason": "timed out"}]


def test_proxies_do_not_pass_before_the_pods_do() -> None:
    world = moved()
    left_behind(world, "cart")
    check = synced(world, connected(*map(connection, all_pods(world))))
    assert (check.verdict, check.facts["total"]) == ("failed", 4)


def test_a_silent_istiod_does_no_harm_when_the_others_know_every_proxy() -> None:
    world = moved()
    assert synced(world, connected(*map(connection, all_pods(world)), silent=True)).verdict == "passed"


def test_a_proxy_that_rejected_configuration_fails_even_if_it_was_in_sync_before() -> None:
    world = moved()
    first, *others = all_pods(world)
    connections = connected(connection(first, lastError="bad cipher"), *map(connection, others))
    check = synced(world, connections, {("shop", "web-0")})
    assert (check.verdict, "bad cipher" in check.detail) == ("failed", True)


def test_a_proxy_that_has_not_acknowledged_fails_until_it_was_in_sync_once() -> None:
    world, proven = moved(), set[tuple[str, str]]()
    first, *others = all_pods(world)
    busy = connected(connection(first, sent="n2"), *map(connection, others))
    assert synced(world, busy, proven).verdict == "failed"
    assert synced(world, connected(*map(connection, all_pods(world))), proven).verdict == "passed"
    assert synced(world, busy, proven).verdict == "passed"


def test_a_proxy_of_the_same_name_in_another_cluster_does_not_count() -> None:
    world = moved()
    entries = [connection(pod) for pod in all_pods(world)]
    entries[0]["cluster_id"] = "remote"
    assert synced(world, connected(*entries)).verdict == "failed"
