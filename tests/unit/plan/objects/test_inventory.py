"""The first object of an owner names the kinds that the owner has."""

from __future__ import annotations

from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects import inventory
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Ref, ref_of

KINDS = "meshyard.io/kinds"


def thing(kind: str, name: str = "istiod", **annotations: str) -> dict[str, Any]:
    versions = {"Service": "v1", "ServiceAccount": "v1", "CustomResourceDefinition": "apiextensions.k8s.io/v1"}
    metadata: dict[str, Any] = {"name": name, "namespace": "istio-system", "annotations": annotations}
    return {"apiVersion": versions.get(kind, "apps/v1"), "kind": kind, "metadata": metadata}


def applied(kind: str, named: str, name: str = "istiod", manager: str = "meshyard-revision-one") -> dict[str, Any]:
    """A live object of the owner C(revision-one) that names kinds."""
    found = thing(kind, name, **{KINDS: named})
    fields = {"f:metadata": {"f:annotations": {f"f:{KINDS}": {}}}}
    found["metadata"] |= {
        "labels": {"meshyard.io/owner": "revision-one"},
        "managedFields": [{"manager": manager, "operation": "Apply", "fieldsV1": fields}],
    }
    return found


def by_ref(*live: dict[str, Any]) -> dict[Ref, dict[str, Any]]:
    return {ref_of(one): one for one in live}


def named(wanted: dict[str, Any], *live: dict[str, Any]) -> str:
    """The kinds that the first object names."""
    text: str = inventory.naming_kinds([wanted, thing("Service")], by_ref(*live))[0]["metadata"]["annotations"][KINDS]
    return text


def test_what_is_written_first_names_all_kinds_but_those_that_owners_share() -> None:
    found = inventory.naming_kinds([thing("Deployment"), thing("CustomResourceDefinition"), thing("ServiceAccount")], {})
    assert [one["metadata"]["annotations"] for one in found] == [{}, {}, {KINDS: "Deployment,ServiceAccount"}]


def test_kinds_that_were_written_before_stay_named_for_a_run_may_have_been_killed_before_it_took_them_away() -> None:
    before = applied("ServiceAccount", "EnvoyFilter,ServiceAccount")
    assert named(thing("ServiceAccount"), before) == "EnvoyFilter,Service,ServiceAccount"


def test_what_is_there_and_goes_is_named_where_the_first_object_named_nothing_before() -> None:
    assert named(thing("ServiceAccount"), thing("ServiceAccount"), thing("NetworkPolicy")) == "NetworkPolicy,Service,ServiceAccount"


def test_what_was_the_first_object_before_is_asked_as_well() -> None:
    found = by_ref(applied("ServiceAccount", "Service", "a"), applied("ServiceAccount", "Role", "b"), thing("ServiceAccount", "c"))
    first, second, third = found
    assert inventory.recorded(found, first) == inventory.recorded(found, second) == {"Service", "Role"}
    assert inventory.recorded(found, third) is None


def test_what_somebody_else_wrote_there_tells_nothing() -> None:
    foreign = applied("ServiceAccount", "ServiceAccount", manager="kubectl-annotate")
    assert inventory.recorded(by_ref(foreign), ref_of(foreign)) is None


def test_an_object_that_names_none_tells_nothing() -> None:
    one = thing("ServiceAccount")
    assert inventory.recorded({}, ref_of(one)) is inventory.recorded(by_ref(one), ref_of(one)) is inventory.recorded({}, None) is None
    assert inventory.first([thing("CustomResourceDefinition")]) is None
