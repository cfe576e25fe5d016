"""The Helm binary is called as it must be, and what it prints becomes objects that can be applied."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._charts import chart, helm, manifests
from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError

OFFICIAL = chart.OFFICIAL
ISTIOD = chart.source("istiod", "1.32.0")


class Program:
    """Stands for the binary: answers as told, and keeps how it was called."""

    def __init__(self, output: str = "", errors: str = "", code: int = 0, version: str = "v3.22.0+g1234567") -> None:
        self.answer = (code, output, errors)
        self.version, self.asked = version, 0
        self.calls: list[tuple[list[str], str]] = []

    def __call__(self, command: list[str], text: str) -> tuple[int, str, str]:
        if command[1:] == ["version", "--short"]:
            self.asked += 1
            return 0, self.version, ""
        self.calls.append((command, text))
        return self.answer


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        ({}, ["istiod", "--repo", OFFICIAL, "--version", "1.32.0"]),
        ({"chart_repo_url": "https://charts.example/"}, ["istiod", "--repo", "https://charts.example", "--version", "1.32.0"]),
        ({"chart_repo_url": "oci://example/istio"}, ["oci://example/istio/istiod", "--version", "1.32.0"]),
        ({"chart_repo_url": "/srv/charts"}, ["/srv/charts/istiod-1.32.0.tgz"]),
        ({"chart_repo_url": "file:///srv/charts/"}, ["/srv/charts/istiod-1.32.0.tgz"]),
        ({"chart_ref": "/srv/istiod"}, ["/srv/istiod"]),
        ({"chart_ref": "file:///srv/istiod-1.32.0.tgz"}, ["/srv/istiod-1.32.0.tgz"]),
        ({"chart_ref": "oci://example/own"}, ["oci://example/own", "--version", "1.32.0"]),
        ({"chart_ref": "istio/istiod"}, ["istio/istiod", "--version", "1.32.0"]),
        ({"chart_ref": "own", "chart_repo_url": "https://x"}, ["own", "--repo", "https://x", "--version", "1.32.0"]),
        ({"chart_ref": "/srv/istiod", "chart_repo_url": "https://x"}, ["/srv/istiod"]),
    ],
)
def test_a_chart_is_found_where_the_words_of_kubernetes_core_point_to(given: dict[str, str], arguments: list[str]) -> None:
    assert chart.source("istiod", "1.32.0", **given).arguments == arguments


def test_a_chart_is_named_with_where_it_comes_from() -> None:
    assert str(chart.source("istiod", "1.32.0", chart_repo_url="https://x")) == "istiod from https://x (1.32.0)"
    assert str(chart.source("istiod", "1.32.0", chart_ref="/srv/istiod")) == "/srv/istiod"


RENDERED = """
---
# Source: a comment alone gives no object
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: hook, creationTimestamp: null}
webhooks: []
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system, annotations: null, labels: {date: 2026-11-21, equals: =}}
spec:
  template:
    metadata: {creationTimestamp: null}
    spec:
      initContainers:
      - {name: init, env: [{name: X, value: "1"}, {name: X, value: "2"}]}
      containers:
      - name: plain
      - name: discovery
        env: [{name: A, value: first}, {name: B, value: b}, {name: A, value: last}]
