"""The report of a mesh: what it holds, what it calls a problem, and its page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh_report.document import document
from ansible_collections.meshyard.istio.plugins.plugin_utils.report_page import page

ROLE = Path(__file__).parents[4] / "roles" / "mesh_report"
AT, BEFORE = "2026-01-31T12:00:00Z", "2026-03-02T12:00:00Z"
ATTACK = "<script>alert(1)</script>"


def plane(revision: str = "1-32-0", **changes: Any) -> dict[str, Any]:
    words = {"revision": revision, "version": "1.32.0", "namespace": "istio-system", "location": "cluster", "made_by": "meshyard"}
    state = {"tags": ["prod"], "ready": True, "status": "available", "pods": 2}
    ca = {"ca_expiry": "2036-01-01T00:00:00Z", "ca_source": "Secret"}
    return {"cluster": "context", **words, **state, **ca, **changes}


def mismatch(pod: str, **changes: str) -> dict[str, str]:
    words = {"cluster": "context", "namespace": "shop", "pod": pod, "workload": "Deployment cart", "status": "failed", "reason": "old"}
    return {**words, "desired": "1-32-0", "injected": "1-31-0", **changes}


def answer(*planes: dict[str, Any], **changes: Any) -> dict[str, Any]:
    side = {"total": 2, "desired": {"1-32-0": 2}, "injected": {"1-31-0": 1, "1-32-0": 1}, "connected": {"1-32-0": 1}}
    statistics = {"pods": side, "workloads": side, "mismatches": []}
    details = {"workloads": [], "namespaces": [], "gateways": [], "blockers": {}, "statistics": statistics, "unreadable": []}
    return {"revisions": list(planes) or [plane()], "cluster": {"host": "https://eu", "context": "eu"}, **details, **changes}


def report(**answers: dict[str, Any]) -> dict[str, Any]:
    return document(answers, {name: {"workloads": []} for name in answers}, AT, BEFORE)


def test_a_sound_mesh_passes_without_a_problem() -> None:
    made = report(eu=answer())
    assert made["problems"] == []
    assert made["verdict"]["status"] == "passed"


def test_a_cluster_that_does_not_answer_is_a_row_and_a_problem() -> None:
    made = report(us={"msg": "The API server does not answer.", "code": "unreachable"}, eu=answer())
    assert [(row["cluster"], row["answered"]) for row in made["clusters"]] == [("eu", True), ("us", False)]
    assert [(one["cluster"], one["evidence"]) for one in made["problems"]] == [("us", "The API server does not answer.")]
    assert made["verdict"]["status"] == "failed"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (answer(plane(ready=False, status="1 of 2 replicas")), "control_plane_not_ready"),
        (answer(plane(ca_expiry="2026-02-01T00:00:00Z")), "ca_expires"),
        (answer(plane(), plane("1-31-0"), blockers={"1-31-0": []}), "revision_unused"),
        (answer(namespaces=[{"name": "shop", "injection": "double", "reason": "two"}]), "injection_double"),
        (answer(unreadable=["Secrets may not be read."]), "unreadable"),
    ],
)
def test_a_problem_names_its_object_and_a_command(changed: dict[str, Any], code: str) -> None:
    (one,) = report(eu=changed)["problems"]
    assert one["code"] == code
    assert one["cluster"] == "eu"
    assert one["object"]
    assert one["evidence"]
    assert one["command"].startswith(("kubectl --context eu ", "ansible-playbook meshyard.istio."))


def test_pods_of_a_workload_are_one_problem_with_the_command_that_restarts_it() -> None:
    statistics = {**answer()["statistics"], "mismatches": [mismatch("cart-1"), mismatch("cart-2")]}
    (one,) = report(eu=answer(statistics=statistics))["problems"]
    assert one["evidence"] == "2 pods: old"
    assert one["command"] == "kubectl --context eu -n shop rollout restart deployment/cart"


def test_a_workload_with_the_right_sidecar_is_looked_at_and_not_restarted() -> None:
    statistics = {**answer()["statistics"], "mismatches": [mismatch("cart-1", injected="1-32-0", reason="it is not ready")]}
    (one,) = report(eu=answer(statistics=statistics))["problems"]
    assert one["command"] == "kubectl --context eu -n shop get deployment cart -o wide"


@pytest.mark.parametrize(
    ("desired", "pods", "expected"),
    [("1-32-0", {"1-32-0": 2}, True), ("1-32-0", {"1-31-0": 1, "1-32-0": 1}, False), (None, {"none": 1}, True), ("1-32-0", {}, True)],
)
def test_a_workload_tells_whether_its_pods_are_where_new_ones_go(desired: str | None, pods: dict[str, int], *, expected: bool) -> None:
    row = {"namespace": "shop", "kind": "Deployment", "name": "cart", "desired": desired, "pods": pods}
    assert report(eu=answer(workloads=[row]))["workloads"][0]["as_desired"] is expected


def test_the_order_of_answers_does_not_matter() -> None:
    statistics = {**answer()["statistics"], "mismatches": [mismatch("a"), mismatch("b", workload="Deployment web")]}
    turned = {**statistics, "mismatches": statistics["mismatches"][::-1]}
    first, second = report(eu=answer(statistics=statistics), us=answer()), report(us=answer(), eu=answer(statistics=turned))
    assert json.dumps(first) == json.dumps(second)


def test_names_from_a_cluster_are_escaped_everywhere() -> None:
    workload = {"namespace": ATTACK, "kind": "Deployment", "name": ATTACK, "desired": ATTACK, "pods": {ATTACK: 1}}
    gateway = {"kind": "Deployment", "namespace": ATTACK, "name": ATTACK, "services": [ATTACK], "desired": None, "running": [ATTACK]}
    namespace = {"name": ATTACK, "injection": "double", "revision": ATTACK, "reason": ATTACK}
    changed = answer(plane(ATTACK, tags=[ATTACK]), workloads=[workload], gateways=[gateway], namespaces=[namespace], unreadable=[ATTACK])
    text = rendered(report(eu=changed))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_the_page_requests_nothing_and_has_no_script() -> None:
    text = rendered(report(eu=answer(), us={"msg": "gone"}))
    assert text.startswith("<!DOCTYPE html>")
    assert not [word for word in ("<script", "<img", "src=", "url(", "@import", 'href="http') if word in text]


def test_what_is_not_known_is_an_empty_cell() -> None:
    assert ">None<" not in rendered(report(eu=answer(plane(version=None, ca_source=None, pods=None))))


def test_a_page_of_many_pods_is_small() -> None:
    workloads = [
        {"namespace": f"team-{number // 2}", "kind": "Deployment", "name": f"workload-{number}", "desired": "1-32-0", "pods": {"1-31-0": 5}}
        for number in range(2000)
    ]
    mismatches = [mismatch(f"pod-{number}", workload=f"Deployment workload-{number // 5}") for number in range(10_000)]
    changed = answer(workloads=workloads, statistics={**answer()["statistics"], "mismatches": mismatches})
    assert len(rendered(report(eu=changed)).encode()) < 3 * 2**20


def test_a_report_has_the_form_of_its_schema() -> None:
    schema = json.loads((ROLE / "files" / "mesh_report.schema.json").read_text())
    statistics = {**answer()["statistics"], "mismatches": [mismatch("cart-1")]}
    made = report(eu=answer(statistics=statistics), us={"msg": "gone"})
    assert set(made) == set(schema["required"]) == set(schema["properties"])
    for section in ("clusters", "problems", "control_planes", "unreadable"):
        assert all(set(schema["properties"][section]["items"]["required"]) <= set(row) for row in made[section])
    (row,) = made["migration"]["mismatches"]
    assert set(row) == set(schema["properties"]["migration"]["properties"]["mismatches"]["items"]["required"])


def rendered(made: dict[str, Any]) -> str:
    return page(made, (ROLE / "templates" / "mesh.html.j2").read_text())
