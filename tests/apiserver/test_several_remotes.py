"""One primary and three remote clusters in one play: all of them at once, from joining to leaving, and killed in between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.playbook import Outcome
from tests.harness.served_mesh import NEW, OLD, REMOTES, ServedMesh, running

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedMesh]:
    with running(tmp_path_factory.mktemp("remotes")) as found:
        yield found


def well(mesh: ServedMesh, name: str, **variables: object) -> Outcome:
    """Runs a playbook that succeeds and leaves no Lease."""
    import time

    t = time.time()
    ended = mesh.play(name, **variables)
    print("PLAY", name, round(time.time() - t, 1), flush=True)
    assert ended.status == 0, ended.said
    assert mesh.holders() == []
    return ended


def everywhere(revision: str) -> dict[str, set[str]]:
    return {name: {revision} for name in REMOTES}


def test_all_remotes_of_a_primary_join_rotate_are_upgraded_and_leave_in_one_play(mesh: ServedMesh) -> None:
    well(mesh, "install", istio_control_plane_version="1.31.0")
    well(mesh, "join")
    assert mesh.revisions() == everywhere(OLD)
    well(mesh, "rotate")
    well(mesh, "upgrade", canary_upgrade_version="1.32.0")
    assert mesh.revisions() == everywhere(NEW)
