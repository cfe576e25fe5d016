"""A gate that fails in the second wave takes that wave back and stops; the first stays, until rollback.yml brings all back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.harness.lab import shop, state
from tests.harness.lab.mesh import Mesh
from tests.harness.lab.playbooks import ROLLBACK, UPGRADE, Outcome, writes
from tests.harness.lab.settings import GATEWAY_NAMESPACE, NEW, OLD

FIRST, SECOND = "shop-web", "shop-orders"
PROBE = {
    "from": {"namespace": FIRST, "workload": "web", "container": "app"},
    "to": f"http://orders.{SECOND}:8080/",
    "requests": 10,
    "expect": {"success_percent": 100},
}
PLAN = {"canary_upgrade_waves": [[FIRST], [SECOND]], "canary_upgrade_probes": [PROBE], "canary_upgrade_gate_timeout": 20}
# Only proxies of the new revision are told of it: the second wave's servers refuse everybody as soon as they are on it.
REFUSAL = {
    "apiVersion": "security.istio.io/v1",
    "kind": "AuthorizationPolicy",
    "metadata": {"name": "refuse-all", "namespace": SECOND, "labels": {"istio.io/rev": NEW}},
    "spec": {},
}


@dataclass(frozen=True)
class Stopped:
    """The mesh after the run that stopped."""

    mesh: Mesh
    before: tuple[object, ...]
    outcome: Outcome
    labels: dict[str, Any]
    planes: dict[str, set[str]]


@pytest.fixture(scope="module")
def stopped(mesh: Mesh) -> Stopped:
    """The upgrade as far as it comes."""
    before = mesh.signs()
    mesh.cluster.apply(json.dumps(REFUSAL))
    outcome = mesh.play.run(UPGRADE, expect=2, **PLAN)
    namespace_states = {item["metadata"]["name"]: item["metadata"]["labels"] for item in mesh.cluster.items("Namespace")}
    planes = {place: shop.planes(mesh.cluster, place) for place in (GATEWAY_NAMESPACE, FIRST, SECOND)}
    return Stopped(mesh, before, outcome, namespace_states, planes)


@pytest.fixture(scope="module")
def rolled_back(stopped: Stopped) -> Outcome:
    """All of it brought back, once the policy that is bound to the new revision is gone: it would keep that revision in use."""
    stopped.mesh.cluster.delete("AuthorizationPolicy", "refuse-all", SECOND)
    return stopped.mesh.play.run(ROLLBACK)


def test_the_run_says_which_probe_failed_and_how(stopped: Stopped) -> None:
    assert "failed" in stopped.outcome.said
    assert f"orders.{SECOND}" in stopped.outcome.said
    assert "403" in stopped.outcome.said


def test_the_second_wave_is_back_on_the_old_revision(stopped: Stopped) -> None:
    assert stopped.planes[SECOND] == {OLD}
    assert stopped.labels[SECOND]["istio.io/rev"] == OLD


def test_gateway_and_first_wave_stay_on_the_new_revision(stopped: Stopped) -> None:
    assert stopped.planes[GATEWAY_NAMESPACE] == {NEW}
    assert stopped.planes[FIRST] == {NEW}
    assert stopped.labels[FIRST]["istio.io/rev"] == NEW


def test_rollback_brings_everything_back(stopped: Stopped, rolled_back: Outcome) -> None:
    assert shop.planes(stopped.mesh.cluster) == {OLD}
    assert state.of_revision(state.planes(stopped.mesh.cluster), NEW) == {}
    assert stopped.mesh.signs() == stopped.before


def test_another_rollback_has_nothing_to_do_and_ends_well(stopped: Stopped, rolled_back: Outcome) -> None:
    again = stopped.mesh.play.run(ROLLBACK)
    assert "Nothing to roll back" in again.said
    assert writes(stopped.mesh.cluster, again.begin, again.end) == []
