"""What an east-west gateway is rendered with, now and in later calls that do not say so again."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.labels import NamespaceState
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways import settings as gateway_settings
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways.model import GatewayState
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gateways.settings import GatewaySettings

PORTS = {15021, 15443, 15012, 15017}


def after(chart_settings: GatewaySettings) -> GatewayState:
    """A gateway that was rendered by a recipe."""
    annotations = {gateway_settings.ANNOTATION: chart_settings.text()}
    return GatewayState(
        "east", NamespaceState("istio-system", {}), workload={"kind": "Deployment", "metadata": {"annotations": annotations}}
    )


def test_kind_and_network_stay_until_another_network_is_given() -> None:
    before = after(GatewaySettings("eastwest", {"replicaCount": 2}, "net-eu"))
    assert gateway_settings.chart_settings(before, None, None) == GatewaySettings("eastwest", {"replicaCount": 2}, "net-eu")
    assert gateway_settings.chart_settings(before, None, None, "net-us").network == "net-us"
    assert gateway_settings.chart_settings(before, "eastwest", {}, "").network == ""
    assert gateway_settings.chart_settings(before, "ingress", None) == GatewaySettings("ingress", {"replicaCount": 2})


def test_the_record_of_other_kinds_is_as_it_always_was() -> None:
    assert GatewaySettings("ingress", {}).text() == '{"kind":"ingress","values":{}}'


def test_with_a_network_the_chart_is_told_of_it_and_without_it_has_the_same_ports() -> None:
    assert GatewaySettings("eastwest", {}, "net-eu").chart_values("1-32-0")["networkGateway"] == "net-eu"
    flat = GatewaySettings("eastwest", {}).chart_values("1-32-0")
    assert "networkGateway" not in flat
    assert {(one["port"], one["targetPort"]) for one in flat["service"]["ports"]} == {(port, port) for port in PORTS}


def test_it_outlives_the_connections_that_it_passes_through_unless_the_user_says_otherwise() -> None:
    def told(what: str, **values: Any) -> tuple[Any, Any]:
        given = GatewaySettings(what, values).chart_values("1-32-0")
        return given.get("env"), given.get("terminationGracePeriodSeconds")

    drains = "EXIT_ON_ZERO_ACTIVE_CONNECTIONS"
    assert told("eastwest") == ({drains: "true"}, 300)
    assert told("eastwest", env={drains: "false"}, terminationGracePeriodSeconds=30) == ({drains: "false"}, 30)
    assert told("eastwest", kind="DaemonSet") == (None, None)
    assert told("ingress") == (None, None)


def test_the_network_is_given_in_one_place_only() -> None:
    nothing = GatewayState("east", NamespaceState("istio-system", {}))
    with pytest.raises(MeshyardError, match="networkGateway, which is not theirs"):
        gateway_settings.chart_settings(nothing, "eastwest", {"networkGateway": "net-eu"}, "net-eu")
    with pytest.raises(MeshyardError, match="of the kind ingress"):
        gateway_settings.chart_settings(nothing, None, None, "net-eu")
    assert gateway_settings.chart_settings(nothing, None, {"networkGateway": "net-eu"}).values == {"networkGateway": "net-eu"}
