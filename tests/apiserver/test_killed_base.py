"""The parts of Istio that all control planes share, installed by runs that are killed at every single write."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.apiserver import ApiServer
from tests.harness.killing import BASE, contents, run, same_as_undisturbed


@pytest.mark.timeout(600)
def test_killed_at_every_write_and_run_again_it_ends_like_a_run_that_nobody_killed(tmp_path: Path) -> None:
    with ApiServer(tmp_path / "undisturbed", "undisturbed") as server:
        run(server, *BASE)
        left = contents(server)
    with ApiServer(tmp_path / "killed", "killed") as server:
        same_as_undisturbed(server, BASE, left)
