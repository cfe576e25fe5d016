"""Locality load balancing of a mesh: the values of a revision, their former state, and what of it is possible."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._charts import versions
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.plane import ControlPlane, control_planes
from ansible_collections.meshyard.istio.plugins.module_utils._plan.locality import mesh_values
from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Patch, Plan
from tests.unit.plan.locality.test_rule import merged

Object = dict[str, Any]
SETTING = {"enabled": True, "failover": [{"from": "eu", "to": "us"}]}
fields = st.fixed_dictionaries(
    {},
    optional={
        "localityLbSetting": st.sampled_from([SETTING, {"enabled": False}]),
        "outlierDetection": st.sampled_from([{}, {"interval": "9s"}]),
        "connectionPool": st.just({"tcp": {"maxConnections": 9}}),
    },
).filter(bool)
recorded = st.fixed_dictionaries(
    {"global": st.just({"tag": "1.31.0-mine"})},
    optional={
        "meshConfig": st.fixed_dictionaries(
            {"accessLogFile": st.just("/dev/stdout")},
            optional={
                "localityLbSetting": st.just({"enabled": False}),
                "defaultTrafficPolicy": st.sampled_from([{"outlierDetection": {}}, {"connectionPool": {"http": {"maxRetries": 1}}}]),
            },
        )
    },
)


def config_map(annotations: Object | None = None) -> Object:
    metadata = {"name": "values-1", "namespace": "istio-system", "resourceVersion": "7", "annotations": annotations or {}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def after(obj: Object, plan: Plan) -> Object:
    for step in plan:
        assert isinstance(step, Patch)
        obj = merged(obj, step.patch)
    return obj


def plane(revision: str = "1-31-0", owner: str | None = None) -> ControlPlane:
    labels = {"app": "istiod", "istio.io/rev": revision, "meshyard.io/owner": owner or f"revision-{revision}"}
    metadata = {"name": f"istiod-{revision}", "namespace": "istio-system", "labels": {key: value for key, value in labels.items() if value}}
    return control_planes([{"kind": "Deployment", "metadata": metadata}])[0]


def refused(problem: str, call: Any, *arguments: Any) -> MeshyardError:
    with pytest.raises(MeshyardError, match=problem) as caught:
        call(*arguments)
    return caught.value


@given(recorded, fields, fields, st.booleans())
def test_values_set_changed_and_taken_back_are_what_they_were_even_when_killed(
    values: Object, first: Object, second: Object, killed: bool
) -> None:
    now, obj = values, config_map()
    for asked in (first, second):
        decision = mesh_values.present(asked, now, obj)
        obj = after(obj, decision.before)
        if killed:  # the record is written, the values are not
            decision = mesh_values.present(asked, now, obj)
            obj = after(obj, decision.before)
        now = decision.values
        if killed:  # the values are written, and the record not yet shortened
            decision = mesh_values.present(asked, now, obj)
            assert decision.values == now
        obj = after(obj, decision.after)
        assert {key: mesh_values.raw.at(now, *mesh_values.VALUES[key]) for key in asked} == asked
        again = mesh_values.present(asked, now, obj)
        assert (again.values, again.before, again.after) == (now, (), ())
    back = mesh_values.absent(now, obj)
    assert back.values == values
    obj = after(obj, back.after)
    assert not obj["metadata"]["annotations"]
    assert mesh_values.absent(back.values, obj).nothing


def test_the_record_goes_before_the_values_and_only_as_the_object_was_seen() -> None:
    decision = mesh_values.present({"outlierDetection": {}}, {}, config_map())
    assert [step.version for step in decision.before if isinstance(step, Patch)] == ["7"]
    last = mesh_values.absent({}, after(config_map(), decision.before)).after
    assert [step.version for step in last if isinstance(step, Patch)] == [""]


def test_a_record_that_somebody_broke_is_refused() -> None:
    broken = config_map({mesh_values.ANNOTATION: "[]"})
    told = refused("does not hold former values", mesh_values.absent, {}, broken)
    assert "by istio_revision" in told.remedy


def test_only_what_an_earlier_version_knows_can_be_set_for_its_mesh() -> None:
    early, late = versions.parse("1.30.3"), versions.parse("1.31.0")
    for name, asked in {
        "outlier_detection": {"outlierDetection": {}},
        "connection_pool": {"connectionPool": {}},
        "failover": {"localityLbSetting": SETTING},
        "failover_priority": {"localityLbSetting": {"failoverPriority": ["a"]}},
    }.items():
        refused(f"so that {name} cannot be set", mesh_values.refuse_version, early, asked, plane(), "central")
        mesh_values.refuse_version(late, asked, plane(), "central")
    mesh_values.refuse_version(early, {"localityLbSetting": {"distribute": []}}, plane(), "central")


def test_the_only_revision_is_meant_and_of_several_the_one_that_is_named() -> None:
    one, other = plane(), plane("1-32-0")
    assert mesh_values.chosen([one], None, "central") == one
    assert mesh_values.chosen([one, other], "1-32-0", "central") == other
    refused("several control planes on cluster central: 1-31-0, 1-32-0", mesh_values.chosen, [one, other], None, "central")
    refused("no control plane of revision x on cluster central; there are 1-31-0", mesh_values.chosen, [one], "x", "central")
    refused("no control plane on cluster central", mesh_values.chosen, [], None, "central")


def test_a_revision_that_others_made_is_refused_with_how_to_take_it_over() -> None:
    told = refused("only values of a revision of this collection", mesh_values.chosen, [plane(owner="revision-x")], None, "central")
    assert "adopt" in told.remedy
