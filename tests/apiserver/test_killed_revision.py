"""Control planes installed and retired by runs that are killed at every single write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.apiserver import ApiServer
from tests.harness.killing import BASE, PREPARE, RETIRE, contents, run, same_as_undisturbed


@pytest.fixture
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server of its own with the base and nothing else."""
    with ApiServer(tmp_path_factory.mktemp("killed"), "killed") as server:
        run(server, *BASE)
        yield server


@pytest.mark.timeout(600)
def test_killed_at_every_write_and_run_again_it_ends_like_a_run_that_nobody_killed(prepared: ApiServer) -> None:
    left = []
    for stage in (PREPARE, RETIRE):
        run(prepared, *stage)
        left.append(contents(prepared))
    assert left[0] != left[1]
    same_as_undisturbed(prepared, PREPARE, left[0])
    same_as_undisturbed(prepared, RETIRE, left[1])
