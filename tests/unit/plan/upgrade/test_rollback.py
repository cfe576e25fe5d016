"""A rollback gives back what an upgrade changed, from every moment of it, with and without the record."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade import planning
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade import report as upgrade_report
from tests.unit.plan import several
from tests.unit.plan.several import NEW, OLD, Cluster

STEPS = 7


def mesh() -> Cluster:
    cluster = Cluster("1-31-0", NEW, tags={"prod": OLD})
    cluster.namespace("shop", {"istio.io/rev": OLD}, ["web", "api"])
    cluster.namespace("cart", {"istio.io/rev": "prod"})
    cluster.namespace("plain", workloads=[]).add("runner", {"istio.io/rev": OLD})
    return cluster


def upgraded(steps: int = STEPS) -> Cluster:
    cluster = mesh()
    for step in several.upgrade_steps(cluster)[:steps]:
        step()
    return cluster


@given(st.integers(0, STEPS))
def test_a_rollback_from_any_moment_restores_labels_tags_validator_and_pods(steps: int) -> None:
    cluster = upgraded(steps)
    several.roll_back(cluster)
    before = mesh()
    assert cluster.labels() == before.labels()
    assert cluster.tags == before.tags
    assert cluster.default_revision == before.default_revision
    assert cluster.running() == {OLD}
    assert not cluster.plan("rollback").left.pending


@given(st.integers(1, STEPS - 3))
def test_without_the_record_the_former_labels_tell_where_to_go(steps: int) -> None:
    cluster = upgraded(steps)
    cluster.record = None
    several.roll_back(cluster)
    assert cluster.labels() == mesh().labels()
    assert cluster.running() == {OLD}


@given(st.integers(0, STEPS), st.integers(0, 3))
def test_a_rollback_that_was_killed_is_taken_up(steps: int, namespaces: int) -> None:
    cluster = upgraded(steps)
    planned = cluster.plan("rollback")
    for tag in planned.left.tags:
        if tag.moves:
            cluster.point(tag.name, OLD)
    for name in planned.left.namespaces[:namespaces]:
        cluster.worlds[name].run(several.MoveRequest("former"), writes=1)
    several.roll_back(cluster)
    assert cluster.labels() == mesh().labels()
    assert cluster.running() == {OLD}


def test_where_nothing_was_upgraded_there_is_nothing_to_roll_back() -> None:
    cluster = mesh()
    planned = cluster.plan("rollback")
    assert upgrade_report.done("rollback", planned.route, planned.left, None)
    assert not upgrade_report.possible("rollback", planned.route, None)


def test_named_namespaces_go_back_and_tags_stay() -> None:
    cluster = upgraded()
    several.roll_back(cluster, namespaces=["cart"])
    assert cluster.worlds["cart"].revisions() == {"web": OLD}
    assert cluster.worlds["shop"].revisions() == {"web": NEW, "api": NEW}
    assert cluster.tags == {"prod": NEW}


def test_a_named_namespace_that_the_upgrade_did_not_move_goes_back_too() -> None:
    cluster = upgraded()
    cluster.namespace("late", {"istio.io/rev": NEW})
    assert cluster.plan("rollback").left.remaining == ("late",)
    several.roll_back(cluster, namespaces=["late"])
    assert cluster.worlds["late"].revisions() == {"web": OLD}


def test_all_goes_back_after_some_went_back() -> None:
    cluster = upgraded()
    several.roll_back(cluster, namespaces=["cart"])
    several.roll_back(cluster)
    assert cluster.labels() == mesh().labels()
    assert cluster.running() == {OLD}


def test_without_the_old_control_plane_there_is_no_way_back() -> None:
    cluster = upgraded()
    cluster.remove(OLD)
    (finding,) = planning.against_rollback(cluster.plan("rollback"))
    assert finding.code == "source_gone"


def test_several_ways_back_are_listed() -> None:
    cluster = Cluster("1-31-0", NEW, "default")
    for name, before in (("shop", {"istio.io/rev": OLD}), ("cart", {"istio-injection": "enabled"})):
        cluster.namespace(name, before).run(several.world.present(NEW))
    with pytest.raises(MeshyardError, match=r"1-31-0 \(1.31.0\), default \(1.30.0\)"):
        cluster.plan("rollback")


def test_the_namespaces_that_are_forgotten_at_the_end_are_those_that_arrived() -> None:
    cluster = upgraded(4)
    assert set(cluster.plan("retire").left.moved) == {"cart", "plain", "shop"}
    cluster.worlds["shop"].namespace["metadata"]["labels"] = {"istio.io/rev": OLD}
    assert several.FORMER in cluster.worlds["shop"].namespace["metadata"]["annotations"]
    assert set(cluster.plan("retire").left.moved) == {"cart", "plain"}
