"""The first object of an owner names the kinds that the owner has."""

from __future__ import annotations

from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects import inventory
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import ref_of

KINDS = "meshyard.io/kinds"


def thing(kind: str, **annotations: str) -> dict[str, Any]:
    versions = {"Service": "v1", "ServiceAccount": "v1", "CustomResourceDefinition": "apiextensions.k8s.io/v1"}
    metadata: dict[str, Any] = {"name": "istiod", "namespace": "istio-system", "annotations": annotations}
    return {"apiVersion": versions.get(kind, "apps/v1"), "kind": kind, "metadata": metadata}


def test_what_is_written_first_names_all_kinds_but_those_that_owners_share() -> None:
    found = inventory.naming_kinds([thing("Deployment"), thing("CustomResourceDefinition"), thing("ServiceAccount")], {})
    assert [one["metadata"]["annotations"] for one in found] == [{}, {}, {KINDS: "Deployment,ServiceAccount"}]


def test_kinds_that_were_written_before_stay_named_for_a_run_may_have_been_killed_before_it_took_them_away() -> None:
    before = thing("ServiceAccount", **{KINDS: "EnvoyFilter,ServiceAccount"})
    found = inventory.naming_kinds([thing("ServiceAccount"), thing("Service")], {ref_of(before): before})
    assert found[0]["metadata"]["annotations"][KINDS] == "EnvoyFilter,Service,ServiceAccount"


def test_an_object_that_names_none_tells_nothing() -> None:
    assert inventory.recorded(None) is inventory.recorded(thing("ServiceAccount")) is None
    assert inventory.first([thing("CustomResourceDefinition")]) is None
