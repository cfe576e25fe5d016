"""The base: CRDs that are never taken back, and what changes of a base that others made."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._charts import versions
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.control_plane import base
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Apply, ref_of

HELM = {"meta.helm.sh/release-name": "istio-base", "meta.helm.sh/release-namespace": "istio-system"}


def crd(served: tuple[str, ...] = ("v1",), chart: str = "", recorded: str = "", **annotations: str) -> dict[str, Any]:
    labels = {"app.kubernetes.io/version": chart, "helm.sh/chart": f"base-{chart}"} if chart else {}
    annotations |= {base.VERSION: recorded} if recorded else {}
    metadata = {"name": "sidecars.networking.istio.io", "labels": labels, "annotations": annotations}
    kind = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    return {**kind, "metadata": metadata, "spec": {"versions": [{"name": name} for name in served]}}


def validator(revision: str, **annotations: str) -> dict[str, Any]:
    hook = {"name": "validation.istio.io", "clientConfig": {"service": {"name": f"istiod-{revision}"}}, "rules": []}
    metadata = {"name": "istiod-default-validator", "labels": {"istio.io/rev": revision}, "annotations": annotations}
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    return {**kind, "metadata": metadata, "webhooks": [hook]}


def service_account(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "istio-system"}}


def decide(rendered: list[dict[str, Any]], live: list[dict[str, Any]], **request: Any) -> base.Decision:
    asked = base.BaseRequest(versions.parse("1.31.0"), **request)
    return base.plan(rendered, {ref_of(obj): obj for obj in live}, asked, "central")


@pytest.mark.parametrize(
    ("live", "kept"),
    [
        (crd(chart="1.32.0"), True),
        (crd(recorded="1.32.0"), True),
        (crd(chart="1.32.0", recorded="1.30.0"), True),
        (crd(chart="1.30.0", recorded="1.32.0"), True),
        (crd(chart="1.30.0"), False),
        (crd(chart="1.31.0"), False),
        (crd(recorded="1.31.0-rc.1"), False),
        (crd(chart="of-our-own"), False),
        (crd(("v1",)), False),
        (crd(("v1", "v2")), True),
    ],
)
def test_a_crd_is_kept_where_to_apply_it_would_take_it_back(live: dict[str, Any], kept: bool) -> None:
    assert bool(decide([crd(chart="1.31.0")], [live]).kept) == kept


def test_a_crd_of_ours_carries_its_version_and_owner() -> None:
    (step,) = decide([crd(chart="1.31.0")], []).plan
    assert isinstance(step, Apply)
    assert step.body["metadata"]["annotations"] == {base.VERSION: "1.31.0"}
    assert step.body["metadata"]["labels"]["meshyard.io/owner"] == "base"


def test_a_crd_that_helm_made_goes_forward_with_its_labels_left_to_helm() -> None:
    (step,) = decide([crd(chart="1.31.0")], [crd(chart="1.30.0", **HELM)]).plan
    assert isinstance(step, Apply)
    assert "labels" not in step.body["metadata"]
    assert decide([crd(chart="1.31.0")], [crd(chart="1.31.0", **HELM)]).plan == ()


def test_nothing_is_added_to_a_base_that_others_made() -> None:
    account = service_account("istio-reader-service-account")
    decision = decide([account, validator("a")], [validator("a", **HELM)])
    assert (decision.plan, decision.made_by) == ((), "helm")


def test_the_validator_of_others_moves_by_its_revision_alone() -> None:
    decision = decide([validator("b")], [validator("a", **HELM)], move_validator=True)
    (step,) = decision.plan
    assert isinstance(step, Apply)
    assert step.body["metadata"] == {"name": "istiod-default-validator", "labels": {"istio.io/rev": "b"}}
    assert step.body["webhooks"] == [{"name": "validation.istio.io", "clientConfig": {"service": {"name": "istiod-b"}}}]
    assert "made by Helm" in decision.warnings[0]


def test_crds_never_go_with_the_base_and_planes_stand_in_its_way() -> None:
    account, other = service_account("istio-reader-service-account"), service_account("default")
    found = base.removal([account, validator("a"), other], [], False, "central")
    assert [obj["kind"] for obj in found] == ["ValidatingWebhookConfiguration", "ServiceAccount"]
    with pytest.raises(MeshyardError, match="istio-system/1-31-0"):
        base.removal([account], ["istio-system/1-31-0"], False, "central")
    assert base.removal([account], ["istio-system/1-31-0"], True, "central") == [account]


def test_the_account_in_another_namespace_stays_for_the_control_planes_there() -> None:
    stale = service_account("former")
    stale["metadata"]["labels"] = {"meshyard.io/owner": "base"}
    assert [step.ref.name for step in decide([], [stale]).plan] == ["former"]
    assert decide([], [stale], namespace="istio-two").plan == ()
