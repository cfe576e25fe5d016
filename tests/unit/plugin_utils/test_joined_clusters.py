"""What ties a primary to other clusters."""

from __future__ import annotations

from typing import Any

from ansible_collections.meshyard.istio.plugins.plugin_utils.joined_clusters import namespace_network, still_joined


def secret(name: str, **annotations: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "annotations": {key.replace("__", "/"): value for key, value in annotations.items()} or None}}


SECRETS = [secret("istio-remote-secret-us"), secret("istio-remote-secret-ap")]
TOKENS = [
    secret("token", **{"meshyard.io__reader-u-1": "", "other": "x"}),
    secret("token-2", **{"meshyard.io__reader-u-1": ""}),
    secret("bare"),
]


def test_a_primary_is_joined_to_what_it_reads_and_to_what_reads_it() -> None:
    assert still_joined(SECRETS, TOKENS) == ["istio-remote-secret-us", "istio-remote-secret-ap", "cluster u-1"]
    assert still_joined([], []) == []


def test_what_leaves_in_the_same_run_counts_in_check_mode_alone_as_gone() -> None:
    assert still_joined(SECRETS, TOKENS, leaving=["us"], check_mode=True) == ["istio-remote-secret-ap"]
    assert still_joined(SECRETS, [], leaving=["us"]) == ["istio-remote-secret-us", "istio-remote-secret-ap"]


def test_a_mark_of_the_network_is_ours_when_we_noted_the_same_one() -> None:
    def namespace(label: str, note: str) -> list[dict[str, Any]]:
        return [{"metadata": {"labels": {"topology.istio.io/network": label}, "annotations": {"meshyard.io/network": note}}}]

    assert namespace_network(namespace("net-eu", "net-eu")) == {"name": "net-eu", "ours": True}
    assert namespace_network(namespace("net-eu", "net-us")) == {"name": "net-eu", "ours": False}
    assert namespace_network([secret("istio-system")]) == {"name": "", "ours": False}
    assert namespace_network([]) == {"name": "", "ours": False}
