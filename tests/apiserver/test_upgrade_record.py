"""upgrade_record on a real API server: one record for one upgrade, as long as it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lab.apiserver import ApiServer
from tests.harness.modules import Call

SPACE = "recorded"
RECORD = f"/api/v1/namespaces/{SPACE}/configmaps/meshyard-operation"
UPGRADE = {"from_revision": "1-31-0", "to_revision": "1-32-0", "to_version": "1.32.0", "tags": ["prod"]}


@pytest.fixture
def options(server: ApiServer) -> Iterator[dict[str, Any]]:
    """The connection, and a namespace of its own for the record."""
    server.client.ensure("/api/v1/namespaces", {"metadata": {"name": SPACE}})
    given = {"kubeconfig": str(server.kubeconfig), "control_plane_namespace": SPACE}
    yield given
    Call("upgrade_record", {**given, "state": "absent"}).run()


@pytest.mark.smoke
def test_a_record_is_opened_and_closed_once_as_check_mode_predicted(server: ApiServer, options: dict[str, Any]) -> None:
    for wanted, exists in (({**options, **UPGRADE}, True), ({**options, "state": "absent"}, False)):
        predicted = Call("upgrade_record", wanted, check=True).run()
        done = Call("upgrade_record", wanted).run()
        assert (predicted["changed"], predicted["steps"]) == (True, done["steps"])
        assert server.client.found(RECORD) == exists
        assert not Call("upgrade_record", wanted).run()["changed"]


def test_another_upgrade_is_refused_while_a_record_is_open(options: dict[str, Any]) -> None:
    Call("upgrade_record", {**options, **UPGRADE}).run()
    refused = Call("upgrade_record", {**options, **UPGRADE, "to_revision": "1-33-0"}).run()
    assert refused["failed"]
    assert "1-32-0" in refused["problem"]
