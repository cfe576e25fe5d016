"""Two clusters with a control plane each get a common root, read each other, are upgraded together, and part again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import waiting
from tests.harness.lab import echo, objects, steps
from tests.harness.lab.members import NAMES, NAMESPACE, REMOTE
from tests.harness.lab.mesh_of_two import MeshOfTwo
from tests.harness.lab.playbooks import UPGRADE, Outcome, writes
from tests.harness.lab.settings import NEW
from tests.harness.lab.target import run_lab

JOIN, LEAVE, TRUST, IN_PLACE = (f"meshyard.istio.{name}" for name in ("join", "leave", "trust", "upgrade_in_place"))


@pytest.fixture(scope="module")
def two(work: Path, collections: Path) -> Iterator[MeshOfTwo]:
    """Two control planes under one root that do not know each other yet."""
    trust = {"remote_cluster_exchange": True, "remote_cluster_trust_directory": str(work / "trust")}
    mesh = MeshOfTwo(work, collections, dict.fromkeys(NAMES, trust), primaries=NAMES)
    mesh.play.run(TRUST)
    steps.install(mesh.members, primaries=NAMES)
    yield mesh
    run_lab("down", "--clusters", REMOTE)


def test_check_mode_of_a_join_writes_nothing_and_predicts_every_change(two: MeshOfTwo, predicted: Outcome, joined: Outcome) -> None:
    assert [event for name in NAMES for event in writes(two.lab[name], predicted.begin, predicted.end)] == []
    assert predicted.changes == joined.changes


def test_a_second_join_and_a_second_handing_over_of_certificates_change_nothing(two: MeshOfTwo, joined: Outcome) -> None:
    assert two.play.run(JOIN).changed_tasks() == []
    assert two.play.run(TRUST).changed_tasks() == []


@pytest.mark.parametrize("source", NAMES)
def test_pods_are_answered_by_both_clusters(two: MeshOfTwo, joined: Outcome, source: str) -> None:
    def shared() -> bool:
        return min(steps.answers(two.members, f"echo-{source}", source=source)[name] for name in NAMES) >= 20

    assert waiting.last(shared, 60), steps.answers(two.members, f"echo-{source}", source=source)


def test_no_request_fails_while_both_primaries_are_upgraded(two: MeshOfTwo, joined: Outcome) -> None:
    load = two.members.evidence / "load"
    with echo.Customers(two.members, load):
        two.play.run(UPGRADE, canary_upgrade_retire=True)
    facts = steps.upgraded(two.members, load)
    assert facts["failed"] == 0, facts
    assert all(facts["by_cluster_pair"].values()), facts
    assert facts["pods_on_target"] == facts["pods_total"] == 6
    assert facts["old_revision_in"] == []


def test_a_revision_gets_another_version_in_place_on_both_clusters_without_a_lost_request(two: MeshOfTwo, joined: Outcome) -> None:
    load = two.members.evidence / "load-in-place"
    given = {"canary_upgrade_version": "1.31.0", "canary_upgrade_revision": NEW}
    with echo.Customers(two.members, load):
        done = two.play.run(IN_PLACE, **given)
    facts = steps.upgraded(two.members, load)
    assert facts["failed"] == 0, facts
    assert _proxies(two) == {"1.31.0"}
    assert "Cluster remote, echo Deployment client" in done.said
    assert two.play.run(IN_PLACE, **given).changed_tasks() == []


def test_leaving_leaves_nothing(two: MeshOfTwo, before: dict[str, set[str]], joined: Outcome) -> None:
    two.play.run(LEAVE)
    left = {name: objects.objects(two.members.readers[name], two.members.evidence / f"after-{name}.json") - before[name] for name in NAMES}
    assert {name: {one for one in found if "1-32-0" not in one} for name, found in left.items()} == {name: set() for name in NAMES}
    assert two.play.run(LEAVE).changed_tasks() == []


def _proxies(two: MeshOfTwo) -> set[str]:
    """The versions of the proxies of both clusters, by their images."""
    pods = [pod for name in NAMES for pod in objects.pods(two.members.readers[name], NAMESPACE)]
    containers = [one for pod in pods for key in ("initContainers", "containers") for one in pod["spec"].get(key, [])]
    return {one["image"].rpartition(":")[2] for one in containers if one["name"] == "istio-proxy"}
