"""What a gate cannot look at holds the upgrade, then stops it: nothing goes on and nothing goes back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from lab.apiserver import free_ports
from tests.harness.lab import account, shop
from tests.harness.lab.mesh import Mesh
from tests.harness.lab.playbooks import ROLLBACK, UPGRADE, Outcome
from tests.harness.lab.settings import GATEWAY_NAMESPACE, NEW, OLD

HOLD = 8
METRIC: dict[str, Any] = {"name": "share of errors", "query": "vector(0)", "max": 0.01}


@dataclass(frozen=True)
class Held:
    """A run that stopped at a gate.

    :ivar planes: who injected the pods of gateway and shop after it.
    """

    outcome: Outcome
    planes: dict[str, set[str]]
    seconds: float


@pytest.fixture(scope="module")
def without_prometheus(mesh: Mesh) -> Held:
    """Prometheus does not answer: nobody listens at its address."""
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    return _held(mesh, canary_upgrade_metrics=[METRIC], canary_upgrade_prometheus_url=url)


@pytest.fixture(scope="module")
def without_port_forward(mesh: Mesh, without_prometheus: Held) -> Held:
    """The same upgrade goes on with an account that may not ask istiod."""
    kubeconfig = account.limited(mesh.cluster, account.WITHOUT_PORT_FORWARD)
    return _held(mesh, meshyard_kubeconfig=str(kubeconfig))


def test_an_unreachable_prometheus_holds_the_upgrade_and_then_stops_it(without_prometheus: Held) -> None:
    assert "could not be judged" in without_prometheus.outcome.said
    assert METRIC["name"] in without_prometheus.outcome.said
    assert without_prometheus.seconds >= HOLD


def test_nothing_goes_on_and_nothing_goes_back_without_prometheus(without_prometheus: Held) -> None:
    assert without_prometheus.planes == {GATEWAY_NAMESPACE: {NEW}, **{name: {OLD} for name in shop.NAMESPACES}}
    assert "Bring gateways back" not in _changed(without_prometheus)


def test_an_istiod_that_may_not_be_asked_holds_the_upgrade_and_then_stops_it(without_port_forward: Held) -> None:
    assert "could not be judged" in without_port_forward.outcome.said
    assert without_port_forward.seconds >= HOLD


def test_nothing_goes_back_when_istiod_may_not_be_asked(without_port_forward: Held) -> None:
    moved = [place for place, planes in without_port_forward.planes.items() if planes == {NEW}]
    waiting = [place for place, planes in without_port_forward.planes.items() if planes == {OLD}]
    assert GATEWAY_NAMESPACE in moved
    assert len(moved) + len(waiting) == len(without_port_forward.planes)
    assert waiting, "the run went on past a gate that it could not judge"
    assert "Bring back" not in _changed(without_port_forward)


def test_rollback_brings_the_mesh_back(mesh: Mesh, without_port_forward: Held) -> None:
    mesh.play.run(ROLLBACK)
    assert shop.planes(mesh.cluster) == {OLD}


def _held(mesh: Mesh, **variables: object) -> Held:
    began = time.monotonic()
    settings = {"canary_upgrade_hold_seconds": HOLD, "canary_upgrade_gate_timeout": 60}
    outcome = mesh.play.run(UPGRADE, expect=2, **settings, **variables)
    planes = {place: shop.planes(mesh.cluster, place) for place in (GATEWAY_NAMESPACE, *shop.NAMESPACES)}
    return Held(outcome, planes, time.monotonic() - began)


def _changed(held: Held) -> str:
    return "; ".join(held.outcome.changed_tasks())
