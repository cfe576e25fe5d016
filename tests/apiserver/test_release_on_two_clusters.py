"""Playbooks of releases over two clusters of one mesh: one release on both, whatever one of them lacks, has done already or cannot do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lab.apiserver import ApiServer
from tests.harness import playbook, releases
from tests.harness.injector import Injector
from tests.harness.mesh import Body, Mesh
from tests.harness.playbook import Outcome
from tests.harness.releases import NEW, OLD, Shop

pytestmark = pytest.mark.timeout(300)
QUICK = {
    "workload_canary_steps": [20, 100],
    "workload_canary_return_steps": [0],
    "workload_canary_drain_seconds": 0,
    "workload_canary_min_ready_seconds": 0,
    "workload_canary_wait_timeout": 60,
}
AWAY = {"meshyard_host": "https://127.0.0.1:1", "meshyard_api_key": "none"}


@dataclass
class Pair:
    """Shops of one name on two primaries that read each other.

    :ivar folder: for the inventory.
    """

    eu: Shop
    us: Shop
    folder: Path

    def play(self, name: str, *arguments: str, us: Body | None = None, **variables: Any) -> Outcome:
        """Runs a playbook on both.

        :param us: how the second cluster is reached, in place of how it can be.
        """
        eu = {"meshyard_kubeconfig": str(self.eu.mesh.server.kubeconfig), "remote_cluster_exchange": True}
        hosts = {"eu": eu, "us": us or {"meshyard_kubeconfig": str(self.us.mesh.server.kubeconfig)}}
        given = {**QUICK, "workload_canary_workloads": [self.workload("web", image=NEW)], **variables}
        return playbook.play(name, {"istio_primary": hosts}, self.folder, *arguments, **given)

    def workload(self, name: str, **further: Any) -> Body:
        return {"namespace": self.eu.namespace, "name": name, **further}

    def written(self) -> tuple[dict[str, Body], dict[str, Body]]:
        return self.eu.written(), self.us.written()

    def begun(self, weight: int) -> None:
        for shop in (self.eu, self.us):
            shop.begun(weight)


@pytest.fixture(scope="module")
def meshes(mesh: Mesh, injector: Injector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mesh, Mesh]]:
    with ApiServer(tmp_path_factory.mktemp("second"), "second", controllers=True) as server:
        for eu in releases.served(mesh):
            for us in releases.served(Mesh(server, injector)):
                yield eu, us


@pytest.fixture
def pair(meshes: tuple[Mesh, Mesh], tmp_path: Path) -> Pair:
    eu, us = meshes
    name = eu.unused("pair")
    return Pair(Shop(eu, 1, namespace=name), Shop(us, 1, namespace=name), tmp_path)


def db(shop: Shop, *, service: bool = True) -> None:
    """A second workload."""
    shop.mesh.workload(shop.namespace, "db", replicas=1)
    if service:
        shop.service("db")
    shop.mesh.settled(shop.namespace, "db")


def waits(shop: Shop, name: str) -> None:
    """A changed template waits for a release."""
    shop.run("enabled", name=name)
    template = {"spec": {"template": {"metadata": {"annotations": {"changed": "yes"}}}}}
    shop.mesh.merge("Deployment", name, shop.namespace, template)


def test_both_clusters_release_together_and_one_that_is_without_a_workload_does_not_look_on(pair: Pair) -> None:
    db(pair.eu)
    both = [pair.workload("db", image=NEW), pair.workload("web", image=NEW)]
    done = pair.play("release", workload_canary_workloads=both)
    assert done.status == 0, done.said
    assert (pair.eu.images, pair.us.images) == ({NEW}, {NEW})
    assert (pair.eu.record, pair.us.record) == (None, None)
    assert pair.eu.get("Deployment", "db")["spec"]["template"]["spec"]["containers"][0]["image"] == NEW


def test_a_cluster_that_has_ended_its_release_does_not_send_the_other_one_back_to_its_beginning(pair: Pair) -> None:
    pair.begun(100)
    for shop in (pair.eu, pair.us):
        shop.run("promoted")
    pair.eu.run("weight", weight=0)
    pair.eu.run("finished")
    ended = pair.eu.written()

    done = pair.play("release")

    assert done.status == 0, done.said
    assert "make the canary" not in done.said
    assert (pair.us.record, pair.us.images) == (None, {NEW})
    assert pair.eu.written() == ended


def test_a_release_that_would_begin_on_one_cluster_while_the_other_is_promoted_stops_with_the_reason(pair: Pair) -> None:
    pair.us.begun(100)
    pair.us.run("promoted")
    before = pair.written()
    stopped = pair.play("release")
    assert stopped.status == 2
    assert "past its promotion on some clusters (us: promoted)" in stopped.said
    assert pair.written() == before


def test_a_workload_that_no_cluster_has_is_a_failure(pair: Pair) -> None:
    for name in ("release", "release_abort"):
        ended = pair.play(name, workload_canary_workloads=[pair.workload("wbe")])
        assert ended.status == 2, ended.said
        assert f"There is no Deployment {pair.eu.namespace}/wbe on eu, us." in ended.said


def test_a_cluster_that_is_lost_stops_all_workloads_on_the_other_one(pair: Pair) -> None:
    pair.begun(20)
    db(pair.eu)
    before = pair.written()
    both = [pair.workload("web", image=NEW), pair.workload("db", image=NEW)]
    stopped = pair.play("release", us=AWAY, workload_canary_workloads=both)
    assert stopped.status == 2
    assert "because us failed before" in stopped.said
    assert pair.written() == before


def test_releases_are_taken_back_everywhere_though_one_cluster_is_without_a_workload(pair: Pair) -> None:
    db(pair.eu)
    pair.begun(20)
    pair.eu.run("prepared", name="db", image=NEW)
    done = pair.play("release_abort", workload_canary_workloads=[pair.workload("db"), pair.workload("web")])
    assert done.status == 0, done.said
    assert (pair.eu.record, pair.us.record, pair.eu.image, pair.us.image) == (None, None, OLD, OLD)
    assert not pair.eu.exists("Deployment", "db-canary")


def test_a_canary_that_gets_no_pods_on_one_cluster_is_taken_back_on_both_and_nothing_behind_it_begins(pair: Pair) -> None:
    hard = {"pods": "1"}
    pair.us.create("v1", "ResourceQuota", "few", {"hard": hard})
    pair.us.mesh.merge_status("ResourceQuota", "few", pair.us.namespace, {"status": {"hard": hard, "used": hard}})
    db(pair.eu)
    before = pair.written()
    both = [pair.workload("web", image=NEW), pair.workload("db", image=NEW)]
    ended = pair.play("release", workload_canary_workloads=both, workload_canary_wait_timeout=10)
    assert ended.status == 2
    assert "All traffic goes back to the Deployment" in ended.said
    assert pair.written() == before


def test_no_cluster_moves_traffic_before_all_of_them_have_the_pods_for_it(pair: Pair) -> None:
    pair.us.mesh.merge("Deployment", "web", pair.us.namespace, {"spec": {"replicas": 2}})
    pair.us.mesh.settled(pair.us.namespace, "web")
    hard = {"pods": "3"}
    pair.us.create("v1", "ResourceQuota", "few", {"hard": hard})
    pair.us.mesh.merge_status("ResourceQuota", "few", pair.us.namespace, {"status": {"hard": hard, "used": {"pods": "2"}}})
    before = pair.written()
    ended = pair.play("release", workload_canary_wait_timeout=10)
    assert ended.status == 2
    assert "Step | " + pair.eu.namespace + "/web: 20 % to the canary" in ended.said
    assert "Step | " + pair.eu.namespace + "/web: 100 % to the canary" not in ended.said
    assert "All traffic goes back to the Deployment" in ended.said
    assert pair.written() == before


def test_an_open_release_does_not_grow_on_one_cluster_alone(pair: Pair) -> None:
    pair.begun(20)
    alone = pair.play("release", "--limit", "eu")
    assert alone.status == 2
    assert "us, too, and one service for all of the mesh" in alone.said
    assert (pair.eu.weights(), pair.us.weights()) == ({"web": 80, "web-canary": 20}, {"web": 80, "web-canary": 20})


def test_a_cluster_with_the_service_and_without_the_deployment_is_refused(pair: Pair) -> None:
    pair.us.mesh.delete("Deployment", "web", pair.us.namespace)
    before = pair.written()
    refused = pair.play("release")
    assert refused.status == 2
    assert f"us has the Service of {pair.us.namespace}/web" in refused.said
    assert pair.written() == before


def test_reconcile_releases_what_waits_on_both_though_a_workload_of_one_of_them_fails_before(pair: Pair) -> None:
    db(pair.eu, service=False)
    waits(pair.eu, "db")
    for shop in (pair.eu, pair.us):
        waits(shop, "web")

    ended = pair.play("release_reconcile", workload_canary_workloads=[])

    assert ended.status == 2
    assert f"{pair.us.namespace}/db: " in ended.said
    assert "No Service selects the pods" in ended.said
    for shop in (pair.eu, pair.us):
        assert shop.record is None
        assert {pod["metadata"]["annotations"].get("changed") for pod in live(shop)} == {"yes"}


def live(shop: Shop) -> list[Body]:
    """The pods of web that are not ending."""
    found = shop.mesh.items("Pod", shop.namespace)
    return [pod for pod in found if pod["metadata"]["labels"]["app"] == "web" and not pod["metadata"].get("deletionTimestamp")]
