"""Which clusters are primaries and which remotes."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster.discovery import (
    Attached,
    ClusterSeen,
    Member,
    address,
    members,
)

EU = ClusterSeen("1", "https://eu:6443", name="eu", istiods=True, network="net-eu", attached=(Attached("us-mesh", "2"),))
US = ClusterSeen("2", "https://us:6443", served=True)
ASIA = ClusterSeen("3", "https://asia", name="asia", istiods=True)


def test_a_cluster_with_istiods_is_a_primary_though_another_one_reads_it() -> None:
    eu = replace(EU, attached=(Attached("asia", "3"),))
    asia = replace(ASIA, attached=(Attached("eu", "1"),))
    found = members({"eu": eu, "asia": asia})
    assert found == {"eu": Member("1", "primary", "eu", "net-eu"), "asia": Member("3", "primary", "asia")}


def test_a_cluster_that_is_read_is_a_remote_by_the_name_that_istiod_knows() -> None:
    assert members({"eu": EU, "us": US})["us"] == Member("2", "remote", "us-mesh", primary="eu")


def test_a_secret_without_uid_leads_to_the_cluster_of_its_server_or_of_its_name() -> None:
    by_server = replace(EU, attached=(Attached("west", "", "https://us:6443/"),))
    by_port = replace(EU, attached=(Attached("west", "", "https://asia:443"),))
    by_name = replace(EU, attached=(Attached("us", "", "https://10.0.0.1"),))
    assert members({"eu": by_server, "us": US})["us"].name == "west"
    assert members({"eu": by_port, "x": replace(ASIA, istiods=False)})["x"].name == "west"
    assert members({"eu": by_name, "us": US})["us"].primary == "eu"


def test_a_secret_with_the_uid_of_another_cluster_is_about_that_one() -> None:
    moved = replace(EU, attached=(Attached("us", "9", "https://us:6443"),))
    assert members({"eu": moved, "us": US})["us"] == Member("2", "remote")


def test_of_several_primaries_that_read_a_remote_the_one_that_may_write_into_it_serves_it() -> None:
    asia = replace(ASIA, attached=(Attached("us-mesh", "2"),))
    clear = members({"eu": EU, "asia": asia, "us": replace(US, controlled_by=("asia",))})["us"]
    unclear = members({"eu": EU, "asia": asia, "us": replace(US, controlled_by=("*",))})["us"]
    assert (clear.primary, clear.name, unclear.primary) == ("asia", "us-mesh", "")


def test_where_secrets_cannot_be_read_the_mark_on_the_remote_tells_its_primary() -> None:
    blind = replace(EU, attached=(), unread=("no",))
    assert members({"eu": blind, "us": replace(US, controlled_by=("eu",))})["us"] == Member("2", "remote", primary="eu")


def test_a_cluster_without_anything_of_istio_has_no_part() -> None:
    assert members({"eu": EU, "new": ClusterSeen("4", "https://new")})["new"] == Member("4")


def test_the_address_of_a_server_is_kept_without_user_and_password() -> None:
    assert address("https://me:p@ss@eu:6443/path") == "https://eu:6443"
    assert address("https://[::1]:6443") == "https://[::1]:6443"
