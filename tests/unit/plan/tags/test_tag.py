"""Tags: what their webhooks catch, judged by the oracle, and who would miss them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import injection, plane, webhook
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.revision import Names
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Apply, Create, Delete, ref_of
from ansible_collections.meshyard.istio.plugins.module_utils._plan.tags import removal as tag_removal
from ansible_collections.meshyard.istio.plugins.module_utils._plan.tags import tag
from ansible_collections.meshyard.istio.plugins.module_utils._plan.tags import webhooks as tag_webhooks
from tests.unit.mesh import build

NEW = "1-32-0"
KIND = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}


def webhooks(revision: str, **options: Any) -> dict[str, Any]:
    return {**KIND, **build.injector(revision, **options)}


def target(revision: str = NEW, namespace: str = "istio-system") -> tag.Target:
    service = {"spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 443, "nodePort": 30000}], "selector": {"istio.io/rev": revision}}}
    return tag.Target(Names(revision, namespace), webhooks(revision), service)


@pytest.mark.parametrize("name", ["prod", "default"])
@pytest.mark.parametrize("namespace", [{}, {"istio.io/rev": "prod"}, {"istio.io/rev": "default"}, {"istio-injection": "enabled"}])
@pytest.mark.parametrize("pod", [{}, {"istio.io/rev": "prod"}, {"sidecar.istio.io/inject": "true"}, {"sidecar.istio.io/inject": "false"}])
def test_a_tag_catches_what_the_charts_own_tag_would(name: str, namespace: dict[str, str], pod: dict[str, str]) -> None:
    ours = webhook.hooks([tag.objects(name, target())[0]])
    charts = build.hooks(build.injector(NEW, tag=name))
    found, expected = ([hook.name for hook in hooks if hook.matches(namespace, pod)] for hooks in (ours, charts))
    assert found == expected


def test_a_service_of_a_tag_has_no_address_of_its_revision() -> None:
    service = tag.objects("prod", target())[1]
    assert service["spec"] == {"ports": [{"port": 443}], "selector": {"istio.io/rev": NEW}}
    assert service["metadata"]["labels"]["istio.io/tag"] == "prod"


def test_names_outside_istio_system_carry_the_namespace() -> None:
    names = [obj["metadata"]["name"] for obj in tag.objects("prod", target(namespace="mesh"))]
    assert names == ["istio-revision-tag-prod-mesh", "istiod-revision-tag-prod"]


def test_a_new_tag_is_created_with_the_ca_bundle_that_no_apply_names() -> None:
    steps = tag.plan("prod", target(), {}, None, "central")
    create = next(step for step in steps if isinstance(step, Create))
    assert {hook["clientConfig"]["caBundle"] for hook in create.body["webhooks"]} == {"Q0E="}
    applied = [step.body for step in steps if isinstance(step, Apply)]
    assert [body["kind"] for body in applied] == ["Service", "MutatingWebhookConfiguration"]
    assert all("caBundle" not in hook["clientConfig"] for hook in applied[1]["webhooks"])


def test_the_unrevisioned_plane_sleeps_after_the_tag_default_is_there_and_wakes_before_it_goes() -> None:
    steps = tag.plan("default", target(), {}, webhooks("default"), "central")
    last = steps[-1]
    assert isinstance(last, Apply)
    assert {str(hook["namespaceSelector"]) for hook in last.body["webhooks"]} == {str(tag_webhooks.NEVER)}
    assert tag.plan("default", target(), {}, webhooks("default", deactivated=True), "central")[-1].ref.name == "istio-revision-tag-default"
    asleep = webhooks("default", deactivated=True)
    live = webhooks(NEW, tag="default")
    gone = tag_removal.plan("default", {ref_of(live): live}, asleep, "central")
    assert [type(step) for step in gone] == [Apply, Delete]
    assert tag_removal.plan("default", {}, asleep, "central") == ()


def test_awake_again_its_webhooks_catch_what_they_caught() -> None:
    (step,) = tag_webhooks.wake_up(webhooks("default", deactivated=True, by_default=True))
    assert isinstance(step, Apply)
    chosen = {hook["name"]: (hook["namespaceSelector"], hook["objectSelector"]) for hook in step.body["webhooks"]}
    made = build.injector("default", by_default=True)["webhooks"]
    assert chosen == {hook["name"]: (hook["namespaceSelector"], hook["objectSelector"]) for hook in made}
    assert tag_webhooks.wake_up(webhooks("default", by_default=True)) == ()


def test_the_tag_default_that_points_to_the_unrevisioned_plane_leaves_it_awake() -> None:
    steps = tag.plan("default", target("default"), {}, webhooks("default"), "central")
    assert "istio-sidecar-injector" not in [step.ref.name for step in steps]


def test_followers_are_the_namespaces_that_would_be_left_without_a_sidecar() -> None:
    namespaces = [
        {"metadata": {"name": "follows", "labels": {"istio.io/rev": "prod"}}},
        {"metadata": {"name": "concrete", "labels": {"istio.io/rev": NEW}}},
        {"metadata": {"name": "out", "labels": {}}},
    ]
    own, tagged = webhooks(NEW), webhooks(NEW, tag="prod")
    planes = plane.control_planes([build.istiod(NEW)], [own])
    assert tag_removal.followers("prod", namespaces, [own, tagged], [own], planes) == ["Namespace follows"]


def test_namespaces_that_come_to_the_unrevisioned_plane_are_not_left_without() -> None:
    namespaces = [{"metadata": {"name": "shop", "labels": {"istio-injection": "enabled"}}}]
    tagged, awake = webhooks(NEW, tag="default"), webhooks("default")
    planes = plane.control_planes([build.istiod(NEW), build.istiod("default")], [webhooks(NEW), awake])
    assert injection.effective({"istio-injection": "enabled"}, {}, webhook.hooks([tagged]), "shop", planes).via == "default"
    assert tag_removal.followers("default", namespaces, [tagged, webhooks("default", deactivated=True)], [awake], planes) == []


def test_pod_templates_that_ask_for_a_tag_are_named_but_istiod_itself() -> None:
    def asks(name: str, **marks: str) -> dict[str, Any]:
        template = {"metadata": {"labels": {"istio.io/rev": "default", **marks}}}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "n"}, "spec": {"template": template}}

    assert tag_removal.asking("default", [asks("cart"), asks("istiod", app="istiod")]) == ["Deployment n/cart"]
    with pytest.raises(MeshyardError, match=r"f8, f9 and 2 more"):
        tag_removal.refuse("prod", [f"f{number}" for number in range(12)], "central")
    tag_removal.refuse("prod", [], "central")


def test_a_plane_without_webhook_trust_or_pods_takes_no_tag() -> None:
    ready = plane.control_planes([build.istiod(NEW)], [webhooks(NEW)])
    assert tag.target_plane(NEW, "prod", ready, "central").revision == NEW
    with pytest.raises(MeshyardError, match="has no CA bundle yet"):
        tag.target_plane(NEW, "prod", plane.control_planes([build.istiod(NEW)], [webhooks(NEW, ca=False)]), "central")
    with pytest.raises(MeshyardError, match="which cluster central does not have"):
        tag.target_plane("gone", "prod", ready, "central")