status: {replicas: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: test, annotations: {helm.sh/hook: test}}
---
apiVersion: v1
kind: Service
metadata: {name: istiod}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: istiod}
"""


def rendered() -> dict[str, dict[str, Any]]:
    return {obj["kind"]: obj for obj in manifests.parse(RENDERED, "mesh")}


def test_rendered_objects_come_without_hooks_and_empty_documents() -> None:
    assert list(rendered()) == ["MutatingWebhookConfiguration", "Deployment", "Service", "ServiceAccount"]


def test_an_environment_variable_that_is_rendered_twice_keeps_its_last_value() -> None:
    spec = rendered()["Deployment"]["spec"]["template"]["spec"]
    assert spec["containers"][0] == {"name": "plain"}
    assert spec["containers"][1]["env"] == [{"name": "A", "value": "last"}, {"name": "B", "value": "b"}]
    assert spec["initContainers"][0]["env"] == [{"name": "X", "value": "2"}]


def test_status_nulls_and_empty_creation_times_are_left_out() -> None:
    deployment = rendered()["Deployment"]
    assert "status" not in deployment
    assert "annotations" not in deployment["metadata"]
    assert deployment["spec"]["template"]["metadata"] == {}
    assert rendered()["MutatingWebhookConfiguration"]["metadata"] == {"name": "hook"}


def test_an_object_without_namespace_gets_the_releases_unless_it_is_cluster_wide() -> None:
    found = rendered()
    assert found["Service"]["metadata"]["namespace"] == "mesh"
    assert found["Deployment"]["metadata"]["namespace"] == "istio-system"
    assert "namespace" not in found["MutatingWebhookConfiguration"]["metadata"]


def test_text_that_yaml_takes_for_a_date_stays_text() -> None:
    labels = rendered()["Deployment"]["metadata"]["labels"]
    assert labels == {"date": "2026-11-21", "equals": "="}
    json.dumps(rendered())


def test_a_crd_keeps_its_nulls() -> None:
    text = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: a.b, creationTimestamp: null}\nspec: {schema: {default: null}}\nstatus: {}\n"
    )
    (found,) = manifests.parse(text, "mesh")
    assert found["spec"] == {"schema": {"default": None}}
    assert found["metadata"] == {"name": "a.b"}
    assert "status" not in found


@pytest.mark.parametrize(
    "text", ["a: [", "just text", "- 1", "kind: Service\nmetadata: {name: x}", "apiVersion: v1\nkind: Service\nmetadata: {}"]
)
def test_what_is_no_object_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(MeshyardError) as caught:
        manifests.parse(text, "mesh")
    assert caught.value.remedy


def test_rendering_gives_helm_everything_it_needs_and_values_on_standard_input() -> None:
    program = Program(RENDERED)
    found = helm.Helm(program, "/opt/helm").render(
        chart.source("istiod", "1.32.0"), "istiod-1-32-0", "mesh", {"revision": "1-32-0"}, "v1.34.1"
    )
    (command, text) = program.calls[0]
    assert command == [
        "/opt/helm",
        "template",
        "istiod-1-32-0",
        "istiod",
        "--repo",
        OFFICIAL,
        "--version",
        "1.32.0",
        "--namespace",
        "mesh",
        "--include-crds",
        "--values",
        "-",
        "--kube-version",
        "v1.34.1",
    ]
    assert json.loads(text) == {"revision": "1-32-0"}
    assert len(found) == 4


def test_a_charts_values_and_description_are_read() -> None:
    program = Program("# comment\nglobal: {hub: x}\n")
    binary = helm.Helm(program)
    binary.begin_to_show(chart.source("base", "1.32.0", chart_ref="/srv/base"), "values")
    assert binary.show_values(chart.source("base", "1.32.0", chart_ref="/srv/base")) == {"global": {"hub": "x"}}
    assert binary.show_chart(chart.source("base", "1.32.0", chart_ref="/srv/base")) == {"global": {"hub": "x"}}
    assert [call[0][1:] for call in program.calls] == [["show", "values", "/srv/base"], ["show", "chart", "/srv/base"]]
    assert program.asked == 1
    assert helm.Helm(Program("")).show_values(chart.source("base", "1.32.0")) == {}


def test_a_missing_binary_is_told_with_what_to_install() -> None:
    def missing(command: list[str], text: str) -> tuple[int, str, str]:
        raise FileNotFoundError(2, "No such file or directory")

    with pytest.raises(MeshyardError, match="Helm cannot be run as helm: No such file") as caught:
        helm.Helm(missing).show_values(ISTIOD)
    assert "Install Helm 3" in caught.value.remedy
    assert "additional_build_steps" in caught.value.remedy
    assert "amd64" not in caught.value.remedy


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("v4.0.1+g1234567", "Helm v4.0.1+g1234567"),
        ("Client: v2.17.0+ga690bad\nError: could not find tiller", "Helm v2.17.0+ga690bad"),
        ("", "no Helm that tells its version"),
    ],
)
def test_another_helm_than_the_tested_one_is_refused_before_it_reads_a_chart(told: str, name: str) -> None:
    program = Program("global: {}\n", version=told)
    with pytest.raises(MeshyardError) as caught:
        helm.Helm(program, "/opt/helm").show_values(ISTIOD)
    assert caught.value.problem == f"The program /opt/helm is {name}; charts are rendered by Helm 3 (tested with 3.22)."
    assert "binary_path" in caught.value.remedy
    assert program.calls == []


@pytest.mark.parametrize(
    ("errors", "problem", "remedy"),
    [
        ('Error: path "/srv/istiod-1.32.0.tgz" not found', 'path "/srv/istiod-1.32.0.tgz" not found.', "chart_repo_url"),
        ("Error: dial tcp: lookup x\n", "dial tcp: lookup x.", "reach the charts"),
        (
            "a.go:1: WARN something\nError: unknown profile foo\n\nUse --debug flag to render out invalid YAML\n",
            "unknown profile foo.",
            "values",
        ),
        ("WARNING: kubeconfig is readable by all\nError: no\n", f"render the chart istiod from {OFFICIAL} (1.32.0): no.", "values"),
        ("", "it gave no reason.", "values"),
    ],
)
def test_what_helm_complains_of_is_told_in_one_line_with_what_to_do(errors: str, problem: str, remedy: str) -> None:
    with pytest.raises(MeshyardError) as caught:
        helm.Helm(Program(errors=errors, code=1)).render(chart.source("istiod", "1.32.0"), "a", "b", {})
    assert caught.value.problem.endswith(problem)
    assert "\n" not in caught.value.problem
    assert remedy in caught.value.remedy


def test_a_folder_of_the_charts_name_in_the_working_directory_is_refused() -> None:
    program = Program(RENDERED, "WARN local chart found in current working directory. repository url ignored chart=istiod")
    with pytest.raises(MeshyardError, match="directory of the working directory"):
        helm.Helm(program).render(chart.source("istiod", "1.32.0"), "a", "b", {})
