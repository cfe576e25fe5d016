"""A revision on a remote cluster: what is rendered, and what its namespace says of its mesh."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.revision import Names
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Create, Patch
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote import control_plane as remote_control_plane

NAMES = Names("1-32-0")
US = remote_control_plane.Place("us", "us-net", "eu")


def home(annotations: dict[str, str] | None = None, marks: dict[str, str] | None = None) -> dict[str, Any]:
    return {"metadata": {"name": "istio-system", "annotations": annotations or {}, "labels": marks or {}}}


def test_a_missing_namespace_is_made_with_its_network_and_its_primary() -> None:
    (step,) = remote_control_plane.namespace_plan(None, NAMES, US)
    assert isinstance(step, Create)
    assert step.body["metadata"]["annotations"][remote_control_plane.CONTROLLED_BY] == "eu"
    assert step.body["metadata"]["labels"] == {remote_control_plane.NETWORK: "us-net"}


@pytest.mark.parametrize(("told", "then"), [("", "eu"), ("asia", "asia,eu"), ("asia, eu", None), ("*", None), ("eu", None)])
def test_other_primaries_that_may_write_stay_named(told: str, then: str | None) -> None:
    plan = remote_control_plane.namespace_plan(
        home({remote_control_plane.CONTROLLED_BY: told}, {remote_control_plane.NETWORK: "us-net"}), NAMES, US
    )
    patches = [step.patch["metadata"]["annotations"][remote_control_plane.CONTROLLED_BY] for step in plan if isinstance(step, Patch)]
    assert patches == ([] if then is None else [then])


@given(st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=5))
def test_the_slice_has_every_address_once_and_in_one_order(addresses: list[str]) -> None:
    meta = {"name": NAMES.istiod, "namespace": "istio-system"}
    rendered = [{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": meta}]
    known = remote_control_plane.source("pods", "1-32-0", "")
    made = [remote_control_plane.wanted(rendered, NAMES, order, known)[0] for order in (addresses, addresses[::-1])]
    assert made[0] == made[1]
    assert [one["addresses"][0] for one in made[0]["endpoints"]] == sorted(set(addresses))
    assert made[0]["metadata"]["annotations"] == known.annotation


def test_the_chart_is_rendered_alike_whatever_the_address_of_istiod() -> None:
    first, second = (remote_control_plane.chart_values(US, NAMES, [address], {}) for address in ("10.0.0.1", "10.0.0.2"))
    assert first == second


def test_users_values_do_not_take_the_cluster_out_of_its_mesh() -> None:
    given = {"global": {"network": "other", "proxy": {"logLevel": "debug"}}, "profile": "default"}
    values = remote_control_plane.chart_values(US, NAMES, ["10.0.0.1"], given)
    assert (values["profile"], values["global"]["network"]) == ("remote", "us-net")
    assert values["global"]["proxy"] == {"logLevel": "debug"}
    assert values["istiodRemote"]["injectionPath"] == "/inject/cluster/us/net/us-net"


def test_addresses_of_two_families_are_refused() -> None:
    with pytest.raises(MeshyardError, match="two families"):
        remote_control_plane.refuse_addresses(["10.0.0.1", "fd00::1"], "addresses")
    remote_control_plane.refuse_addresses(["fd00::1", "fd00::2"], "addresses")


def test_the_primary_tells_its_name_by_its_environment() -> None:
    env = [{"name": "CLUSTER_ID", "value": "eu"}, {"name": "EXTERNAL_ISTIOD", "value": "true"}]
    containers = [{"image": "hub/pilot:1.32.0", "env": env}]
    assert remote_control_plane.istiod({"spec": {"template": {"spec": {"containers": containers}}}}) == remote_control_plane.Istiod(
        "eu", True, "hub/pilot:1.32.0"
    )
