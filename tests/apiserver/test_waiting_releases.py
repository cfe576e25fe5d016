"""Deployments whose changes wait for a release, and the view of all releases."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._mesh.release import RECORD
from tests.harness.mesh import Mesh
from tests.harness.modules import Call
from tests.harness.releases import NEW, OLD, Shop

RELEASE: tuple[tuple[str, dict[str, object]], ...] = (
    ("prepared", {}),
    ("weight", {"weight": 100}),
    ("promoted", {}),
    ("weight", {"weight": 0}),
    ("finished", {}),
)


@pytest.fixture
def shop(served: Mesh) -> Shop:
    return Shop(served)


def test_changes_of_an_enabled_deployment_wait_for_a_release(shop: Shop) -> None:
    before = shop.written()
    shop.run("enabled")
    assert not shop.run("enabled")["changed"]
    _set_image(shop)
    assert shop.refusal("disabled")["code"] == "template_waits"

    assert shop.images == {OLD}

    for state, options in RELEASE:
        shop.run(state, **options)

    assert shop.images == {NEW}
    assert shop.get("Deployment")["spec"]["paused"]
    shop.run("disabled")
    before["Deployment web"]["spec"]["template"]["spec"]["containers"][0]["image"] = NEW
    assert shop.written() == before


@pytest.mark.smoke
def test_releases_are_listed_with_what_is_meant_what_is_live_and_who_waits(shop: Shop) -> None:
    asked = {**shop.connection, "namespaces": [shop.namespace]}
    assert Call("workload_canary_info", asked).run()["workloads"] == []
    shop.begun(25)
    verdict = {"name": "p99_ms", "verdict": "passed", "value": 12.5, "limit": 100, "samples": 40}
    shop.run("weight", weight=25, verdicts=[verdict])
    (found,) = Call("workload_canary_info", asked).run()["workloads"]
    release = found["release"]
    assert (release["phase"], release["weight"], release["verdicts"], release["judged"]) == ("progressing", 25, [verdict], True)
    assert found["routes"] == [{"kind": "VirtualService", "namespace": shop.namespace, "name": "web", "state": "ours", "weight": 25}]
    assert (found["canary"], found["age"] >= found["idle"] >= 0) == ({"replicas": 1, "ready": 1}, True)
    shop.run("aborted")
    shop.run("enabled")
    _set_image(shop)
    (found,) = Call("workload_canary_info", asked).run()["workloads"]
    assert (found["enabled"], found["waiting"], found["refused"], found["release"]) == (True, True, False, None)
    shop.mesh.merge("Deployment", "web", shop.namespace, {"metadata": {"annotations": {RECORD: "{"}}})
    spoilt = Call("workload_canary_info", asked).run()
    assert spoilt["workloads"] == []
    assert [f"Deployment {shop.namespace}/web is not a record" in one for one in spoilt["unreadable"]] == [True]


def test_a_waiting_template_that_was_refused_waits_on_and_says_so(shop: Shop) -> None:
    shop.run("enabled")
    _set_image(shop)
    shop.run("prepared")
    judged = shop.record
    assert judged is not None
    shop.run("aborted")
    found = shop.get("Deployment")
    assert (found["spec"]["paused"], shop.image, shop.images) == (True, NEW, {OLD})
    assert found["metadata"]["annotations"]["meshyard.io/release-refused"] == judged["template"]


def _set_image(shop: Shop) -> None:
    """What C(kubectl set image) does."""
    shop.mesh.merge("Deployment", "web", shop.namespace, {"spec": {"template": {"spec": {"containers": _with_image(shop)}}}})


def _with_image(shop: Shop) -> list[dict[str, object]]:
    (container,) = shop.get("Deployment")["spec"]["template"]["spec"]["containers"]
    return [{**container, "image": NEW}]
