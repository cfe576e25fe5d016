"""The report of a mesh: what it holds, and in which order."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh_report.part import Part
from tests.unit.plan.mesh_report.made import (
    ENTRY,
    NEW,
    OLD,
    ROLE,
    answer,
    endpoints,
    facts,
    gateway,
    mismatch,
    part,
    plane,
    remote_secret,
    report,
    workload,
)

LOST = {"msg": "The API server does not answer.", "code": "unreachable"}
SCHEMA = json.loads((ROLE / "files" / "mesh_report.schema.json").read_text())
RELEASE = {"phase": "progressing", "weight": 5, "begun": "2026-01-31T11:00:00+00:00", "verdicts": []}


def test_a_sound_mesh_passes_without_a_problem_and_the_first_line_has_figures() -> None:
    made = report(part(answer=answer(workloads=[workload(r1_32_0=2)])))
    assert made["problems"] == []
    assert made["verdict"]["status"] == "passed"
    assert made["verdict"]["message"] == (
        "1 of 1 clusters answered; 1 control plane; 1 of 1 workloads of the mesh are where new pods go; problems: none."
    )


def test_a_cluster_that_does_not_answer_is_a_row_and_a_problem() -> None:
    made = report(Part("us", facts=LOST), part())
    assert [(row["cluster"], row["answered"], row["code"]) for row in made["clusters"]] == [("eu", True, ""), ("us", False, "unreachable")]
    assert [(one["cluster"], one["evidence"]) for one in made["problems"]] == [("us", "The API server does not answer.")]
    assert made["verdict"]["status"] == "failed"


def test_a_part_that_was_refused_is_named_and_the_rest_is_told() -> None:
    made = report(part(facts={"msg": "ConfigMaps may not be read."}))
    assert [row["message"] for row in made["unreadable"]] == ["ConfigMaps may not be read."]
    assert [(row["revision"], row["settings"]) for row in made["control_planes"]] == [(NEW, None)]


def test_rows_of_remote_clusters_that_their_primary_read_are_called_by_their_hosts() -> None:
    rows = [workload(r1_31_0=1), {**workload(r1_32_0=1), "cluster": "us"}]
    primary = part(names={"eu": "host-eu", "us": "host-us"}, host="host-eu", answer=answer(workloads=rows))
    made = report(primary, Part("host-us", told_by="host-eu", facts=facts("us"), releases={"workloads": []}))
    assert [(row["cluster"], row["as_desired"]) for row in made["workloads"]] == [("host-eu", False), ("host-us", True)]
    assert [(row["cluster"], row["names"]) for row in made["clusters"]] == [("host-eu", ["eu"]), ("host-us", ["us"])]
    assert made["unreadable"] == []


def test_a_remote_cluster_whose_primary_gives_no_answer_says_so() -> None:
    made = report(Part("eu", facts=LOST), Part("us", told_by="eu", facts=facts("us")))
    assert [(row["cluster"], row["message"]) for row in made["unreadable"]] == [
        ("us", "Its control planes and workloads are told by its primary eu, which gave no answer.")
    ]


def test_a_remote_cluster_tells_by_which_addresses_it_reaches_its_primary_and_whether_they_are_right() -> None:
    gone = {"namespace": "shop", "name": "db-1", "addresses": [], "seconds": 0.1}
    found = endpoints("istiod-1-31-0")
    made = report(part(endpoints={**found, "updates": [*found["updates"], gone]}))
    assert [(row["name"], row["addresses"], row["current"]) for row in made["remote_endpoints"]] == [
        ("istiod-1-31-0", ["10.0.0.7"], False),
        ("istiod-1-32-0", ["10.0.0.7"], True),
        ("db-1", [], False),
    ]


@pytest.mark.parametrize(
    ("desired", "pods", "expected"),
    [(NEW, {NEW: 2}, True), (NEW, {OLD: 1, NEW: 1}, False), (None, {OLD: 1}, False), (NEW, {}, True)],
)
def test_a_workload_tells_whether_its_pods_are_where_new_ones_go(desired: str | None, pods: dict[str, int], *, expected: bool) -> None:
    made = report(part(answer=answer(workloads=[{**workload(desired=desired), "pods": pods}])))
    assert [row["as_desired"] for row in made["workloads"]] == [expected]


def test_workloads_outside_the_mesh_are_counted_only_and_namespaces_sum_those_inside() -> None:
    rows = [workload("a", r1_31_0=1, r1_32_0=2), workload("b", r1_32_0=1), workload("c", None, none=3)]
    migration = report(part(answer=answer(workloads=rows)))["migration"]
    assert migration["outside"] == 1
    assert migration["by_namespace"] == [
        {
            "cluster": "eu",
            "namespace": "shop",
            "workloads": 2,
            "workloads_as_desired": 1,
            "pods": {OLD: 1, NEW: 3},
            "pods_as_desired": 3,
        }
    ]


def test_a_gateway_has_the_addresses_of_the_services_before_it() -> None:
    made = report(part(answer=answer(gateways=[gateway()]), facts=facts(services=[ENTRY])))
    assert made["gateways"][0]["entries"] == [
        {"name": "web", "type": "LoadBalancer", "addresses": ["10.98.1.20"], "ports": ["443/TCP"], "network": ""}
    ]


def test_a_control_plane_has_the_settings_of_its_mesh() -> None:
    settings = report(part())["control_planes"][0]["settings"]
    assert (settings["trust_domain"], settings["auto_mtls"], settings["outbound_policy"]) == ("cluster.local", True, "ALLOW_ANY")


@pytest.mark.parametrize("uid", ["uid-us", ""])
def test_a_remote_secret_says_which_cluster_of_the_report_it_leads_to(uid: str) -> None:
    reads = facts(remote_secrets=[remote_secret(uid=uid)])
    made = report(part(facts=reads), part("host-us", names={"us": "host-us"}, facts=facts("us")))
    assert [row["leads_to"] for row in made["remote_secrets"]] == ["host-us"]


def test_what_changes_with_every_look_at_a_release_is_left_out() -> None:
    row = {"namespace": "shop", "name": "cart", "waiting": False, "release": RELEASE, "age": 90, "idle": 20, "canary": None}
    quiet = {"namespace": "shop", "name": "web", "waiting": False, "release": None}
    (found,) = report(part(releases={"workloads": [row, quiet]}))["releases"]
    assert found == {"cluster": "eu", "namespace": "shop", "name": "cart", "waiting": False, "release": RELEASE, "canary": None}


@given(st.permutations(["eu", "us", "asia"]), st.permutations([("a", "cart"), ("b", "web"), ("c", "cart"), ("d", "db")]))
def test_the_order_of_clusters_and_pods_does_not_matter(hosts: list[str], pods: list[tuple[str, str]]) -> None:
    def made(order: list[str], listed: list[tuple[str, str]]) -> str:
        mismatches = [mismatch(pod, workload=f"Deployment {name}") for pod, name in listed]
        return json.dumps(report(*(part(host, names={"eu": host}, answer=answer(mismatches=mismatches)) for host in order)))

    assert made(hosts, pods) == made(sorted(hosts), sorted(pods))


COUNTS = st.dictionaries(st.sampled_from([OLD, NEW, "none"]), st.integers(0, 5))
ROWS = st.builds(
    lambda name, space, desired, pods: {**workload(name, desired), "namespace": space, "pods": pods},
    st.sampled_from(["cart", "web", "db"]),
    st.sampled_from(["shop", "bank"]),
    st.sampled_from([OLD, NEW, None]),
    COUNTS,
)


@given(st.lists(ROWS, max_size=6))
def test_no_workload_is_lost_between_the_list_and_the_sums(found: list[dict[str, Any]]) -> None:
    made = report(part(answer=answer(workloads=found)))
    migration, rows = made["migration"], made["workloads"]
    assert len(rows) + migration["outside"] == len(found)
    assert sum(one["workloads"] for one in migration["by_namespace"]) == len(rows)
    assert sum(one["workloads_as_desired"] for one in migration["by_namespace"]) == migration["as_desired"]
    assert all(one["pods_as_desired"] <= sum(one["pods"].values()) for one in migration["by_namespace"])


def test_a_report_has_the_form_of_its_schema() -> None:
    settled = {"namespace": "shop", "name": "cart", "enabled": True, "waiting": False, "refused": False, "release": RELEASE}
    full = part(
        answer=answer(
            plane(),
            plane(OLD, ca_expiry=None, ready=False),
            workloads=[workload(r1_31_0=1)],
            gateways=[gateway()],
            namespaces=[
                {"cluster": "eu", "name": "shop", "labels": {}, "injection": "double", "revision": None, "tag": None, "reason": "two"}
            ],
            mismatches=[mismatch("cart-1")],
            unreadable=["Pods may not be read."],
        ),
        facts=facts(
            remote_secrets=[remote_secret()],
            services=[ENTRY],
            localities=[{"namespace": "shop", "name": "cart", "host": "cart", "locality": "on", "outlier_detection": True}],
            listeners=[
                {
                    "group": "networking.istio.io",
                    "namespace": "edge",
                    "name": "web",
                    "selector": {},
                    "ports": [],
                    "hosts": [],
                    "routed_hosts": [],
                }
            ],
        ),
        releases={"workloads": [{**settled, "canary": None, "routes": []}]},
        endpoints=endpoints(),
    )
    made = report(full, Part("us", facts=LOST))
    assert all(made.values())
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(made, SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**made, "another": 1}, SCHEMA)
