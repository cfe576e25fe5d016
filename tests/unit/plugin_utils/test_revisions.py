"""Which revisions run, in which order, and to which a gateway belongs."""

from __future__ import annotations

from ansible_collections.meshyard.istio.plugins.plugin_utils.revisions import of_gateway, running


def plane(revision: str, version: str | None, location: str = "cluster") -> dict[str, str | None]:
    return {"revision": revision, "version": version, "location": location, "made_by": "meshyard"}


def test_revisions_are_in_the_order_of_their_versions_not_of_their_names() -> None:
    rows = [plane("1-31-10", "1.31.10"), plane("1-31-9", "1.31.9"), plane("canary", "1.32.0"), plane("stable", "1.31.10")]
    assert [one["revision"] for one in running(rows)] == ["1-31-9", "1-31-10", "stable", "canary"]


def test_a_version_that_cannot_be_read_comes_first() -> None:
    assert running([plane("b", "1.31.0"), plane("c", None), plane("a", "latest")]) == [
        {"revision": "a", "version": "latest"},
        {"revision": "c", "version": None},
        {"revision": "b", "version": "1.31.0"},
    ]


def test_only_what_runs_in_the_cluster_counts() -> None:
    assert running([plane("1-31-0", "1.31.0", "remote"), plane("1-32-0", "1.32.0", "orphan")]) == []


def test_a_gateway_keeps_its_revision_and_a_new_one_gets_the_first() -> None:
    serving = [{"revision": "1-31-0", "version": "1.31.0"}, {"revision": "1-32-0", "version": "1.32.0"}]
    gateways = [
        {"namespace": "istio-system", "name": "ew", "desired": "1-32-0"},
        {"namespace": "edge", "name": "ew", "desired": "1-31-0"},
        {"namespace": "istio-system", "name": "odd", "desired": None},
    ]
    assert of_gateway(serving, gateways, "istio-system", "ew") == serving[1]
    assert of_gateway(serving, gateways, "istio-system", "odd") == serving[0]
    assert of_gateway(serving, [], "istio-system", "new") == serving[0]
    assert of_gateway([], gateways, "istio-system", "ew") == {}
