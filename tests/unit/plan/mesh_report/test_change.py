"""What a run changed between two reports."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh_report.change import Ending, change
from tests.unit.plan.mesh_report.made import NEW, OLD, ROLE, answer, changed, facts, mismatch, part, plane, report, root, workload

SCHEMA = json.loads((ROLE / "files" / "mesh_change.schema.json").read_text())
STEP = {
    "cluster": "eu",
    "task": "Waves | Wave 1 of 1: shop",
    "module": "namespace_revision",
    "began_at": "2026-01-31T12:00:05.000+00:00",
    "seconds": 12.5,
    "changed": True,
    "failed": False,
    "verdict": "",
    "details": ["1 workload restarted, 2 of 2 pods as they should be"],
}
BEFORE = report(part(answer=answer(plane(OLD), workloads=[workload(r1_31_0=2)], mismatches=[mismatch("cart-1")])))
AFTER = {
    **report(part(answer=answer(plane(OLD), plane(NEW), workloads=[workload(r1_32_0=2), workload("web", r1_32_0=1)]))),
    "generated_at": "2026-01-31T12:02:00Z",
}


def made(*endings: Ending, steps: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return change("upgrade", BEFORE, AFTER, [STEP] if steps is None else steps, endings or [Ending("eu", True)])


def test_what_moved_is_told_with_its_state_before_and_after() -> None:
    found = made()["changes"]
    moved, new = found["workloads"]
    assert (moved["name"], moved["before"]["pods"], moved["after"]["pods"]) == ("cart", {OLD: 2}, {NEW: 2})
    assert (new["name"], new["before"]) == ("web", None)
    assert [(one["revision"], one["before"]) for one in found["control_planes"]] == [(NEW, None)]
    assert found["namespaces"] == []


def test_problems_that_came_and_went_are_told_apart() -> None:
    found = made()["problems"]
    assert [one["object"] for one in found["solved"]] == ["Deployment shop/cart"]
    assert found["new"] == []


LOST = report(part(answer={}, facts={"failed": True, "msg": "No answer.", "code": "unreachable"}, releases={}))
HALF_READ = report(part(answer={"failed": True, "msg": "No answer.", "code": "unreachable"}))


@pytest.mark.parametrize("unread", [LOST, HALF_READ])
def test_what_is_missing_because_a_cluster_was_not_read_has_neither_come_nor_gone(unread: dict[str, Any]) -> None:
    lost = change("upgrade", BEFORE, unread, [], [Ending("eu", False)])
    back = change("upgrade", unread, BEFORE, [], [Ending("eu", True)])
    for found in (lost["changes"], back["changes"]):
        assert (found["workloads"], found["control_planes"]) == ([], [])
    assert lost["problems"]["solved"] == []
    assert [one["code"] for one in lost["problems"]["new"]] == [unread["problems"][0]["code"]]


def test_a_record_of_a_release_that_cannot_be_read_hides_no_change_but_of_releases() -> None:
    spoilt = report(part(answer=answer(plane(NEW)), releases={"workloads": [], "unreadable": ["It is no record."]}))
    found = change("upgrade", BEFORE, spoilt, [], [Ending("eu", True)])["changes"]
    assert [one["after"] for one in found["workloads"]] == [None]
    waiting = report(part(releases={"workloads": [{"namespace": "shop", "name": "web", "waiting": True, "release": None}]}))
    assert change("release", waiting, spoilt, [], [Ending("eu", True)])["changes"]["releases"] == []


def test_a_root_that_comes_beside_another_is_told() -> None:
    before, after = (report(part(facts=facts(roots=[root(one * 64) for one in roots]))) for roots in ("b", "ab"))
    record = change("trust", before, after, [], [Ending("eu", True)])
    (found,) = record["changes"]["certificates"]
    assert (found["before"]["fingerprint"], found["after"]["fingerprint"]) == ("b" * 64, ["a" * 64, "b" * 64])
    assert f"{'a' * 64}, {'b' * 64}" in changed(record)
    jsonschema.validate(record, SCHEMA)


def test_it_tells_how_long_it_took_and_whether_each_cluster_reached_the_end() -> None:
    found = made(Ending("us", False, "The gate failed."), Ending("eu", True))
    assert (found["seconds"], found["result"]) == (120, "failed")
    assert [(one["cluster"], one["reached"]) for one in found["clusters"]] == [("eu", True), ("us", False)]
    assert made()["result"] == "passed"


def test_where_nothing_says_what_stopped_a_cluster_its_last_failed_step_does() -> None:
    failed = {**STEP, "failed": True, "details": ["The API server does not answer."]}
    (one,) = made(Ending("eu", False), steps=[{**failed, "details": ["first"], "began_at": "2026-01-31T12:00:01+00:00"}, failed])[
        "clusters"
    ]
    assert one["message"] == "The API server does not answer."


def test_steps_are_in_the_order_in_which_they_began() -> None:
    later = {**STEP, "began_at": "2026-01-31T12:01:00.000+00:00", "task": "Gate | shop"}
    assert [one["task"] for one in made(steps=[later, STEP])["steps"]] == [STEP["task"], "Gate | shop"]


def test_a_record_has_the_form_of_its_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(made(Ending("eu", False, "stopped")), SCHEMA)


PODS = st.dictionaries(st.sampled_from([OLD, NEW]), st.integers(1, 3), min_size=1)
WORKLOADS = st.dictionaries(st.sampled_from(["cart", "web", "db"]), PODS)


@given(WORKLOADS, WORKLOADS)
def test_exactly_the_workloads_that_differ_are_told(old: dict[str, Any], new: dict[str, Any]) -> None:
    before, after = (
        report(part(answer=answer(workloads=[{**workload(name), "pods": pods} for name, pods in found.items()]))) for found in (old, new)
    )
    found = change("upgrade", before, after, [], [])["changes"]["workloads"]
    assert {one["name"] for one in found} == {name for name in {*old, *new} if old.get(name) != new.get(name)}
