"""A new revision beside one that runs: values that would part the two are refused, and names that are taken."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.planes import SYSTEM, Planes

OLD, NEW = "1-31-0", "1-32-0"
BOTH = {"trustDomain": "shop.example", "trustDomainAliases": ["cluster.local"]}
PARTED: dict[str, tuple[dict[str, Any], str]] = {
    "trust domain": ({"meshConfig": {"trustDomain": "shop.example"}}, "workloads of the two would refuse each other"),
    "alias on one side only": ({"meshConfig": BOTH}, "shop.example in those of revision 1-31-0 is missing"),
    "cluster name": ({"global": {"multiCluster": {"clusterName": "eu"}}}, "for those of two clusters"),
    "network": ({"global": {"network": "east"}}, "behind an east-west gateway"),
    "root namespace": ({"meshConfig": {"rootNamespace": "mesh-config"}}, "policies and defaults of the whole mesh"),
    "certificate authority": ({"global": {"caAddress": "ca.example:443"}}, "different authorities"),
}


@pytest.fixture
def installed(planes: Planes) -> Planes:
    planes.install(OLD)
    return planes


def beside(planes: Planes, values: dict[str, Any], **options: Any) -> dict[str, Any]:
    given = planes.install(OLD)["values"]
    return {"version": "1.32.0", "revision": NEW, "wait": False, "values": {**given, **values}, **options}


@pytest.mark.parametrize("case", PARTED)
def test_values_that_would_part_the_new_revision_from_the_old_one_are_refused_and_found_by_the_plan(installed: Planes, case: str) -> None:
    values, sentence = PARTED[case]
    assert sentence in installed.refusal("istio_revision", **beside(installed, values))["msg"]
    planned = installed.run("upgrade_plan", version="1.32.0", values=values)
    found = [finding for finding in planned["findings"] if finding["code"] == "identity_differs"]
    assert [(finding["level"], sentence in finding["message"] + finding["remedy"]) for finding in found] == [("blocker", True)]


def test_a_control_plane_in_another_namespace_neither_goes_nor_is_parted_from_its_webhooks(installed: Planes) -> None:
    installed.run("istio_base", version="1.31.0")
    elsewhere = {"control_plane_namespace": "istio-two", "revision": OLD}
    for asked in ({"version": "1.31.0"}, {"state": "absent", "force": True}):
        refused = installed.refusal("istio_revision", **elsewhere, **asked)
        assert f"is in namespace {SYSTEM}, not in istio-two. Correct control_plane_namespace" in refused["msg"]
    base = installed.run("istio_base", version="1.31.0", control_plane_namespace="istio-two", check=True)
    assert [(step["action"], step["kind"]) for step in base["steps"]] == [("create", "Namespace"), ("create", "ServiceAccount")]


def test_what_does_not_part_them_is_told_and_what_is_meant_to_part_them_is_allowed(installed: Planes) -> None:
    told = installed.run("istio_revision", **beside(installed, {"global": {"meshID": "shop"}}), check=True)
    assert "global.meshID is empty in revision 1-31-0" in str(told["warnings"])
    allowed = beside(installed, {"meshConfig": {"trustDomain": "shop.example"}}, change_identity=True)
    assert installed.run("istio_revision", **allowed, check=True)["changed"]


def test_a_revision_cannot_have_the_name_of_a_tag_nor_a_tag_that_of_a_revision(installed: Planes) -> None:
    installed.run("istio_tag", name="stable", revision=OLD, wait=False)
    named = beside(installed, {}, revision="stable")
    assert "There is a tag stable" in installed.refusal("istio_revision", **named)["msg"]
    assert "has the name of a revision" in installed.refusal("istio_tag", name=OLD, revision=OLD)["msg"]
    found = installed.run("upgrade_plan", version="1.32.0", revision="stable")["findings"]
    assert [(one["level"], one["object"]) for one in found if one["code"] == "revision_is_tag"] == [("blocker", "tag stable")]
