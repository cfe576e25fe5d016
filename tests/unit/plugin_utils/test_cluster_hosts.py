"""Variables and groups of the hosts that clusters become."""

from __future__ import annotations

import json

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._plan.multicluster.discovery import Attached, ClusterSeen, described
from ansible_collections.meshyard.istio.plugins.plugin_utils import cluster_hosts
from ansible_collections.meshyard.istio.plugins.plugin_utils.cluster_hosts import Discovery
from ansible_collections.meshyard.istio.plugins.plugin_utils.kubeconfig_contexts import Context
from ansible_collections.meshyard.istio.plugins.plugin_utils.side_by_side import Problem

NAMED = {host: Context(host, "/k", secrets=frozenset({"very-secret"})) for host in ("eu", "us", "asia")}
EU = ClusterSeen("1", "https://eu", name="eu", istiods=True, network="net-eu", attached=(Attached("us", "2"),))
US = ClusterSeen("2", "https://us", served=True)


@pytest.fixture
def found() -> Discovery:
    return cluster_hosts.discovery(NAMED, {"eu": EU, "us": US, "asia": Problem("no answer to very-secret")})


def test_hosts_get_what_the_playbooks_read(found: Discovery) -> None:
    assert found.variables == {
        "eu": {
            "meshyard_reachable": True,
            "meshyard_expected_cluster_uid": "1",
            "meshyard_cluster_name": "eu",
            "meshyard_network": "net-eu",
        },
        "us": {
            "meshyard_reachable": True,
            "meshyard_expected_cluster_uid": "2",
            "meshyard_cluster_name": "us",
            "remote_cluster_primary": "eu",
        },
        "asia": {"meshyard_reachable": False},
    }


def test_a_cluster_that_is_lost_is_named_without_a_secret_and_is_in_no_group_of_a_mesh(found: Discovery) -> None:
    (warning,) = found.warnings
    assert warning.startswith("Cluster asia (context asia) cannot be reached: no answer to ********.")
    assert cluster_hosts.roles(list(NAMED), [], [], found) == {
        "meshyard_clusters": ["eu", "us", "asia"],
        "istio_primary": ["eu"],
        "istio_remote": ["us"],
        "meshyard_unreachable": ["asia"],
    }


def test_what_the_inventory_says_of_a_host_stands(found: Discovery) -> None:
    groups = cluster_hosts.roles(list(NAMED), ["asia", "us"], [], found)
    assert (groups["istio_primary"], groups["istio_remote"]) == (["eu", "us", "asia"], [])
    alone = cluster_hosts.roles(list(NAMED), ["eu"], ["us"], None)
    assert alone == {"meshyard_clusters": ["eu", "us", "asia"], "istio_primary": ["eu"], "istio_remote": ["us"]}


def test_what_could_not_be_read_and_what_is_not_clear_is_told() -> None:
    blind = ClusterSeen("1", "https://eu", istiods=True, unread=("Secrets may not be listed.",))
    found = cluster_hosts.discovery(NAMED, {"eu": blind, "us": US})
    assert found.warnings == [
        "Cluster eu: Secrets may not be listed. Its part in the mesh is told by what could be read.",
        "Which primary serves cluster us is not clear. Set remote_cluster_primary for it where there are several.",
    ]


def test_two_contexts_of_one_cluster_are_told() -> None:
    found = cluster_hosts.discovery(NAMED, {"eu": EU, "asia": EU})
    assert found.warnings == ["The hosts eu, asia are one cluster. Leave all but one of them out by the option exclude."]


def test_a_cache_keeps_what_was_seen_and_nothing_of_a_cluster_that_gave_no_answer() -> None:
    kept = cluster_hosts.worth_keeping(NAMED, {"eu": EU, "asia": Problem("no answer")})
    assert list(kept["/k"]) == ["eu"]
    assert described(json.loads(json.dumps(kept["/k"]["eu"]))) == EU
    assert described({**kept["/k"]["eu"], "more": 1}) is None
    assert described(None) is None
