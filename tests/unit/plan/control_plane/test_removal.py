"""What belongs to a revision, whoever made it, and what never does."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.revision import Names
from ansible_collections.meshyard.istio.plugins.module_utils._plan.control_plane import removal
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.adoption import Origin

ISTIO = {"app.kubernetes.io/part-of": "istio"}
HELM = {"meta.helm.sh/release-name": "istiod", "meta.helm.sh/release-namespace": "istio-system"}
ISTIOCTL = {"operator.istio.io/managed": "Reconcile", "operator.istio.io/component": "Pilot"}
NAMES = Names("1-31-0")
WIDE = ("ClusterRole", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


Marks = dict[str, str] | None


def obj(kind: str, name: str, labels: Marks = None, annotations: Marks = None, **meta: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"uid-of-{name}", "labels": labels or {}, "annotations": annotations or {}, **meta}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata if kind in WIDE else {**metadata, "namespace": "istio-system"}}


def chosen(*objects: dict[str, Any], names: Names = NAMES) -> list[str]:
    return [one["metadata"]["name"] for one in removal.belonging(objects, names)]


def test_what_carries_the_owner_belongs_whatever_its_name() -> None:
    mine = obj("ConfigMap", "odd", {"meshyard.io/owner": "revision-1-31-0"})
    other = obj("Deployment", "istiod-1-31-0", {"meshyard.io/owner": "revision-1-32-0", **ISTIO})
    assert chosen(mine, other) == ["odd"]


def test_names_of_the_chart_belong_only_with_a_mark_of_istio() -> None:
    plain = Names("default")
    assert chosen(obj("ConfigMap", "values", ISTIO), names=plain) == ["values"]
    assert chosen(obj("ConfigMap", "values"), names=plain) == []


def test_the_unrevisioned_plane_takes_nothing_of_a_revisioned_one() -> None:
    of_other = [
        obj("Deployment", "istiod-1-31-0", {**ISTIO, "istio.io/rev": "1-31-0"}, HELM),
        obj("ClusterRole", "istiod-clusterrole-1-31-0-istio-system", ISTIO),
        obj("ConfigMap", "istio-1-31-0", {**ISTIO, "istio.io/rev": "1-31-0"}),
    ]
    assert chosen(obj("Deployment", "istiod", ISTIO), *of_other, names=Names("default")) == ["istiod"]


@pytest.mark.parametrize("name", ["istiod-default-validator", "istio-reader-service-account", "istio-ca-root-cert", "istio-leader"])
def test_what_revisions_share_never_belongs_to_one(name: str) -> None:
    for kind in ("ValidatingWebhookConfiguration", "ServiceAccount", "ConfigMap"):
        shared = obj(kind, name, {**ISTIO, "istio.io/rev": "1-31-0", "helm.sh/chart": "base-1.31.0"}, HELM)
        assert chosen(obj("Deployment", "istiod-1-31-0", ISTIO, HELM), shared) == ["istiod-1-31-0"]


def test_further_objects_of_helms_release_belong_if_they_are_of_the_istiod_chart() -> None:
    plane = obj("Deployment", "istiod-1-31-0", ISTIO, HELM)
    extra = obj("ConfigMap", "istio-lab-removed-1-31-0", {"helm.sh/chart": "istiod-1.31.0"}, HELM)
    gateway = obj("Service", "ingress", {"helm.sh/chart": "gateway-1.31.0"}, HELM)
    elsewhere = obj("ConfigMap", "x", {"helm.sh/chart": "istiod-1.31.0"}, {**HELM, "meta.helm.sh/release-name": "another"})
    assert chosen(plane, extra, gateway, elsewhere) == ["istiod-1-31-0", "istio-lab-removed-1-31-0"]


def test_a_tag_belongs_while_it_points_to_the_revision_and_not_after_it_moved() -> None:
    plane = obj("Deployment", "istiod-1-31-0", ISTIO, HELM)
    marks = {"istio.io/tag": "prod", "helm.sh/chart": "istiod-1.31.0"}
    here = obj("MutatingWebhookConfiguration", "istio-revision-tag-prod", {**marks, "istio.io/rev": "1-31-0"}, HELM)
    moved = obj("MutatingWebhookConfiguration", "istio-revision-tag-prod", {**marks, "istio.io/rev": "1-32-0"}, HELM)
    assert chosen(plane, here) == ["istiod-1-31-0", "istio-revision-tag-prod"]
    assert chosen(plane, moved) == ["istiod-1-31-0"]


def test_what_istioctl_made_belongs_by_its_component_and_revision() -> None:
    own = obj("ConfigMap", "further", {**ISTIOCTL, "istio.io/rev": "1-31-0"})
    base = obj("ServiceAccount", "shared", {**ISTIOCTL, "operator.istio.io/component": "Base", "istio.io/rev": "1-31-0"})
    later = obj("ConfigMap", "next", {**ISTIOCTL, "istio.io/rev": "1-32-0"})
    assert chosen(own, base, later) == ["further"]


def test_what_a_controller_derived_goes_with_its_owner_and_is_not_named() -> None:
    owner = {"apiVersion": "v1", "kind": "Service", "name": "istiod-1-31-0"}
    derived = obj("EndpointSlice", "istiod-1-31-0-x1", {"meshyard.io/owner": "revision-1-31-0"}, ownerReferences=[owner])
    assert chosen(derived) == []


def test_webhooks_go_first_accounts_last_and_helms_record_after_all() -> None:
    objects = [
        obj("ServiceAccount", "istiod-1-31-0"),
        obj("Deployment", "istiod-1-31-0"),
        obj("ValidatingWebhookConfiguration", "istio-validator-1-31-0-istio-system"),
        obj("MutatingWebhookConfiguration", "istio-sidecar-injector-1-31-0"),
    ]
    steps = removal.plan(objects, [obj("Secret", "sh.helm.release.v1.istiod.v1")], "gone")
    kinds = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "Deployment", "ServiceAccount", "Secret"]
    assert [step.ref.kind for step in steps] == kinds
    assert removal.listed(steps)[2] == {"kind": "Deployment", "namespace": "istio-system", "name": "istiod-1-31-0"}


def test_the_releases_are_those_of_live_and_of_adopted_objects() -> None:
    adopted = obj("Service", "a", {"meshyard.io/owner": "revision-1-31-0"}, {"meshyard.io/adopted-from": "helm:mesh/old"})
    found = removal.releases_of([obj("Service", "b", ISTIO, HELM), adopted, obj("Service", "c", ISTIOCTL)])
    assert found == {Origin("helm", "istio-system", "istiod"), Origin("helm", "mesh", "old")}


def test_a_refusal_names_the_first_ten_blockers_and_returns_all() -> None:
    blockers = [{"cluster": "central", "kind": "Namespace", "namespace": "", "name": f"n{number}", "reason": "r"} for number in range(12)]
    with pytest.raises(MeshyardError) as caught:
        removal.refuse(blockers, "1-31-0", "central")
    assert "Namespace n9 (r); and 2 more." in caught.value.problem
    assert caught.value.facts["blockers"] == blockers
    removal.refuse([], "1-31-0", "central")


def test_a_refusal_names_the_cluster_of_a_blocker_elsewhere() -> None:
    elsewhere = {"cluster": "us", "kind": "Namespace", "namespace": "", "name": "shop", "reason": "r"}
    lost = {**elsewhere, "kind": "Cluster", "name": "us"}
    with pytest.raises(MeshyardError, match=r"Namespace shop \(r\) on cluster us; Cluster us \(r\)\."):
        removal.refuse([elsewhere, lost], "1-31-0", "central")
