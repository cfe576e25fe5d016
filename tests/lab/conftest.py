"""What the tests on real clusters share: the installed collection, a cluster, a mesh to upgrade, and limits that fit whole upgrades."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.lab import objects, steps
from tests.harness.lab.ansible_playbook import install_collection
from tests.harness.lab.cluster import LabCluster, recreate
from tests.harness.lab.members import NAMES
from tests.harness.lab.mesh import Mesh, SharedMesh
from tests.harness.lab.mesh_of_two import MeshOfTwo
from tests.harness.lab.playbooks import Outcome, Playbooks
from tests.harness.lab.steps import JOIN
from tests.harness.lab.target import run_lab
from tests.tree import BUILD

SECONDS_PER_TEST = 900
WORK = BUILD / "lab-tests"
USES_UP_THE_MESH = "test_killed_under_traffic"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An upgrade takes minutes; and scenarios that hand on the shared mesh follow each other, before the one that uses it up."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.timeout(SECONDS_PER_TEST))
    items.sort(key=lambda item: ("mesh" not in getattr(item, "fixturenames", ()), item.path.stem == USES_UP_THE_MESH))


@pytest.fixture(scope="session")
def cluster_name() -> Iterator[str]:
    """The cluster of the lab that tests take for themselves, and stop in the end."""
    name = os.environ.get("MESHYARD_TEST_CLUSTER", "central")
    yield name
    run_lab("down", "--clusters", name)


@pytest.fixture(scope="session")
def collections() -> Path:
    """Where the collection is installed from its tarball."""
    return install_collection(WORK)


@pytest.fixture(scope="module")
def work(request: pytest.FixtureRequest) -> Path:
    """The folder for the evidence of one scenario."""
    return WORK / str(request.module.__name__).rpartition(".test_")[2]


@pytest.fixture(scope="module")
def cluster(cluster_name: str, work: Path) -> LabCluster:
    """An empty cluster."""
    return recreate(cluster_name, work)


@pytest.fixture(scope="module")
def play(cluster: LabCluster, collections: Path) -> Playbooks:
    """Runs playbooks on the empty cluster."""
    return Playbooks(cluster, collections)


@pytest.fixture(scope="session")
def shared_mesh(cluster_name: str, collections: Path) -> SharedMesh:
    """The mesh that scenarios hand on to each other as long as each leaves it as it was."""
    return SharedMesh(cluster_name, collections)


@pytest.fixture(scope="module")
def mesh(shared_mesh: SharedMesh, work: Path) -> Mesh:
    """A mesh of revision 1-31-0, made by install.yml, with gateway and shop."""
    return shared_mesh.as_installed(work)


# Scenarios of two clusters begin with a fixture of their own named C(two).
@pytest.fixture(scope="module")
def before(two: MeshOfTwo) -> dict[str, set[str]]:
    """What the clusters hold before they are joined."""
    return {name: objects.objects(two.members.readers[name], two.members.evidence / f"before-{name}.json") for name in NAMES}


@pytest.fixture(scope="module")
def predicted(two: MeshOfTwo, before: dict[str, set[str]]) -> Outcome:
    """The join in check mode."""
    return two.play.run(JOIN, "--check")


@pytest.fixture(scope="module")
def joined(two: MeshOfTwo, predicted: Outcome) -> Outcome:
    """The join."""
    outcome = two.play.run(JOIN)
    steps.ready(two.members)
    return outcome
