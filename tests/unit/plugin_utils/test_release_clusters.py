"""What keeps the clusters of a run from releasing a workload together."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.plugin_utils.release_clusters import obstacle

WEB = "shop/web"


def known(config: str = "eu", **found: Any) -> dict[str, Any]:
    return {"workload": WEB, "config": config, "missing": False, "service_present": False, **found}


def without(config: str, *, service: bool = False) -> dict[str, Any]:
    return known(config, phase="absent", missing=True, service_present=service)


def test_clusters_that_are_at_one_place_go_on() -> None:
    assert obstacle({"eu": known(), "us": known("us")}, WEB) == ""
    assert obstacle({"eu": known(phase="progressing", weight=5), "us": known("us", phase="prepared")}, WEB) == ""
    assert obstacle({"eu": known(phase="absent"), "us": known("us", phase="returning", weight=50)}, WEB) == ""


@pytest.mark.parametrize("lost", [{}, {**known("us"), "workload": "shop/db"}])
def test_a_cluster_that_failed_before_stops_all(lost: dict[str, Any]) -> None:
    assert "because us failed before" in obstacle({"eu": known(), "us": lost}, WEB)


def test_a_deployment_that_no_cluster_has_is_a_failure_and_one_that_some_have_is_none() -> None:
    assert obstacle({"eu": without("eu"), "us": without("us")}, WEB).startswith("There is no Deployment shop/web on eu, us.")
    assert obstacle({"eu": known(), "us": without("us")}, WEB) == ""


def test_a_cluster_with_the_service_and_routes_of_its_own_but_without_the_deployment_is_refused() -> None:
    assert "us has the Service of shop/web" in obstacle({"eu": known(), "us": without("us", service=True)}, WEB)
    remote = without("eu", service=True)
    assert obstacle({"eu": known(), "us": remote}, WEB) == ""
    assert obstacle({"eu": known(phase="absent"), "us": without("us", service=True)}, WEB) == ""
    assert obstacle({"eu": known(phase="returning"), "us": without("us", service=True)}, WEB) == ""


@pytest.mark.parametrize(
    "behind", [{}, {"phase": "prepared"}, {"phase": "progressing", "weight": 50}, {"phase": "progressing", "weight": 100}]
)
@pytest.mark.parametrize("past", ["promoting", "promoted", "returning", "finishing"])
def test_clusters_before_and_after_the_promotion_cannot_take_the_same_steps(behind: dict[str, Any], past: str) -> None:
    said = obstacle({"eu": known(phase=past, weight=100), "us": known("us", **behind)}, WEB)
    assert f"past its promotion on some clusters (eu: {past})" in said
    assert "us: " in said


def test_a_cluster_that_only_waits_for_its_promotion_is_not_behind() -> None:
    assert obstacle({"eu": known(phase="promoted"), "us": known("us", phase="progressing", weight=100, judged=True)}, WEB) == ""
