"""A new istiod that never starts ends the upgrade before anything moves, with the reason; rollback takes it away again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.harness.lab import state
from tests.harness.lab.mesh import PLACES, Mesh
from tests.harness.lab.playbooks import ROLLBACK, UPGRADE, Outcome, writes
from tests.harness.lab.settings import NEW, OLD

SECONDS = 25
UNBUILT = "never-built"
CALM = {"canary_upgrade_wait_timeout": SECONDS, "canary_upgrade_values": {"tag": UNBUILT}}


@dataclass(frozen=True)
class Attempt:
    """An upgrade to an istiod whose image does not exist, and what the cluster was before it and after."""

    mesh: Mesh
    planes_before: state.Dump
    workloads_before: state.Dump
    outcome: Outcome
    planes_after: state.Dump
    workloads_after: state.Dump


@pytest.fixture(scope="module")
def attempt(mesh: Mesh) -> Attempt:
    """The upgrade as far as it comes."""
    before = state.planes(mesh.cluster), state.workloads(mesh.cluster, PLACES)
    outcome = mesh.play.run(UPGRADE, expect=2, **CALM)
    return Attempt(mesh, *before, outcome, state.planes(mesh.cluster), state.workloads(mesh.cluster, PLACES))


@pytest.fixture(scope="module")
def rolled_back(attempt: Attempt) -> Outcome:
    """The rollback after it."""
    return attempt.mesh.play.run(ROLLBACK)


def test_the_upgrade_ends_in_prepare_and_names_pod_and_reason(attempt: Attempt) -> None:
    said = attempt.outcome.said
    assert f"istiod-{NEW}-" in said
    assert any(reason in said for reason in ("ErrImagePull", "ImagePullBackOff"))
    assert UNBUILT in said
    assert "Gateways |" not in attempt.outcome.output


def test_the_old_plane_is_untouched(attempt: Attempt) -> None:
    assert state.of_revision(attempt.planes_after, OLD) == state.of_revision(attempt.planes_before, OLD)


def test_no_workload_and_no_namespace_is_touched(attempt: Attempt) -> None:
    assert attempt.workloads_after == attempt.workloads_before


def test_rollback_takes_the_new_plane_away_and_nothing_else(attempt: Attempt, rolled_back: Outcome) -> None:
    now = state.planes(attempt.mesh.cluster)
    assert state.of_revision(now, NEW) == {}
    assert set(now) == set(attempt.planes_before)
    assert state.of_revision(now, OLD) == state.of_revision(attempt.planes_before, OLD)
    assert state.workloads(attempt.mesh.cluster, PLACES) == attempt.workloads_before


def test_another_rollback_has_nothing_to_do_and_ends_well(attempt: Attempt, rolled_back: Outcome) -> None:
    again = attempt.mesh.play.run(ROLLBACK)
    assert "Nothing to roll back" in again.said
    assert writes(attempt.mesh.cluster, again.begin, again.end) == []
