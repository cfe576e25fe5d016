"""What would select pods no more once a move changes their labels."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane import selectors
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.selectors import LabelChange
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Apply, Patch, Ref, ref_of
from tests.unit.mesh import build
from tests.unit.plan.world import NEW, OLD

BEFORE, AFTER = {"app": "web", labels.REV: OLD}, {"app": "web", labels.REV: NEW}
CHANGE = LabelChange("Deployment shop/web", "shop", BEFORE, AFTER)
OLD_ONES = {"matchLabels": BEFORE}


def selecting(kind: str, spec: dict[str, Any], namespace: str = "shop") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": build.meta("it", namespace), "spec": spec}


def lost(*objects: dict[str, Any], change: LabelChange = CHANGE) -> list[str]:
    try:
        selectors.refuse_losses([change], objects, {"shop": {"team": "shop"}}, "istio-system")
    except MeshyardError as refused:
        found = refused
    else:
        return []
    assert found.code == "selector_loses_pods"
    return [f"{one['kind']} {one['namespace']}/{one['name']}" for one in found.facts["selectors"]]


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Service", {"selector": BEFORE}),
        ("PodDisruptionBudget", {"selector": OLD_ONES}),
        ("PodDisruptionBudget", {"selector": {"matchExpressions": [{"key": labels.REV, "operator": "NotIn", "values": [NEW]}]}}),
        ("NetworkPolicy", {"podSelector": OLD_ONES}),
        ("NetworkPolicy", {"podSelector": {}, "egress": [{"to": [{"podSelector": OLD_ONES}]}]}),
        ("HorizontalPodAutoscaler", {"metrics": [{"pods": {"metric": {"name": "m", "selector": OLD_ONES}}}]}),
        ("AuthorizationPolicy", {"selector": OLD_ONES}),
        ("PeerAuthentication", {"selector": OLD_ONES}),
        ("EnvoyFilter", {"workloadSelector": {"labels": BEFORE}}),
        ("Sidecar", {"workloadSelector": {"labels": BEFORE}}),
        ("DestinationRule", {"workloadSelector": OLD_ONES}),
        ("DestinationRule", {"subsets": [{"name": "old", "labels": {labels.REV: OLD}}]}),
        ("VirtualService", {"http": [{"match": [{"sourceLabels": {labels.REV: OLD}}]}]}),
        ("Gateway", {"selector": BEFORE}),
    ],
)
def test_whatever_selects_by_a_label_that_changes_is_named(kind: str, spec: dict[str, Any]) -> None:
    assert lost(selecting(kind, spec)) == [f"{kind} shop/it"]
    unchanged = LabelChange("Deployment shop/web", "shop", BEFORE, BEFORE)
    assert lost(selecting(kind, spec), change=unchanged) == []


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Service", {"selector": {"app": "web"}}),
        ("Service", {"selector": {"app": "other", labels.REV: OLD}}),
        ("Service", {}),
        ("PodDisruptionBudget", {"selector": {}}),
        ("NetworkPolicy", {"podSelector": {}}),
        ("AuthorizationPolicy", {}),
        ("DestinationRule", {"subsets": [{"name": "all"}]}),
    ],
)
def test_what_selects_otherwise_or_everything_loses_nothing(kind: str, spec: dict[str, Any]) -> None:
    assert lost(selecting(kind, spec)) == []


def test_only_what_reaches_the_namespace_counts() -> None:
    assert lost(selecting("Service", {"selector": BEFORE}, "other")) == []
    assert lost(selecting("AuthorizationPolicy", {"selector": OLD_ONES}, "other")) == []
    assert lost(selecting("AuthorizationPolicy", {"selector": OLD_ONES}, "istio-system")) == ["AuthorizationPolicy istio-system/it"]
    assert lost(selecting("Gateway", {"selector": BEFORE}, "other")) == ["Gateway other/it"]


@pytest.mark.parametrize(("team", "reached"), [("shop", True), ("other", False)])
def test_a_policy_of_another_namespace_reaches_as_far_as_its_namespace_selector(team: str, reached: bool) -> None:
    peer = {"podSelector": OLD_ONES, "namespaceSelector": {"matchLabels": {"team": team}}}
    policy = selecting("NetworkPolicy", {"podSelector": {}, "ingress": [{"from": [peer]}]}, "other")
    assert bool(lost(policy)) is reached


def test_a_message_names_ten_and_counts_the_rest() -> None:
    many = [selecting("Service", {"selector": BEFORE}) for _number in range(13)]
    with pytest.raises(MeshyardError) as refused:
        selectors.refuse_losses([CHANGE], many, {}, "istio-system")
    assert refused.value.problem.count("selects pods of") == 10
    assert "and 3 more" in refused.value.problem


def web() -> dict[str, Any]:
    return build.workload("web", template_labels=BEFORE) | {"apiVersion": "apps/v1", "kind": "Deployment"}


def patched(change: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"template": {"metadata": {"labels": change}}}}


def test_a_patch_tells_which_labels_it_changes_and_removes() -> None:
    (moved,) = selectors.changes([Patch(ref_of(web()), patched({labels.REV: NEW}), "m")], [web()])
    (left,) = selectors.changes([Patch(ref_of(web()), patched({labels.REV: None}), "m")], [web()])
    assert (moved.after, moved.keys) == (AFTER, [labels.REV])
    assert left.after == {"app": "web"}


def test_an_apply_tells_what_it_changes_and_what_it_names_no_more() -> None:
    body = web()
    body["spec"]["template"]["metadata"]["labels"] = {"app": "web"}
    step = Apply(body, "m", live=web(), fields=(f"spec.template.metadata.labels.{labels.REV}",))
    (change,) = selectors.changes([step], [web()])
    assert change.after == {"app": "web"}
    # Without that field, the label is somebody else's and stays.
    assert selectors.changes([Apply(body, "m", live=web())], [web()]) == []


def test_steps_of_other_objects_change_no_pod_labels() -> None:
    assert selectors.changes([Patch(Ref("v1", "Namespace", "", "shop"), {"metadata": {"labels": {labels.REV: NEW}}}, "m")], [web()]) == []
