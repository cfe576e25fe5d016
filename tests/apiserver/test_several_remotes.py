"""One primary and three remote clusters in one play: all of them at once, from joining to leaving, and killed in between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.served_mesh import NEW, OLD, PRIMARY, REMOTES, ServedMesh, running

# A dozen playbooks over four clusters in a row.
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedMesh]:
    with running(tmp_path_factory.mktemp("remotes")) as found:
        yield found


def run(mesh: ServedMesh, name: str, **variables: object) -> None:
    """A playbook succeeds on all clusters, gives back every Lease, and leaves one token for each remote cluster that is read."""
    ended = mesh.play(name, **variables)
    assert ended.status == 0, ended.said
    assert mesh.holders() == []
    assert [len(mesh.tokens(remote)) for remote in REMOTES] == [int(f"istio-remote-secret-{one}" in mesh.readers()) for one in REMOTES]


def everywhere(revision: str) -> dict[str, set[str]]:
    return {name: {revision} for name in REMOTES}


def test_all_remotes_of_a_primary_join_and_rotate_in_one_play_and_a_join_that_was_killed_goes_on(mesh: ServedMesh) -> None:
    run(mesh, "install", istio_control_plane_version="1.31.0")
    mesh.killed("join", PRIMARY, 2)  # two of three remote secrets are made
    assert len(mesh.readers()) == 2
    run(mesh, "join")
    assert (mesh.revisions(), len(mesh.readers())) == (everywhere(OLD), 3)
    before = [mesh.tokens(remote) for remote in REMOTES]
    run(mesh, "rotate")
    assert all(old != new for old, new in zip(before, (mesh.tokens(remote) for remote in REMOTES), strict=True))


def test_all_remotes_are_upgraded_rolled_back_retired_and_leave_in_one_play(mesh: ServedMesh) -> None:
    mesh.killed("upgrade", REMOTES[0], 5, canary_upgrade_version="1.32.0")
    run(mesh, "upgrade", canary_upgrade_version="1.32.0")
    assert mesh.revisions() == everywhere(NEW)
    run(mesh, "rollback")
    assert mesh.revisions() == everywhere(OLD)
    run(mesh, "upgrade", canary_upgrade_version="1.32.0")
    mesh.stop(OLD)
    run(mesh, "retire")
    assert mesh.revisions() == everywhere(NEW)
    run(mesh, "leave")
    assert (mesh.revisions(), mesh.readers()) == (everywhere(""), set())
