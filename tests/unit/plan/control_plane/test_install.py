"""Installing a revision: its identity, its namespace, and what is left to the tag default."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.revision import Names
from ansible_collections.meshyard.istio.plugins.module_utils._plan.control_plane import identity, install
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects import quantity
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Create, ref_of
from tests.unit.mesh import build

NAMES = Names("1-31-0")


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "istio-system"}, "data": data}


def plane(
    network: str = "", trust_domain: str = "cluster.local", cluster: str = "Kubernetes", provider: str = "istiod"
) -> list[dict[str, Any]]:
    values = {"global": {"network": network, "meshID": "", "multiCluster": {"clusterName": ""}, "pilotCertProvider": provider}}
    container = {"name": "discovery", "env": [{"name": "CLUSTER_ID", "value": cluster}, {"name": "POD_NAME", "valueFrom": {}}]}
    return [
        config_map("istio-sidecar-injector-1-31-0", values=json.dumps(values)),
        config_map("istio-1-31-0", mesh=f"trustDomain: {trust_domain}\n"),
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "istiod-1-31-0", "namespace": "istio-system"},
            "spec": {"template": {"spec": {"containers": [container]}}},
        },
    ]


def known(objects: list[dict[str, Any]]) -> dict[str, str]:
    return identity.identity(objects, NAMES, yaml.safe_load)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"network": "east"}, "global.network from nothing to east"),
        ({"trust_domain": "corp"}, "meshConfig.trustDomain from cluster.local to corp"),
        ({"cluster": "one"}, "from Kubernetes to one"),
        ({"provider": "none"}, "global.pilotCertProvider from istiod to none"),
    ],
)
def test_a_change_of_identity_is_refused_with_what_was_and_would_be(changed: dict[str, str], told: str) -> None:
    with pytest.raises(MeshyardError) as caught:
        identity.refuse_changes(known(plane()), known(plane(**changed)), "1-31-0", "central")
    assert told in caught.value.problem
    assert "change_identity" in caught.value.remedy


def test_what_was_never_made_or_cannot_be_read_has_no_identity_to_keep() -> None:
    identity.refuse_changes(known([]), known(plane("east")), "1-31-0", "central")
    broken = [config_map("istio-sidecar-injector-1-31-0", values="{not json")]
    assert set(known(broken).values()) == {""}


def test_the_missing_namespace_is_created_without_an_owner() -> None:
    (step,) = install.namespace_step("mesh")
    assert isinstance(step, Create)
    assert step.body == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mesh"}}


@pytest.mark.parametrize("asleep", [False, True])
def test_selectors_of_a_sleeping_webhook_are_left_as_they_are(asleep: bool) -> None:
    kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
    rendered = {**build.injector("default"), **kind}
    live = {**build.injector("default", deactivated=asleep), **kind}
    (wanted,) = install.wanted([rendered], {ref_of(live): live}, "default")
    assert all(("namespaceSelector" in hook) != asleep for hook in wanted["webhooks"])
    assert all("caBundle" not in hook["clientConfig"] for hook in wanted["webhooks"])
    assert all("objectSelector" in hook for hook in rendered["webhooks"])


@pytest.mark.parametrize(
    ("one", "other"),
    [("2048Mi", "2Gi"), ("1000m", "1"), ("0.5", "500m"), ("1e3", "1k"), (1, "1"), ("128974848", "123Mi"), ("1500M", "1.5G")],
)
def test_the_same_quantity_in_two_notations_is_one_amount(one: Any, other: Any) -> None:
    assert quantity.amount(one) == quantity.amount(other)


@pytest.mark.parametrize("value", ["", "Mi", "a", "1 Gi", None, True, [], "1.2.3"])
def test_what_is_no_quantity_has_no_amount(value: Any) -> None:
    assert quantity.amount(value) is None


@given(st.integers(0, 10**6), st.sampled_from(["Ki", "Mi", "Gi"]))
def test_a_binary_quantity_equals_itself_in_the_next_smaller_unit(number: int, unit: str) -> None:
    smaller = {"Ki": "", "Mi": "Ki", "Gi": "Mi"}[unit]
    assert quantity.amount(f"{number}{unit}") == quantity.amount(f"{number * 1024}{smaller}")


def test_a_revision_of_ours_is_not_made_nor_removed_in_a_second_namespace() -> None:
    own = build.workload("istiod-1-31-0", "istio-two", labels={"meshyard.io/owner": "revision-1-31-0"})
    others = [
        build.workload("istiod-1-31-0", "istio-system", labels={"meshyard.io/owner": "revision-1-31-0"}),
        build.workload("istiod-1-31-0", "istio-three"),
        build.workload("extra", "istio-three", labels={"meshyard.io/owner": "revision-1-31-0"}),
    ]
    install.refuse_elsewhere(others, NAMES, "central")
    with pytest.raises(MeshyardError, match="on cluster central is in namespace istio-two, not in istio-system"):
        install.refuse_elsewhere([*others, own], NAMES, "central")
