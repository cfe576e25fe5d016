"""Who reads which clusters for a report."""

from __future__ import annotations

from typing import Any

from ansible_collections.meshyard.istio.plugins.plugin_utils import report_parts

HOSTS: dict[str, dict[str, Any]] = {
    "eu": {"meshyard_context": "eu", "meshyard_cluster_name": "europe"},
    "ap": {"meshyard_context": "ap"},
    "us": {"meshyard_context": "us", "remote_cluster_primary": "eu"},
    "sa": {"meshyard_context": "sa", "remote_cluster_primary": "ap"},
}
GROUPS = {"istio_primary": ["eu", "ap"], "istio_remote": ["us", "sa"]}


def test_a_primary_reads_the_remote_clusters_that_it_serves_and_they_know_how_it_is_reached() -> None:
    found = report_parts.readings(HOSTS, GROUPS, list(HOSTS))
    assert {host: [one["name"] for one in reading.remotes] for host, reading in found.items()} == {
        "eu": ["us"],
        "ap": ["sa"],
        "us": [],
        "sa": [],
    }
    assert (found["us"].told_by, found["us"].primary) == ("eu", {"context": "eu"})
    assert (found["eu"].name, found["eu"].told_by, found["eu"].primary) == ("europe", "", {})


def test_a_remote_cluster_whose_primary_takes_no_part_reads_itself() -> None:
    found = report_parts.reading(HOSTS, GROUPS, "us", ["us", "sa", "ap"])
    assert (found["told_by"], found["primary"], found["remotes"]) == ("", {}, [])


def test_the_kubeconfig_of_a_cluster_that_answered_is_known_unless_it_is_one_of_a_job() -> None:
    answers = {"facts": {"cluster": {"context": "eu"}}, "meshyard_kubeconfig": "/clusters/eu:/clusters/users"}
    hosts = {"eu": {**HOSTS["eu"], **answers}, "ap": {**HOSTS["ap"], **answers, "awx_job_id": 12}, "us": HOSTS["us"]}
    found = report_parts.parts(hosts, GROUPS, list(hosts), ["answer", "facts"])
    assert [part.kubeconfig for part in found] == ["/clusters/eu:/clusters/users", "", ""]


def test_answers_of_a_primary_are_told_by_the_hosts_of_their_clusters() -> None:
    answers = {"eu": {"answer": {"revisions": []}}, "us": {"ends": {"slices": []}}}
    hosts = {host: {**HOSTS[host], **answers[host]} for host in answers}
    primary, remote = report_parts.parts(hosts, GROUPS, ["eu", "us"], ["answer", "facts", "found", "ends"])
    assert (primary.host, primary.names, primary.answer) == ("eu", {"europe": "eu", "us": "us"}, {"revisions": []})
    assert (remote.told_by, remote.endpoints, remote.releases) == ("eu", {"slices": []}, {})
