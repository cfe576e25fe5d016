"""What is left of an upgrade is read from the cluster, at every moment of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade import report as upgrade_report
from tests.unit.plan import several
from tests.unit.plan.several import NEW, OLD, Cluster

GATEWAY = {"inject.istio.io/templates": "gateway"}


def mesh(**tags: str) -> Cluster:
    """Three namespaces: two on the old revision by its name and by a tag, one that is in no mesh."""
    cluster = Cluster(tags={"prod": OLD, **tags})
    cluster.namespace("shop", {"istio.io/rev": OLD}, ["web", "api"])
    cluster.namespace("cart", {"istio.io/rev": "prod"})
    cluster.namespace("plain")
    return cluster


def namespaces(cluster: Cluster, **selection: object) -> list[str]:
    return cluster.plan(**selection).left.namespaces


def test_the_smallest_namespace_comes_first_and_those_out_of_the_mesh_not_at_all() -> None:
    left = mesh().plan().left
    assert [list(wave.namespaces) for wave in left.waves] == [["cart"], ["shop"]]


def test_a_namespace_that_was_relabelled_and_not_restarted_is_still_to_be_moved() -> None:
    cluster = mesh()
    cluster.worlds["shop"].namespace["metadata"]["labels"] = {"istio.io/rev": NEW}
    assert "shop" in namespaces(cluster)


def test_a_workload_that_nobody_can_restart_does_not_keep_its_namespace_pending() -> None:
    cluster = mesh()
    cluster.worlds["shop"].add("db", kind="StatefulSet", spec={"updateStrategy": {"type": "OnDelete"}})
    cluster.worlds["shop"].namespace["metadata"]["labels"] = {"istio.io/rev": NEW}
    for name in ("web", "api"):
        cluster.worlds["shop"].roll("Deployment", name)
    assert cluster.worlds["shop"].revisions("StatefulSet") == {"db": OLD}
    assert "shop" not in namespaces(cluster)


def test_a_namespace_whose_label_was_removed_is_not_brought_back_into_the_mesh() -> None:
    cluster = mesh()
    cluster.worlds["shop"].namespace["metadata"]["labels"] = {}
    assert "shop" not in namespaces(cluster)


def test_workloads_in_the_mesh_by_labels_of_their_pods_are_moved_with_their_namespace() -> None:
    cluster = mesh()
    cluster.worlds["plain"].add("job-runner", {"istio.io/rev": OLD})
    assert "plain" in namespaces(cluster)


def test_a_named_selection_leaves_the_others_and_names_them() -> None:
    left = mesh().plan(namespaces=["shop"]).left
    assert left.namespaces == ["shop"]
    assert left.remaining == ("cart",)
    assert mesh().plan(excluded=["shop"]).left.remaining == ("shop",)


def test_a_namespace_that_does_not_exist_is_refused_by_name() -> None:
    with pytest.raises(MeshyardError, match="do not exist: stop"):
        mesh().plan(namespaces=["stop"])


def test_given_waves_are_kept_and_what_was_moved_already_leaves_them() -> None:
    cluster = mesh()
    waves = [["shop", "cart"], ["plain"]]
    assert [wave.namespaces for wave in cluster.plan(waves=waves).left.waves] == [("shop", "cart")]
    cluster.worlds["cart"].run(several.world.present(NEW))
    assert [wave.namespaces for wave in cluster.plan(waves=waves).left.waves] == [("shop",)]


def test_a_namespace_in_no_given_wave_remains() -> None:
    assert mesh().plan(waves=[["shop"]]).left.remaining == ("cart",)


def test_a_tag_moves_when_all_that_follows_it_moves() -> None:
    moves = {tag.name: tag.moves for tag in mesh(canary=NEW).plan().left.tags}
    assert moves == {"prod": True, "canary": False}


def test_a_tag_stays_while_a_follower_is_left_out() -> None:
    (tag,) = mesh().plan(excluded=["cart"]).left.tags
    assert not tag.moves
    assert tag.kept_by == ("cart",)


def test_the_default_validator_moves_only_with_all_of_the_mesh() -> None:
    assert mesh().plan().left.default_revision == NEW
    assert mesh().plan(excluded=["cart"]).left.default_revision == ""


def test_labels_that_name_a_tag_are_given_back_whether_it_is_about_to_move_or_has_moved() -> None:
    cluster = mesh()
    for name in ("shop", "cart"):
        cluster.worlds[name].run(several.world.present(NEW))
    assert cluster.plan().left.give_back == ("cart",)
    cluster.point("prod", NEW)
    assert cluster.plan().left.give_back == ("cart",), "shop named the old revision itself"


def test_labels_that_name_a_tag_which_stays_are_not_given_back() -> None:
    cluster = mesh()
    cluster.worlds["cart"].run(several.world.present(NEW))
    cluster.namespace("late", {"istio.io/rev": "prod"})
    assert cluster.plan(excluded=["late"]).left.give_back == ()


def test_an_upgrade_ends_with_nothing_left_and_tags_in_place() -> None:
    cluster = mesh()
    for step in several.upgrade_steps(cluster):
        step()
    planned = cluster.plan()
    assert planned.left.finished
    assert upgrade_report.done("upgrade", planned.route, planned.left, cluster.record)
    assert cluster.running() == {NEW, None}
    assert cluster.worlds["cart"].marks == {"istio.io/rev": "prod"}
    assert cluster.worlds["shop"].marks == {"istio.io/rev": NEW}


@given(st.lists(st.sampled_from(range(7)), max_size=3))
def test_a_run_that_was_killed_anywhere_is_taken_up(stops: list[int]) -> None:
    cluster = mesh()
    for stop in stops:
        for step in several.upgrade_steps(cluster)[:stop]:
            step()
    for step in several.upgrade_steps(cluster):
        step()
    assert cluster.plan().left.finished


def gateway(cluster: Cluster, namespace: str, **marks: str) -> None:
    cluster.worlds[namespace].add("gate", {"istio.io/rev": OLD, **marks}, annotations=GATEWAY)


def test_a_gateway_by_its_own_label_is_moved_by_itself() -> None:
    cluster = mesh()
    gateway(cluster, "plain")
    left = cluster.plan().left
    assert [(one.kind, str(one)) for one in left.gateways] == [("Deployment", "plain/gate")]
    assert "plain" not in left.namespaces


def test_a_namespace_of_gateways_alone_is_moved_by_its_label_in_waves_of_its_own() -> None:
    cluster = mesh()
    cluster.namespace("ingress", {"istio.io/rev": OLD}, [])
    gateway(cluster, "ingress")
    left = cluster.plan().left
    assert [wave.namespaces for wave in left.gateway_waves] == [("ingress",)]
    assert left.gateways == ()
    assert all("ingress" not in wave.namespaces for wave in left.waves)


def test_skipped_gateways_keep_the_tag_that_they_follow() -> None:
    cluster = mesh()
    cluster.namespace("ingress", {"istio.io/rev": "prod"}, [])
    gateway(cluster, "ingress")
    left = cluster.plan(gateways="skip").left
    assert left.gateway_waves == ()
    assert left.remaining == ("ingress",)
    assert not left.tags[0].moves


def test_a_gateway_of_the_gateway_api_is_moved_by_the_label_of_its_gateway() -> None:
    cluster = mesh()
    deployment = cluster.worlds["plain"].add("front-istio", annotations={"istio.io/rev": OLD})
    deployment["metadata"]["labels"] |= {"gateway.istio.io/managed": "istio.io-gateway-controller"}
    deployment["metadata"]["labels"] |= {"gateway.networking.k8s.io/gateway-name": "front"}
    (move,) = cluster.plan().left.gateways
    assert (move.kind, move.gateway.namespace, move.name) == ("Gateway", "plain", "front")
