"""What is taken away from a remote cluster that nobody reads any more, besides what has an owner."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._mesh.revision import Names
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Create, Delete, Patch, Ref
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote import control_plane as remote_control_plane
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote import leftovers

NAMES = Names("1-32-0", "istio-system")
US = remote_control_plane.Place("us", "us-net", "eu")


def namespace(annotations: dict[str, str], marks: dict[str, str] | None = None) -> dict[str, Any]:
    meta = {"name": "istio-system", "uid": "1", "annotations": annotations, "labels": marks or {}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta}


def config_map(name: str, home: str = "shop", manager: str = "pilot-discovery", **annotations: str) -> dict[str, Any]:
    meta = {"name": name, "namespace": home, "uid": name, "managedFields": [{"manager": manager}], "annotations": annotations}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}


def made() -> dict[str, Any]:
    (step,) = remote_control_plane.namespace_plan(None, NAMES, US)
    assert isinstance(step, Create)
    return namespace(step.body["metadata"]["annotations"], step.body["metadata"]["labels"])


def test_what_istiod_wrote_goes_and_what_others_wrote_stays() -> None:
    leader = {"control-plane.alpha.kubernetes.io/leader": "{}"}
    maps = (
        config_map("istio-ca-root-cert"),
        config_map("istio-ca-crl"),
        config_map("istio-ca-root-cert", "billing", "trust-manager"),
        config_map("istio-namespace-controller-election", "istio-system", **leader),
        config_map("my-election", "shop", **leader),
        config_map("settings"),
    )
    plan = leftovers.plan(leftovers.Leftovers(namespace({}), maps), ())
    gone = {(step.ref.namespace, step.ref.name) for step in plan}
    assert gone == {
        ("shop", "istio-ca-root-cert"),
        ("shop", "istio-ca-crl"),
        ("istio-system", "istio-namespace-controller-election"),
    }


def test_nothing_goes_while_an_istiod_serves_the_cluster() -> None:
    assert leftovers.plan(leftovers.Leftovers(made(), (config_map("istio-ca-root-cert"),), served=True), ()) == ()


def test_a_namespace_that_joining_made_goes_when_nothing_else_is_in_it() -> None:
    ours = config_map("token", "istio-system", "meshyard")
    going = (Delete(Ref("v1", "ConfigMap", "istio-system", "token")),)
    (step,) = leftovers.plan(leftovers.Leftovers(made(), content=(ours, config_map("kube-root-ca.crt", "istio-system"))), going)
    assert isinstance(step, Delete)
    assert step.ref.kind == "Namespace"


def test_a_namespace_in_which_somebody_keeps_something_loses_the_marks_alone() -> None:
    (step,) = leftovers.plan(leftovers.Leftovers(made(), content=(config_map("mine", "istio-system", "kubectl"),)), ())
    assert isinstance(step, Patch)
    assert step.patch["metadata"] == {
        "annotations": {remote_control_plane.CONTROLLED_BY: None, leftovers.JOINED: None},
        "labels": {remote_control_plane.NETWORK: None},
    }


@pytest.mark.parametrize("told", ["", "asia"])
def test_marks_that_were_there_before_come_back(told: str) -> None:
    before = namespace({remote_control_plane.CONTROLLED_BY: told} if told else {})
    (step,) = remote_control_plane.namespace_plan(before, NAMES, US)
    assert isinstance(step, Patch)
    joined = namespace(step.patch["metadata"]["annotations"], step.patch["metadata"]["labels"])
    (back,) = leftovers.plan(leftovers.Leftovers(joined), ())
    assert isinstance(back, Patch)
    assert back.patch["metadata"]["annotations"][remote_control_plane.CONTROLLED_BY] == (told or None)


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=3)), st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=3)))
def test_what_was_noted_first_holds(first: dict[str, str], second: dict[str, str]) -> None:
    noted = leftovers.record(namespace(dict(first)), {"annotations": {"a": "x", "b": "x"}})
    again = leftovers.record(namespace({**second, **noted}), {"annotations": {"a": "y", "b": "y"}})
    assert again == noted
