"""A release that is killed at every single write: each state in between serves, and the next call goes on to the same end."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from tests.harness import releases
from tests.harness.leases import expire
from tests.harness.mesh import Mesh
from tests.harness.proxy import WriteProxy
from tests.harness.releases import NEW, OLD, Shop

_MANY = 30
FORWARD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("prepared", {"image": NEW}),
    ("weight", {"weight": 50}),
    ("weight", {"weight": 100}),
    ("promoted", {}),
    ("weight", {"weight": 0}),
    ("finished", {}),
)


@pytest.fixture
def shop(served: Mesh) -> Shop:
    """With all that a release touches beside the Deployment and its route."""
    shop = Shop(served, replicas=2)
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    shop.create("autoscaling/v2", "HorizontalPodAutoscaler", "web", {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9})
    shop.create("policy/v1", "PodDisruptionBudget", "web", {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}})
    shop.create(releases.ISTIO, "DestinationRule", "web", {"host": "web", "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}})
    hosts = {"egress": [{"hosts": [f"./{shop.host}", "istio-system/*"]}]}
    shop.create(releases.ISTIO, "Sidecar", "default", hosts)
    return shop


@pytest.mark.timeout(600)
def test_a_release_that_is_killed_at_every_write_serves_all_the_time_and_ends_as_an_undisturbed_one(shop: Shop) -> None:
    expected = shop.written()
    for state, options in FORWARD:
        assert _killed_at_every_write(shop, state, options) > 0, state
        assert not shop.run(state, **options)["changed"]
    expected["Deployment web"]["spec"]["template"]["spec"]["containers"][0]["image"] = NEW
    assert shop.written() == expected
    assert shop.images == {NEW}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("weight", [None, 50])
def test_an_abort_that_is_killed_at_every_write_leaves_what_was_before(shop: Shop, weight: int | None) -> None:
    before = shop.written()
    shop.begun(weight)
    assert _killed_at_every_write(shop, "aborted", {}) > 0
    assert shop.written() == before
    assert shop.images == {OLD}


@pytest.mark.timeout(600)
def test_a_beginning_that_is_killed_anywhere_can_be_aborted(served: Mesh) -> None:
    for writes in range(1, _MANY):
        shop = Shop(served, replicas=1)
        before = shop.written()
        ended = _killed_after(shop, "prepared", {"image": NEW}, writes)
        shop.run("aborted")
        assert shop.written() == before, writes
        if ended:
            return
    raise AssertionError("prepared does not end")


def _killed_at_every_write(shop: Shop, state: str, options: dict[str, Any]) -> int:
    """Calls the module again and again, each time killed right after its next write was done; the number of kills until it ended."""
    for kills in range(_MANY):
        if _killed_after(shop, state, options, 1):
            return kills
        _serves(shop)
    raise AssertionError(f"{state} did not end after {_MANY} kills.")


def _killed_after(shop: Shop, state: str, options: dict[str, Any], writes: int) -> bool:
    """Whether a call ended before it was killed after so many writes."""
    with WriteProxy(shop.mesh.server.host) as proxy:
        process = shop.call(state, through=proxy, **options).start()
        proxy.at(writes, process.kill, after=True)
        output, errors = process.communicate(timeout=100)
        if process.returncode >= 0:
            assert '"failed": true' not in output, output + errors
            return True
    expire(shop.mesh.client, kinds.kind("Lease").path(shop.namespace, "meshyard"))
    return False


def _serves(shop: Shop) -> None:
    """Every destination that gets traffic has pods, and a Service in front of them."""
    for host, weight in shop.weights().items():
        if weight:
            assert shop.exists("Service", host)
            assert shop.get("Deployment", host)["status"].get("availableReplicas", 0) >= 1, host
