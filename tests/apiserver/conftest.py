"""API servers that live as long as the test session: one that only keeps objects, and one on which rollouts work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.apiserver import ApiServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """etcd and an API server: objects are kept, and nothing happens to them."""
    with ApiServer(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture(scope="session")
def rolling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """An API server with controllers and a simulated node, whose pods become ready at once: rollouts work."""
    with ApiServer(tmp_path_factory.mktemp("rolling"), "rolling", controllers=True) as started:
        yield started
