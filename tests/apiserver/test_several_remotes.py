"""One primary and three remote clusters in one play: all of them at once, from joining to leaving, and killed in between."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.served_mesh import NEW, OLD, PRIMARY, REMOTES, ServedMesh, running

# Nine playbooks over four clusters in a row, two of them killed; minutes on a quiet machine.
pytestmark = pytest.mark.timeout(2400)
UPGRADE = {"canary_upgrade_version": "1.32.0"}


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedMesh]:
    with running(tmp_path_factory.mktemp("remotes")) as found:
        yield found


def run(mesh: ServedMesh, name: str, **variables: object) -> None:
    """A playbook succeeds on all clusters, gives back every Lease, and leaves one token for each remote cluster that is read."""
    ended = mesh.play(name, **variables)
    assert ended.status == 0, ended.said
    assert mesh.holders() == []
    assert {remote: len(mesh.tokens(remote)) for remote in REMOTES} == {remote: int(remote in mesh.read()) for remote in REMOTES}


def everywhere(revision: str) -> dict[str, set[str]]:
    return {name: {revision} for name in REMOTES}


def test_all_remotes_of_a_primary_join_and_rotate_in_one_play_and_a_join_that_was_killed_goes_on(mesh: ServedMesh) -> None:
    run(mesh, "install", istio_control_plane_version="1.31.0")
    mesh.killed("join", mesh.read)
    assert 0 < len(mesh.read()) < len(REMOTES)
    run(mesh, "join")
    assert (mesh.revisions(), mesh.read()) == (everywhere(OLD), set(REMOTES))
    before = {remote: mesh.tokens(remote) for remote in REMOTES}
    run(mesh, "rotate")
    assert all(mesh.tokens(remote) != before[remote] for remote in REMOTES)


def test_all_remotes_are_upgraded_rolled_back_retired_and_leave_in_one_play(mesh: ServedMesh) -> None:
    first, *others = mesh.namespaces()
    mesh.killed("upgrade", lambda: {NEW} in mesh.revisions().values(), **UPGRADE, canary_upgrade_waves=[[first], others])
    assert mesh.revisions() == {**everywhere(OLD), REMOTES[0]: {NEW}}
    run(mesh, "upgrade", **UPGRADE)
    assert mesh.revisions() == everywhere(NEW)
    run(mesh, "rollback")
    assert (mesh.revisions(), mesh.planes()) == (everywhere(OLD), {PRIMARY: {OLD}} | everywhere(OLD))
    run(mesh, "upgrade", **UPGRADE)
    mesh.stop(OLD)
    run(mesh, "retire")
    assert (mesh.revisions(), mesh.planes()) == (everywhere(NEW), {PRIMARY: {NEW}} | everywhere(NEW))
    run(mesh, "leave")
    assert (mesh.revisions(), mesh.read()) == (everywhere(""), set())
    assert mesh.planes() == {PRIMARY: {NEW}} | {remote: set() for remote in REMOTES}
