"""What the field sets of the API server tell about drift."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects import ownership

MANAGER = "meshyard-revision-1-32-0"


def fields_of(value: Any) -> Any:
    """The field set of an applied value in which every list is atomic, as the API server would keep it."""
    if isinstance(value, dict) and value:
        return {f"f:{key}": fields_of(below) for key, below in value.items()}
    return {}


def applied(wanted: dict[str, Any]) -> dict[str, Any]:
    """The live object right after our apply."""
    live = copy.deepcopy(wanted)
    named = {key: value for key, value in wanted.items() if key not in ("apiVersion", "kind", "metadata")}
    live["metadata"]["managedFields"] = [{"manager": MANAGER, "operation": "Apply", "fieldsV1": fields_of(named)}]
    return live


def config_map(data: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}, "data": data}


scalars = st.one_of(st.text(max_size=5), st.integers(), st.booleans())
names = st.text(alphabet="abcde", min_size=1, max_size=3)
trees = st.dictionaries(
    names, st.recursive(scalars, lambda below: st.lists(below, max_size=3) | st.dictionaries(names, below, max_size=3)), max_size=4
)


@given(trees)
def test_an_object_just_applied_has_no_differences(data: dict[str, Any]) -> None:
    wanted = config_map(data)
    assert ownership.differences(wanted, applied(wanted), MANAGER) == ()


@given(trees, names, scalars)
def test_a_value_that_somebody_changed_is_named(data: dict[str, Any], key: str, value: Any) -> None:
    wanted = config_map({**data, key: value})
    live = applied(wanted)
    live["data"][key] = [value, "changed"]
    assert ownership.differences(wanted, live, MANAGER) == (f"data.{key}",)


@given(trees, names)
def test_a_field_that_we_own_and_no_longer_want_is_named(data: dict[str, Any], key: str) -> None:
    wanted = config_map({name: value for name, value in data.items() if name != key})
    live = applied(config_map({**wanted["data"], key: "stale"}))
    assert f"data.{key}" in ownership.differences(wanted, live, MANAGER)


def test_an_object_that_we_never_applied_is_a_difference_as_a_whole() -> None:
    wanted = config_map({"a": "b"})
    assert ownership.differences(wanted, wanted, MANAGER) == ("metadata.managedFields",)


def test_fields_of_others_are_not_differences() -> None:
    wanted = config_map({"a": "b"})
    live = applied(wanted)
    live["data"]["foreign"] = "stays"
    live["metadata"]["annotations"] = {"somebody": "else"}
    assert ownership.differences(wanted, live, MANAGER) == ()


def container(env: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "istiod", "namespace": "istio-system"},
        "spec": {"template": {"spec": {"containers": [{"name": "discovery", "env": env}]}}},
    }


def deployed(env: list[dict[str, str]]) -> dict[str, Any]:
    live = container(env)
    env_fields = {f'k:{{"name":"{item["name"]}"}}': {".": {}, "f:name": {}, "f:value": {}} for item in env}
    containers = {'k:{"name":"discovery"}': {".": {}, "f:name": {}, "f:env": env_fields}}
    fields = {"f:spec": {"f:template": {"f:spec": {"f:containers": containers}}}}
    live["metadata"]["managedFields"] = [{"manager": MANAGER, "operation": "Apply", "fieldsV1": fields}]
    return live


def test_items_of_keyed_lists_are_compared_by_their_key_and_not_by_their_place() -> None:
    one, two = {"name": "ONE", "value": "1"}, {"name": "TWO", "value": "2"}
    assert ownership.differences(container([two, one]), deployed([one, two]), MANAGER) == ()


def test_a_drifted_item_of_a_keyed_list_is_named_with_its_path_and_its_manager() -> None:
    wanted = container([{"name": "ONE", "value": "1"}])
    live = deployed([{"name": "ONE", "value": "1"}])
    item = live["spec"]["template"]["spec"]["containers"][0]["env"][0]
    item["value"] = "by hand"
    ours = live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:template"]["f:spec"]["f:containers"]
    taken = {'k:{"name":"ONE"}': {"f:value": ours['k:{"name":"discovery"}']["f:env"]['k:{"name":"ONE"}'].pop("f:value")}}
    theirs = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"discovery"}': {"f:env": taken}}}}}}
    live["metadata"]["managedFields"].append({"manager": "kubectl-edit", "operation": "Update", "fieldsV1": theirs})

    path = "spec.template.spec.containers[discovery].env[ONE].value"
    assert ownership.differences(wanted, live, MANAGER) == (path,)
    assert ownership.overruled(live, MANAGER, (path,)) == {path: "kubectl-edit"}


def test_an_item_that_the_chart_dropped_is_named() -> None:
    live = deployed([{"name": "ONE", "value": "1"}, {"name": "OLD", "value": "2"}])
    found = ownership.differences(container([{"name": "ONE", "value": "1"}]), live, MANAGER)
    assert found == ("spec.template.spec.containers[discovery].env[OLD]",)
