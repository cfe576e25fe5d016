"""A release in which somebody else has a hand: whatever they do, traffic goes to pods that are ready, and some call leads to the end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import releases
from tests.harness.mesh import Mesh
from tests.harness.releases import ISTIO, NEW, OLD, Shop

READY = "lab.meshyard/ready"


@pytest.fixture
def shop(served: Mesh) -> Shop:
    return Shop(served, replicas=2)


def promoted(shop: Shop) -> None:
    shop.begun(100)
    shop.run("promoted")


def finished(shop: Shop) -> None:
    """The way from the promotion to the end."""
    shop.run("weight", weight=0)
    shop.run("finished")
    assert (shop.images, shop.record, shop.exists("Deployment", "web-canary")) == ({NEW}, None, False)


def patch(shop: Shop, name: str, body: dict[str, Any]) -> None:
    shop.mesh.merge("Deployment", name, shop.namespace, body)


def test_a_canary_that_falls_ill_after_the_promotion_gives_its_traffic_away(shop: Shop) -> None:
    promoted(shop)
    patch(shop, "web-canary", {"spec": {"replicas": 3, "template": {"metadata": {"annotations": {READY: "never"}}}}})
    finished(shop)


@pytest.mark.parametrize("lost", ["Deployment", "Service"])
def test_a_canary_that_is_removed_after_the_promotion_is_no_dead_end(shop: Shop, lost: str) -> None:
    promoted(shop)
    shop.mesh.delete(lost, "web-canary", shop.namespace)
    assert shop.refusal("weight", weight=50)["code"] == "canary_missing"
    finished(shop)


@pytest.mark.parametrize("lost", ["Deployment", "Service"])
def test_a_canary_that_is_removed_before_the_promotion_is_made_again_by_it(shop: Shop, lost: str) -> None:
    shop.begun(100)
    shop.mesh.delete(lost, "web-canary", shop.namespace)
    shop.run("promoted")
    finished(shop)


def test_a_deployment_that_is_not_ready_gets_no_traffic_back(shop: Shop) -> None:
    promoted(shop)
    patch(shop, "web", {"spec": {"replicas": 0}})
    told = shop.call("weight", weight=50, wait_timeout=2).run()
    assert (told["code"], told["verdict"]) == ("stable_not_ready", "failed")
    assert shop.weights() == {"web": 0, "web-canary": 100}
    shop.run("weight", weight=100)
    patch(shop, "web", {"spec": {"replicas": 2}})
    finished(shop)


def test_a_route_that_comes_before_the_promotion_gets_its_weights_by_it(shop: Shop) -> None:
    shop.begun(100)
    shop.route("late", {"hosts": ["late.example.com"], "gateways": ["edge"], "http": [{"route": [{"destination": {"host": "web"}}]}]})
    shop.run("promoted")
    assert shop.weights("late") == {"web": 0, "web-canary": 100}
    finished(shop)
    assert shop.weights("late") == {"web": 0}


def test_a_route_that_is_applied_again_after_the_promotion_is_no_dead_end(shop: Shop) -> None:
    promoted(shop)
    route = [{"destination": {"host": "web"}}]
    shop.mesh.merge("VirtualService", "web", shop.namespace, {"spec": {"http": [{"route": route}]}})
    told = shop.refusal("weight", weight=50)
    assert told["code"] == "route_changed"
    assert "bring the weight to 0" in told["msg"]
    finished(shop)


def test_a_template_that_somebody_has_set_back_can_be_aborted(shop: Shop) -> None:
    before = shop.written()
    former = shop.get("Deployment")["spec"]["template"]
    shop.begun(25)
    patch(shop, "web", {"spec": {"template": former}})
    assert shop.refusal("weight", weight=50)["code"] == "template_changed"
    shop.run("aborted")
    assert shop.written() == before


def test_a_deployment_that_somebody_resumes_gets_no_more_of_the_canary(shop: Shop) -> None:
    before = shop.written()
    shop.begun(25)
    patch(shop, "web", {"spec": {"paused": False}})
    told = shop.refusal("weight", weight=50)
    assert (told["code"], told["verdict"]) == ("workload_changed", "failed")
    shop.run("aborted")
    assert shop.written() == before


def test_a_deployment_that_grows_under_way_is_not_too_small_when_its_traffic_returns(shop: Shop) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    shop.create("autoscaling/v2", "HorizontalPodAutoscaler", "web", {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9})
    shop.begun(50)
    patch(shop, "web", {"spec": {"replicas": 5}})
    shop.mesh.settled(shop.namespace, "web-canary")
    shop.run("weight", weight=100)
    assert (shop.get("HorizontalPodAutoscaler")["spec"]["minReplicas"], shop.get("Deployment", "web-canary")["spec"]["replicas"]) == (5, 5)
    shop.run("promoted")
    finished(shop)
    assert shop.get("HorizontalPodAutoscaler")["spec"]["minReplicas"] == 1


def test_a_minimum_that_somebody_else_sets_under_way_stays(shop: Shop) -> None:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    shop.create("autoscaling/v2", "HorizontalPodAutoscaler", "web", {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 9})
    shop.begun(5)
    shop.mesh.merge("HorizontalPodAutoscaler", "web", shop.namespace, {"spec": {"minReplicas": 4}})
    shop.run("aborted")
    assert shop.get("HorizontalPodAutoscaler")["spec"]["minReplicas"] == 4


def test_a_template_that_was_taken_back_is_released_again_only_where_that_is_asked_for(shop: Shop) -> None:
    shop.run("enabled")
    shop.begun()
    shop.run("aborted")
    left = shop.run("prepared", image=NEW, retry_refused=False)
    assert (left["changed"], left["refused"], left["release"]) == (False, True, None)
    assert shop.run("prepared", image=NEW)["changed"]
    shop.run("aborted")
    assert shop.images == {OLD}


def test_a_sidecar_that_comes_before_the_promotion_lets_the_canary_be_seen(shop: Shop) -> None:
    shop.begun(100)
    shop.create(ISTIO, "Sidecar", "default", {"egress": [{"hosts": [f"./{shop.host}"]}]})
    shop.run("promoted")
    hosts = shop.get("Sidecar", "default")["spec"]["egress"][0]["hosts"]
    assert f"./{shop.host.replace('web', 'web-canary', 1)}" in hosts
    finished(shop)
    assert shop.get("Sidecar", "default")["spec"]["egress"][0]["hosts"] == [f"./{shop.host}"]


def test_a_release_whose_record_is_gone_can_be_taken_away(shop: Shop) -> None:
    before = shop.written()
    shop.begun(25)
    shop.mesh.merge("Deployment", "web", shop.namespace, {"metadata": {"annotations": {releases.RECORD: None}}})
    assert shop.run("aborted")["changed"]
    assert {**shop.written(), "Deployment web": None} == {**before, "Deployment web": None}
    assert not shop.run("aborted")["changed"]


def test_what_is_left_of_the_release_of_a_deployment_that_somebody_deletes_can_be_taken_away(shop: Shop) -> None:
    before = shop.written()
    shop.begun(20)
    shop.mesh.delete("Deployment", "web", shop.namespace)
    refusal = shop.refusal("weight", weight=50)
    assert (refusal["code"], "A canary of it is left" in refusal["msg"]) == ("workload_missing", True)
    shop.run("aborted")
    assert shop.written() == {name: one for name, one in before.items() if name != "Deployment web"}
    assert shop.refusal("aborted")["code"] == "workload_missing"
