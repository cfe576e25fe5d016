"""A gateway that is not there."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways import move as gateway_move
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways.model import GatewayMoveRequest, GatewayState
from tests.unit.plan.world import NEW, World, mesh


def test_what_does_not_exist_is_not_called_something_else() -> None:
    world = World(mesh(), name="edge")
    with pytest.raises(MeshyardError) as told:
        gateway_move.move(GatewayState("web", world.namespace_state()), GatewayMoveRequest("present", NEW), world.mesh)
    assert (told.value.problem, told.value.code) == ("There is no Deployment edge/web.", "workload_missing")
    assert "give version" in told.value.remedy
