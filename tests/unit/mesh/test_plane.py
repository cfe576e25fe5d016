"""Control planes are found whoever made them, and told apart by who did."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import maker, plane
from tests.unit.mesh import build

HELM = {"meta.helm.sh/release-name": "istiod", "meta.helm.sh/release-namespace": "istio-system"}
ISTIOCTL = {
    "install.operator.istio.io/owning-resource": "installed-state",
    "install.operator.istio.io/owning-resource-namespace": "istio-system",
    "operator.istio.io/managed": "Reconcile",
}
SAIL_OWNER = [{"apiVersion": "sailoperator.io/v1", "kind": "IstioRevision", "name": "default-v1-30-0", "controller": True}]


def test_planes_of_every_revision_are_found_with_what_they_are() -> None:
    webhooks = [build.injector("default"), build.injector("r1"), build.injector("r1", tag="prod")]
    old, new = plane.control_planes(
        [build.istiod("default", tag="1.31.0"), build.istiod("r1"), build.workload("cart")], webhooks, [build.tag_service("prod", "r1")]
    )
    assert (old.revision, old.version, old.default, old.tags, old.webhook) == ("default", "1.31.0", True, (), "ready")
    assert (new.revision, new.version, new.default, new.tags, new.webhook) == ("r1", "1.32.0", False, ("prod",), "ready")
    assert (new.namespace, new.deployment, new.service, new.replicas, new.ready) == ("istio-system", "istiod-r1", "istiod-r1", 1, 1)
    assert new.available


def test_a_distroless_image_shows_the_plain_version() -> None:
    (found,) = build.planes(build.istiod("r1", tag="1.32.0-distroless"))
    assert found.version == "1.32.0"


@pytest.mark.parametrize(
    ("tag", "label", "version"),
    [
        ("1.32.0-20260101-abc", "1.31.0", "1.32.0"),
        ("prod-7", "1.32.0", "1.32.0"),
        ("prod-7", "", "prod-7"),
        ("1.33-alpha.0", "1.32.0", "1.33-alpha.0"),
        ("1.32.0-rc.1", "1.32.0", "1.32.0-rc.1"),
    ],
)
def test_a_tag_of_ones_own_shows_the_release_that_it_or_the_chart_names(tag: str, label: str, version: str) -> None:
    (found,) = build.planes(build.istiod("r1", tag=tag, labels={"app.kubernetes.io/version": label} if label else {}))
    assert found.version == version


def test_istiods_container_counts_and_not_one_beside_it() -> None:
    deployment = build.istiod("r1")
    deployment["spec"]["template"]["spec"]["containers"].insert(0, {"name": "logs", "image": "hub/logs:9"})
    (found,) = build.planes(deployment)
    assert found.version == "1.32.0"
    deployment["spec"]["template"]["spec"]["containers"] = [{"name": "own", "image": "hub/pilot:1.30.0"}]
    (renamed,) = build.planes(deployment)
    assert renamed.version == "1.30.0"


def test_an_image_by_digest_leaves_the_version_to_the_charts_label() -> None:
    deployment = build.istiod("r1", labels={"app.kubernetes.io/version": "1.31.2"})
    deployment["spec"]["template"]["spec"]["containers"][0]["image"] = "hub/pilot@sha256:0011"
    (found,) = build.planes(deployment)
    assert found.version == "1.31.2"


def test_a_deactivated_default_is_told_and_the_tagged_revision_is_the_default() -> None:
    webhooks = [build.injector("default", deactivated=True), build.injector("r1"), build.injector("r1", tag="default")]
    old, new = build.planes(build.istiod("default"), build.istiod("r1"), webhooks=webhooks)
    assert (old.webhook, old.default) == ("deactivated", False)
    assert (new.default, new.tags) == (True, ("default",))


@pytest.mark.parametrize(
    ("webhooks", "state"),
    [([], "missing"), ([build.injector("r1", ca=False)], "no_ca_bundle"), ([build.injector("r1")], "ready")],
)
def test_a_plane_is_available_only_with_a_webhook_that_can_be_called(webhooks: list[Any], state: str) -> None:
    (found,) = build.planes(build.istiod("r1"), webhooks=webhooks)
    assert (found.webhook, found.available) == (state, state == "ready")


def test_a_plane_is_not_available_while_its_present_generation_is_not_rolled_out() -> None:
    deployment = build.istiod("r1")
    deployment["metadata"]["generation"] = 2
    (found,) = build.planes(deployment, webhooks=[build.injector("r1")])
    assert (found.serving, found.rollout.done, found.available) == (True, False, False)
    assert (found.generation, found.observed_generation) == (2, 1)


def test_a_webhook_with_a_service_without_selector_is_served_from_elsewhere() -> None:
    found = plane.control_planes([], [build.injector("r1")], [build.service("istiod-r1")])
    assert [(one.revision, one.location, one.serving) for one in found] == [("r1", "remote", True)]


@pytest.mark.parametrize("services", [[], [build.service("istiod-r1", app="istiod")], [build.service("istiod-r1", "elsewhere")]])
def test_a_webhook_without_deployment_whose_service_leads_nowhere_is_an_orphan(services: list[Any]) -> None:
    (found,) = plane.control_planes([], [build.injector("r1")], services)
    assert (found.location, found.serving, found.available) == ("orphan", False, False)
    assert found.rollout.why == "its Deployment is gone"


def test_planes_of_one_name_in_two_namespaces_keep_their_own_webhooks() -> None:
    webhooks = [build.injector("default"), build.injector("default", namespace="mesh2", ca=False)]
    here, there = build.planes(build.istiod("default"), build.istiod("default", "mesh2"), webhooks=webhooks)
    assert (here.namespace, here.webhook) == ("istio-system", "ready")
    assert (there.namespace, there.webhook) == ("mesh2", "no_ca_bundle")


@pytest.mark.parametrize(
    ("metadata", "kind", "name"),
    [
        ({}, "unknown", ""),
        ({"labels": {"install.operator.istio.io/owning-resource": "unknown", "app.kubernetes.io/managed-by": "Helm"}}, "unknown", ""),
        ({"annotations": HELM}, "helm", "istiod"),
        ({"labels": ISTIOCTL}, "istioctl", "installed-state"),
        ({"labels": {"operator.istio.io/managed": "Reconcile"}}, "istioctl", "unknown"),
        ({"labels": {"install.operator.istio.io/owning-resource": "mesh"}}, "istioctl", "mesh"),
        ({"labels": {"meshyard.io/owner": "meshyard-revision-r1"}}, "meshyard", "meshyard-revision-r1"),
        ({"labels": {"meshyard.io/owner": "meshyard-revision-r1", **ISTIOCTL}, "annotations": HELM}, "meshyard", "meshyard-revision-r1"),
        ({"ownerReferences": SAIL_OWNER, "annotations": HELM}, "operator", "IstioRevision default-v1-30-0"),
        ({"labels": {"managed-by": "sail-operator"}, "annotations": HELM}, "operator", "Sail operator"),
        ({"labels": {"istio.io/rev": "cp-v115x.istio-system"}}, "operator", "IstioControlPlane cp-v115x.istio-system"),
    ],
)
def test_the_maker_of_a_plane_is_known_by_its_marks(metadata: dict[str, Any], kind: str, name: str) -> None:
    (found,) = build.planes(build.istiod("r1", **metadata))
    assert (found.made_by.kind, found.made_by.name) == (kind, name)


@pytest.mark.parametrize(
    ("metadata", "gitops"),
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": "mesh:apps/Deployment:istio-system/istiod"}}, "Argo CD application mesh"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "istiod"}}, "Flux HelmRelease istiod"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "mesh"}}, "Flux Kustomization mesh"),
        ({}, None),
    ],
)
def test_a_controller_that_applies_from_a_repository_is_named(metadata: dict[str, Any], gitops: str | None) -> None:
    assert maker.maker({"metadata": metadata}).gitops == gitops
