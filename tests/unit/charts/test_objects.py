"""Rendered objects are identified and ordered."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._charts import objects


def obj(kind: str, name: str, api_version: str = "v1", **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **metadata}}


def test_an_object_is_identified_by_group_and_not_by_version() -> None:
    one = objects.identity(obj("HorizontalPodAutoscaler", "x", "autoscaling/v2", namespace="a"))
    assert one == objects.identity(obj("HorizontalPodAutoscaler", "x", "autoscaling/v1", namespace="a"))
    assert str(one) == "HorizontalPodAutoscaler a/x"
    assert str(objects.identity(obj("ClusterRole", "x", "rbac.authorization.k8s.io/v1", namespace="ignored"))) == "ClusterRole x"


@pytest.mark.parametrize(
    ("rendered_object", "found"),
    [
        (obj("CustomResourceDefinition", "x"), "crd"),
        (obj("ServiceAccount", "istio-reader-service-account"), "shared"),
        (obj("ValidatingWebhookConfiguration", "istiod-default-validator"), "shared"),
        (obj("ValidatingWebhookConfiguration", "istio-validator-r1-istio-system"), "revision"),
        (obj("Service", "istiod-revision-tag-prod", labels={"istio.io/tag": "prod"}), "tag"),
        (obj("Service", "istiod-r1"), "revision"),
        (obj("ClusterRole", "istio-reader-clusterrole-r1-istio-system", labels=None), "revision"),
    ],
)
def test_every_object_belongs_to_the_cluster_a_tag_or_a_revision(rendered_object: dict[str, Any], found: str) -> None:
    assert objects.belonging(rendered_object) == found


def test_webhooks_are_made_last_and_go_first_and_rbac_goes_last() -> None:
    kinds = [
        "MutatingWebhookConfiguration",
        "ClusterRole",
        "Widget",
        "Deployment",
        "ServiceAccount",
        "ValidatingWebhookConfiguration",
        "Service",
    ]
    made = [one["kind"] for one in objects.creation_order([obj(kind, "x") for kind in kinds])]
    gone = [one["kind"] for one in objects.deletion_order([obj(kind, "x") for kind in kinds])]
    webhooks = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}
    assert set(made[-2:]) == set(gone[:2]) == webhooks
    assert made.index("ServiceAccount") < made.index("Deployment") < made.index("Widget")
    assert gone[2:4] == ["Deployment", "Service"]
    assert set(gone[-2:]) == {"ClusterRole", "ServiceAccount"}
