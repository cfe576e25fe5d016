"""Taking over what others made, on the fields that the API server keeps by manager."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.maker import Maker
from ansible_collections.meshyard.istio.plugins.module_utils._plan.control_plane import install
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects import adoption
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Adopt, Apply

OURS = "meshyard-revision-default"
HELM = {"meta.helm.sh/release-name": "istiod", "meta.helm.sh/release-namespace": "istio-system"}


def entry(manager: str, fields: dict[str, Any], operation: str = "Update", **more: Any) -> dict[str, Any]:
    return {"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsV1": fields, "time": "2026-01-01T00:00:00Z", **more}


def deployment(*managed: dict[str, Any], annotations: dict[str, str] | None = None, **labels: str) -> dict[str, Any]:
    metadata = {"name": "istiod", "namespace": "istio-system", "resourceVersion": "7", "labels": labels}
    metadata |= {"annotations": annotations or {}, "managedFields": list(managed)}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 2}}


WANTED = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "istiod", "namespace": "istio-system"}, "spec": {}}


def moved(live: dict[str, Any], wanted: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    patch = adoption.patch(live, wanted or WANTED, OURS)
    assert patch is not None
    found: list[dict[str, Any]] = patch["metadata"]["managedFields"]
    return found


def test_the_fields_of_helm_join_ours_and_those_of_controllers_stay() -> None:
    controller = entry("kube-controller-manager", {"f:status": {}}, subresource="status")
    helm = entry("helm", {"f:spec": {"f:template": {}}})
    mine = entry(OURS, {"f:spec": {"f:selector": {}}}, "Apply")
    before = deployment(helm, controller, mine, annotations=HELM)
    live = copy.deepcopy(before)
    kept, ours = moved(live)
    assert kept == controller
    assert (ours["manager"], ours["operation"]) == (OURS, "Apply")
    assert ours["fieldsV1"] == {"f:spec": {"f:template": {}, "f:selector": {}}}
    assert live == before


def test_the_move_is_good_for_one_state_of_the_object_and_names_its_origin() -> None:
    patch = adoption.patch(deployment(entry("helm", {"f:spec": {}}), annotations=HELM), WANTED, OURS)
    assert patch is not None
    assert patch["metadata"]["resourceVersion"] == "7"
    assert patch["metadata"]["annotations"] == {adoption.ADOPTED_FROM: "helm:istio-system/istiod"}


def test_replicas_of_an_autoscaler_are_not_moved() -> None:
    helm = entry("helm", {"f:spec": {"f:replicas": {}, "f:template": {}}})
    assert moved(deployment(helm, annotations=HELM))[0]["fieldsV1"] == {"f:spec": {"f:template": {}}}
    with_replicas = {**WANTED, "spec": {"replicas": 1}}
    assert "f:replicas" in moved(deployment(helm, annotations=HELM), with_replicas)[0]["fieldsV1"]["f:spec"]


def test_what_istiod_sets_in_webhooks_and_selectors_we_do_not_name_are_not_moved() -> None:
    key = 'k:{"name":"rev.validation.istio.io"}'
    hook = {"f:failurePolicy": {}, "f:clientConfig": {"f:caBundle": {}}, "f:namespaceSelector": {}, "f:rules": {}}
    live = deployment(entry("helm", {"f:webhooks": {key: hook}}), annotations=HELM)
    wanted = {**WANTED, "kind": "ValidatingWebhookConfiguration", "webhooks": [{"name": "rev.validation.istio.io"}]}
    assert moved(live, wanted)[0]["fieldsV1"] == {"f:webhooks": {key: {"f:rules": {}}}}


def test_where_no_installer_is_known_the_first_writer_gives_up_its_fields() -> None:
    first = entry("deploy-script", {"f:spec": {}}, time="2025-01-01T00:00:00Z")
    later = entry("kubectl-edit", {"f:metadata": {}})
    kept, ours = moved(deployment(later, first))
    assert (kept, ours["fieldsV1"]) == (later, {"f:spec": {}})


def test_an_object_that_we_made_or_took_over_completely_has_nothing_to_move() -> None:
    mine = entry(OURS, {"f:spec": {}}, "Apply")
    theirs = entry("kubectl-client-side-apply", {"f:metadata": {}})
    assert adoption.patch(deployment(mine, theirs, **{"meshyard.io/owner": "revision-default"}), WANTED, OURS) is None
    assert adoption.patch(deployment(mine, annotations=HELM), WANTED, OURS) is None


def test_a_move_comes_right_before_its_apply_and_tells_the_release() -> None:
    live = deployment(entry("helm", {"f:spec": {}}), annotations=HELM)
    steps = adoption.with_adoption((Apply(WANTED, OURS, live), Apply({**WANTED, "metadata": {"name": "new"}}, OURS)), "revision-default")
    assert [type(step) for step in steps] == [Adopt, Apply, Apply]
    assert adoption.helm_releases(steps) == ["istio-system/istiod"]
    assert "Helm's release istio-system/istiod is taken over" in install.warnings(steps)[0]


def test_the_origin_of_an_adopted_object_outlives_its_labels() -> None:
    adopted = deployment(annotations={adoption.ADOPTED_FROM: "helm:istio-system/istiod"}, **{"meshyard.io/owner": "revision-default"})
    assert adoption.origin(adopted) == adoption.Origin("helm", "istio-system", "istiod")
    assert adoption.origin(deployment(**{"meshyard.io/owner": "revision-default"})) is None
    by_istioctl = deployment(**{"operator.istio.io/managed": "Reconcile", "app.kubernetes.io/instance": "istio"})
    assert adoption.origin(by_istioctl) == adoption.Origin("istioctl", "istio-system", "istio")


def test_strangers_are_all_but_the_owner() -> None:
    live = [deployment(**{"meshyard.io/owner": "revision-default"}), {**deployment(annotations=HELM), "kind": "Service"}]
    found = adoption.strangers(live, "revision-default")
    assert {ref.kind: made.kind for ref, made in found.items()} == {"Service": "helm"}
    with pytest.raises(MeshyardError, match="was made by Helm"):
        adoption.refuse_strangers(found, "Revision default", "central")
    adoption.refuse_strangers({}, "Revision default", "central")


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Maker("helm", "istiod", "istio-system"), "Helm (release istiod in namespace istio-system)"),
        (Maker("istioctl"), "istioctl"),
        (Maker("meshyard", "tag-prod"), "this collection as tag-prod"),
        (Maker("unknown"), "someone who left no name"),
    ],
)
def test_every_maker_is_named_in_words(made: Maker, words: str) -> None:
    assert adoption.said(made) == words
