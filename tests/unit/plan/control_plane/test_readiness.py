"""How far a control plane is, and where a pod may prove that it injects."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._plan.control_plane import readiness
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Object, ref_of
from tests.unit.mesh import build

ADMISSION = {"apiVersion": "admissionregistration.k8s.io/v1"}


def validator(policy: str = "Fail", bundle: str = "Q0E=") -> Object:
    hook = {"name": "rev.validation.istio.io", "failurePolicy": policy, "clientConfig": {"caBundle": bundle}}
    return {**ADMISSION, "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "istio-validator"}, "webhooks": [hook]}


def mutating(**options: Any) -> Object:
    return {**ADMISSION, "kind": "MutatingWebhookConfiguration", **build.injector("1-32-0", **options)}


def deployment(available: int, observed: int = 1) -> Object:
    metadata = {"name": "istiod-1-32-0", "namespace": "istio-system", "generation": 1}
    status = {"observedGeneration": observed, "replicas": 1, "updatedReplicas": 1, "availableReplicas": available}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 1}, "status": status}


@pytest.mark.parametrize(
    ("live", "status", "why"),
    [
        (deployment(1), "available", ""),
        (deployment(0), "reconciling", "0 of 1 pods are available"),
        (deployment(1, observed=0), "created", "its controller has not seen generation 1 yet"),
        (mutating(), "available", ""),
        (mutating(ca=False), "created", "istiod has not set its CA bundle yet"),
        (mutating(ca=False, url="https://istiod"), "available", ""),
        (validator(), "available", ""),
        (validator(policy="Ignore"), "reconciling", "istiod has not closed it yet (failurePolicy Fail)"),
        (validator(policy="Ignore", bundle=""), "created", "istiod has not set its CA bundle yet"),
    ],
)
def test_each_component_says_how_far_it_is_and_what_it_waits_for(live: Object, status: str, why: str) -> None:
    ref = ref_of(live)
    (part,) = readiness.components([ref], {ref: live})
    assert (part.status, part.why) == (status, why)
    assert readiness.missing([part]) == (f"{ref.kind} {ref.name}: {why}" if why else "")


def test_what_is_not_there_is_still_to_be_created() -> None:
    (part,) = readiness.components([ref_of(deployment(1))], {})
    assert part.describe() == {"component": "istiod", "kind": "Deployment", "name": "istiod-1-32-0", "status": "created"}


def test_components_come_in_the_order_in_which_they_wait_for_each_other() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "istiod", "namespace": "istio-system"}}
    refs = readiness.concerned(map(ref_of, [validator(), service, mutating(), deployment(1)]))
    assert [ref.kind for ref in refs] == ["Deployment", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]


def test_the_proof_is_made_where_no_label_of_the_namespace_decides() -> None:
    def namespace(name: str, **marks: str) -> dict[str, Any]:
        return {"metadata": {"name": name, "labels": marks}}

    found = [namespace("shop"), namespace("default"), namespace("kube-system"), namespace("istio-system"), namespace("cart")]
    assert readiness.probe_namespaces(found, "istio-system") == ["istio-system", "default", "cart"]
    labelled = [namespace("istio-system", **{"istio-injection": "disabled"}), namespace("a", **{"istio.io/rev": "x"}), namespace("b")]
    assert readiness.probe_namespaces(labelled, "istio-system") == ["b"]


@pytest.mark.parametrize("containers", ["containers", "initContainers"])
def test_an_injected_pod_tells_its_revision_and_the_image_of_its_proxy(containers: str) -> None:
    pod = {"metadata": {"annotations": {"istio.io/rev": "a"}}, "spec": {containers: [{"name": "istio-proxy", "image": "proxyv2:1"}]}}
    assert readiness.injected_by(pod) == ("a", "proxyv2:1")
    assert readiness.injected_by(readiness.probe_pod("n", "a", "x")) == ("", "")
