"""Bad input for control planes: each with its sentence, and nothing written."""

from __future__ import annotations

from typing import Any

import pytest

from lab.paths import chart
from tests.harness.planes import SYSTEM, Planes

VALUES = "The istiod chart does not know"
BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "no version": ("istio_revision", {}, "one of the following is required: revision, version"),
    "version without patch": ("istio_revision", {"version": "1.32"}, "'1.32' is not a version."),
    "old version": ("istio_revision", {"version": "1.20.0"}, "Istio 1.20.0 is not supported by this collection. Supported are 1.28"),
    "unknown version": ("istio_revision", {"version": "1.99.0"}, "set allow_unsupported=true"),
    "missing chart": ("istio_revision", {"version": "1.31.7"}, "Helm could not read the chart"),
    "other chart": (
        "istio_revision",
        {"version": "1.31.0", "chart_ref": str(chart("base", "1.31.0"))},
        "is base, not istiod.",
    ),
    "chart of another version": (
        "istio_revision",
        {"version": "1.32.0", "chart_ref": str(chart("istiod", "1.31.0"))},
        "is of Istio 1.31.0, but version is 1.32.0.",
    ),
    "no helm": ("istio_revision", {"version": "1.31.0", "binary_path": "/nowhere/helm"}, "Helm cannot be run as /nowhere/helm"),
    "revision with capitals": ("istio_revision", {"version": "1.31.0", "revision": "Blue"}, "The revision 'Blue' is not a DNS label."),
    "unknown value": ("istio_revision", {"version": "1.31.0", "values": {"meshConfg": {}}}, f"{VALUES} this value: meshConfg"),
    "unknown field of the mesh": (
        "istio_revision",
        {"version": "1.31.0", "values": {"meshConfig": {"accessLogfile": "x"}}},
        "(did you mean meshConfig.accessLogFile?)",
    ),
    "map given as text": (
        "istio_revision",
        {"version": "1.31.0", "values": {"global": "x"}},
        "take this value: global (it must be a map).",
    ),
    "values of other types": (
        "istio_revision",
        {"version": "1.31.0", "values": {"global": {"tag": 1.32, "imagePullSecrets": "regcred"}}},
        "take these values: global.tag (it must be text, not a number: put it in quotes), global.imagePullSecrets (it must be a list, not",
    ),
    "values of other types in a plan": (
        "upgrade_plan",
        {"version": "1.32.0", "values": {"global": {"tag": 1.32, "imagePullSecrets": "regcred"}}},
        "take these values: global.tag (it must be text, not a number: put it in quotes), global.imagePullSecrets (it must be a list, not",
    ),
    "map given as text in a plan": ("upgrade_plan", {"version": "1.32.0", "values": {"global": "x"}}, "global (it must be a map)."),
    "plan for a word": ("upgrade_plan", {"version": "latest"}, "The option version is wrong: 'latest' is not a version."),
    "gate for a word": (
        "upgrade_gate",
        {"namespaces": ["default"], "revision": "1-31-0", "version": "latest"},
        "The option version is wrong: 'latest' is not a version.",
    ),
    "field of a later Istio": (
        "istio_revision",
        {"version": "1.31.0", "values": {"meshConfig": {"defaultInboundHttpRetryPolicy": {}}}},
        "meshConfig.defaultInboundHttpRetryPolicy (Istio has it since 1.32).",
    ),
    "revision in values": ("istio_revision", {"version": "1.31.0", "values": {"revision": "x"}}, "The values set revision"),
    "tags in values": ("istio_revision", {"version": "1.31.0", "values": {"revisionTags": ["x"]}}, "use the module istio_tag."),
    "values of nobody": ("istio_revision", {"version": "1.31.0", "values_from_revision": "none"}, "Correct values_from_revision"),
    "base without version": ("istio_base", {}, "state is present but all of the following are missing: version"),
    "validator in values": ("istio_base", {"version": "1.31.0", "values": {"defaultRevision": "x"}}, "default_revision of istio_base"),
    "unknown value of the base": ("istio_base", {"version": "1.31.0", "values": {"bse": {}}}, "The base chart does not know"),
    "another cluster": ("istio_base", {"version": "1.31.0", "expected_cluster_uid": "other"}, "but expected_cluster_uid is other."),
    "tag without revision": ("istio_tag", {"name": "prod"}, "state is present but all of the following are missing: revision"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_one_sentence_before_anything_is_written(planes: Planes, case: str) -> None:
    name, options, sentence = BAD[case]
    answer = planes.refusal(name, **options)
    assert sentence in answer["msg"]
    assert "Traceback" not in str(answer)


def test_the_identity_of_a_live_revision_changes_only_when_that_is_allowed(planes: Planes) -> None:
    given = planes.install("1-31-0")
    changed = {
        "global.network from nothing to east": {"global": {"network": "east"}},
        "global.multiCluster.clusterName from nothing to one": {"global": {"multiCluster": {"clusterName": "one"}}},
        "meshConfig.trustDomain from cluster.local to corp": {"meshConfig": {"trustDomain": "corp"}},
    }
    for sentence, values in changed.items():
        answer = planes.refusal("istio_revision", **{**given, "values": {**given["values"], **values}})
        assert sentence in answer["msg"]
    allowed = {**given, "values": {**given["values"], "global": {"network": "east"}}, "change_identity": True, "wait": False}
    assert planes.run("istio_revision", **allowed)["changed"]


def test_a_version_is_not_skipped_and_does_not_go_back_in_place(planes: Planes) -> None:
    given = planes.install("stable", "1.32.0")
    answer = planes.refusal("istio_revision", **{**given, "version": "1.31.0"})
    assert "Istio 1.31.0 is older than 1.32.0, which runs. Revision stable" in answer["msg"]


def test_an_account_that_may_only_read_gets_the_prediction_of_check_mode(planes: Planes) -> None:
    given = planes.install("1-31-0")
    token = reader(planes)
    through = {"kubeconfig": None, "host": planes.server.host, "api_key": token, "validate_certs": False}
    assert not planes.run("istio_revision", **given, **through, check=True)["changed"]
    planes.merge("Service", "istiod-1-31-0", {"metadata": {"labels": {"app": "other"}}}, SYSTEM)
    predicted = planes.run("istio_revision", **given, **through, check=True)
    assert [(step["kind"], step["fields"]) for step in predicted["steps"]] == [("Service", ["metadata.labels.app"])]
    assert "no permission for a dry run, so the change is a prediction" in str(predicted["warnings"])
    refused = planes.answer("istio_revision", **given, **through)
    assert "Give the account of this run the permission that the message names." in refused["msg"]


def test_the_environment_of_a_credential_does_not_outweigh_an_explicit_kubeconfig(planes: Planes) -> None:
    elsewhere = {"K8S_AUTH_HOST": "http://127.0.0.1:1", "K8S_AUTH_API_KEY": "secret", "K8S_AUTH_VERIFY_SSL": "false"}
    answer = planes.run("istio_base", version="1.31.0", check=True, environment=elsewhere)
    assert answer["cluster"]["host"] == planes.server.host


def reader(planes: Planes) -> str:
    """The token of an account that may read everything and write nothing."""
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}, {"nonResourceURLs": ["*"], "verbs": ["get"]}]
    planes.client.ensure(f"{rbac}/clusterroles", {"metadata": {"name": "reader"}, "rules": rules})
    subject = {"kind": "ServiceAccount", "name": "reader", "namespace": "default"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "reader"}
    planes.client.ensure(f"{rbac}/clusterrolebindings", {"metadata": {"name": "reader"}, "roleRef": role, "subjects": [subject]})
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    planes.client.ensure(accounts, {"metadata": {"name": "reader"}})
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token: str = planes.client.create(f"{accounts}/reader/token", body)["status"]["token"]
    return token
