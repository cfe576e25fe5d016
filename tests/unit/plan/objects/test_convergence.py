"""From rendered objects to steps."""

from __future__ import annotations

from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects import convergence, order
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import (
    Apply,
    Create,
    Delete,
    Ref,
    action,
    describe,
    diff,
    ref_of,
)

OWNER = "revision-1-32-0"


def obj(kind: str, name: str, api_version: str = "v1", **content: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "istio-system"}, **content}


def validator() -> dict[str, Any]:
    hook = {
        "name": "rev.validation.istio.io",
        "clientConfig": {"service": {"name": "istiod", "namespace": "istio-system"}, "caBundle": "from the chart"},
        "failurePolicy": "Ignore",
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "istio-validator"},
        "webhooks": [hook],
    }


def test_a_new_validator_is_created_open_and_its_policy_and_bundle_are_never_applied() -> None:
    plan = convergence.converge(convergence.stamped([validator()], OWNER), {}, OWNER)

    assert [type(step) for step in plan] == [Create, Apply]
    assert plan[0].body["webhooks"][0]["failurePolicy"] == "Ignore"
    applied = plan[1].body["webhooks"][0]
    assert "failurePolicy" not in applied
    assert "caBundle" not in applied["clientConfig"]


def test_the_replicas_of_an_autoscaled_deployment_are_left_to_the_autoscaler() -> None:
    deployment = obj("Deployment", "istiod", "apps/v1", spec={"replicas": 3})
    scaler = obj("HorizontalPodAutoscaler", "istiod", "autoscaling/v2", spec={"scaleTargetRef": {"name": "istiod"}})

    scaled, _scaler = convergence.stamped([deployment, scaler], OWNER)
    (alone,) = convergence.stamped([deployment], OWNER)

    assert "replicas" not in scaled["spec"]
    assert alone["spec"]["replicas"] == 3


def test_only_objects_of_the_same_owner_are_pruned() -> None:
    ours = obj("ConfigMap", "old")
    ours["metadata"]["labels"] = {"meshyard.io/owner": OWNER}
    ours["metadata"]["uid"] = "1"
    theirs = obj("ConfigMap", "theirs")
    theirs["metadata"]["labels"] = {"meshyard.io/owner": "base", "istio.io/rev": "1-32-0"}

    plan = convergence.converge([], {ref_of(ours): ours, ref_of(theirs): theirs}, OWNER)

    assert plan == (Delete(ref_of(ours), "1", "no longer part of the rendered chart"),)


def test_objects_are_written_in_the_order_in_which_they_need_each_other_and_taken_away_webhooks_first() -> None:
    refs = [Ref("v1", kind, "", "x") for kind in ("MutatingWebhookConfiguration", "Deployment", "ServiceAccount", "Namespace")]
    assert [ref.kind for ref in sorted(refs, key=order.creation)] == [ref.kind for ref in reversed(refs)]
    assert [ref.kind for ref in sorted(refs, key=order.deletion)] == [ref.kind for ref in refs]


def test_the_helm_label_names_our_tool_instead() -> None:
    rendered = obj("ConfigMap", "a")
    rendered["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "Helm"}
    (stamped,) = convergence.stamped([rendered], OWNER)
    assert stamped["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "meshyard", "meshyard.io/owner": OWNER}


def test_a_secret_shows_no_data_in_the_diff() -> None:
    secret = obj("Secret", "token", data={"token": "c2VjcmV0"})
    assert "c2VjcmV0" not in str(diff((Apply(secret, "m"),)))


def test_a_step_says_whether_it_creates_or_changes_and_whom_it_overrules() -> None:
    body = obj("ConfigMap", "a")
    assert action(Apply(body, "m")) == "create"
    said = describe(Apply(body, "m", body, "differs", ("data.a",), {"data.a": "kubectl"}))
    assert said["action"] == "apply"
    assert said["overruled"] == {"data.a": "kubectl"}
