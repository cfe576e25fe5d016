"""Who is what in the mesh of an inventory host, and how it is called and reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils.mesh_inventory import (
    NAME_VARIABLES,
    Inventory,
    Mesh,
    Own,
    cluster_name,
    connection,
)


class Lazy(Mapping[str, Any]):
    """Variables of a host, some of which are templates that cannot be evaluated."""

    def __init__(self, **values: Any) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        value = self._values[name]
        if isinstance(value, Exception):
            raise value
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


BROKEN = RuntimeError("'token' is undefined")


def inventory(primaries: dict[str, Lazy], remotes: dict[str, Lazy] | None = None) -> Inventory:
    remotes = remotes or {}
    return Inventory({**primaries, **remotes}, {"istio_primary": list(primaries), "istio_remote": list(remotes)})


def of(hosts: Inventory, host: str, *run: str, **own: Any) -> Mesh:
    return hosts.mesh(host, run or (*hosts.primaries, *hosts.remotes), Own(**own))


def hosts_of(clusters: list[Any]) -> list[str]:
    return [one.host for one in clusters]


def test_a_cluster_has_one_name_the_first_that_is_set() -> None:
    named = {name: f"by-{name}" for name in NAME_VARIABLES}
    for name in NAME_VARIABLES:
        assert cluster_name(named, "host") == f"by-{name}"
        del named[name]
    assert cluster_name(named, "host") == "host"


def test_a_name_that_is_a_number_is_text_and_an_empty_one_is_none() -> None:
    assert cluster_name({"remote_cluster_name": "", "meshyard_cluster_name": 7}, "eu") == "7"


def test_everyone_calls_a_primary_by_the_same_name() -> None:
    hosts = inventory({"eu": Lazy(remote_cluster_name="europe", meshyard_cluster_name="eu"), "ap": Lazy()}, {"us": Lazy()})
    seen_by_remote, seen_by_peer = of(hosts, "us", primary="eu"), of(hosts, "ap", exchange=True)
    assert seen_by_remote.primary
    assert seen_by_remote.primary.name == "europe"
    assert [one.name for one in seen_by_peer.peers] == ["europe"]
    assert seen_by_peer.names["eu"] == "europe"


def test_every_connection_carries_the_uid_that_is_expected_there() -> None:
    uid = {"meshyard_expected_cluster_uid": "u-1"}
    assert connection({"meshyard_context": "eu", **uid}) == {"context": "eu", "expected_cluster_uid": "u-1"}
    assert connection({"remote_cluster_connection": {"context": "x"}, "meshyard_context": "eu", **uid}) == {
        "context": "x",
        "expected_cluster_uid": "u-1",
    }
    assert connection({"meshyard_context": "eu", **uid}, {"context": "y", "expected_cluster_uid": "u-2"}) == {
        "context": "y",
        "expected_cluster_uid": "u-2",
    }


def test_what_is_empty_is_no_part_of_a_connection_and_false_is() -> None:
    variables = {"meshyard_context": "", "meshyard_kubeconfig": None, "meshyard_validate_certs": False}
    assert connection(variables) == {"validate_certs": False}
    assert connection({}) == {}


def test_all_clusters_of_a_mesh_are_reached_with_their_uid() -> None:
    uid = "meshyard_expected_cluster_uid"
    hosts = inventory(
        {"eu": Lazy(**{uid: "u-eu"}), "ap": Lazy(**{uid: "u-ap"})}, {"us": Lazy(remote_cluster_primary="eu", **{uid: "u-us"})}
    )
    mesh = of(hosts, "us", exchange=True)
    assert [one.connection for one in (mesh.own, *mesh.others)] == [{"expected_cluster_uid": f"u-{one}"} for one in ("us", "eu", "ap")]


def test_a_remote_cluster_belongs_to_the_only_primary() -> None:
    mesh = of(inventory({"eu": Lazy()}, {"us": Lazy(), "ap": Lazy()}), "us")
    assert mesh.primary
    assert (mesh.own.role, mesh.primary.host, mesh.primary.role) == ("remote", "eu", "primary")
    assert (hosts_of(mesh.peers), hosts_of(mesh.remotes), hosts_of(mesh.others)) == ([], ["ap"], ["eu", "ap"])


def test_of_several_primaries_the_named_one_is_meant_and_no_other() -> None:
    hosts = inventory({"eu": Lazy(), "ap": Lazy()}, {"us": Lazy(remote_cluster_primary="ap"), "sa": Lazy()})
    mesh = of(hosts, "us")
    assert mesh.primary
    assert (mesh.primary.host, hosts_of(mesh.others)) == ("ap", ["ap"])
    lost = of(hosts, "sa")
    assert (lost.primary, lost.candidates, lost.others) == (None, ["eu", "ap"], [])
    assert hosts_of(of(hosts, "eu").others) == []


def test_the_variables_of_a_role_come_before_the_inventory() -> None:
    hosts = inventory({"eu": Lazy(), "ap": Lazy()}, {"us": Lazy(remote_cluster_primary="eu", meshyard_network="net")})
    own = of(hosts, "us", name="u", network="n", server="s", connection={"context": "c"}, primary="ap", primary_connection={"context": "p"})
    assert (own.own.name, own.own.network, own.own.server, own.own.connection) == ("u", "n", "s", {"context": "c"})
    assert own.primary
    assert (own.primary.host, own.primary.connection) == ("ap", {"context": "p"})
    assert own.names == {"us": "u", "ap": "ap", "eu": "eu"}


def test_a_primary_may_be_known_by_its_connection_alone() -> None:
    mesh = Inventory({"us": Lazy()}, {"istio_remote": ["us"]}).mesh("us", ["us"], Own(primary_connection={"context": "p"}))
    assert mesh.primary
    assert (mesh.primary.name, mesh.primary.connection) == ("primary", {"context": "p"})
    assert (mesh.left_out, mesh.describe()["members"]) == ([], ["us"])


@pytest.mark.parametrize("set_on", ["eu", "ap"])
def test_primaries_are_one_mesh_for_all_when_one_reads_the_others(set_on: str) -> None:
    exchange = {one: Lazy(remote_cluster_exchange="yes") if one == set_on else Lazy() for one in ("eu", "ap")}
    hosts = inventory(exchange, {"us": Lazy(remote_cluster_primary="ap"), "sa": Lazy()})
    assert (hosts_of(of(hosts, "eu").peers), hosts_of(of(hosts, "eu").remotes)) == (["ap"], ["us", "sa"])
    assert hosts_of(of(hosts, "us").others) == ["ap", "eu", "sa"]


def test_who_does_not_take_part_in_the_run_is_left_out() -> None:
    hosts = inventory({"eu": Lazy(), "ap": Lazy()}, {"us": Lazy(remote_cluster_primary="eu"), "sa": Lazy(remote_cluster_primary="ap")})
    assert of(hosts, "eu", "eu", "sa").left_out == ["us"]
    assert of(hosts, "us", "us").left_out == ["eu"]
    assert of(hosts, "us", "us", "eu").left_out == []


def test_a_host_outside_the_groups_is_a_mesh_of_its_own() -> None:
    described = Inventory({"localhost": Lazy()}, {}).mesh("localhost", ["localhost"], Own()).describe()
    assert (described["role"], described["primary"], described["others"], described["left_out"]) == ("primary", {}, [], [])


def test_variables_that_are_not_needed_are_not_looked_at() -> None:
    hosts = inventory(
        {"eu": Lazy(password=BROKEN, remote_cluster_exchange=False), "ap": Lazy(meshyard_api_key=BROKEN)},
        {"us": Lazy(remote_cluster_primary="eu")},
    )
    assert of(hosts, "us").names == {"us": "us", "eu": "eu", "ap": "ap"}
    with pytest.raises(RuntimeError, match="'token' is undefined"):
        of(hosts, "ap")
