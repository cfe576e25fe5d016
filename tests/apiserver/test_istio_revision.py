"""A control plane through its life: made, changed, drifted, removed; for real and in check mode, first and again."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import kinds
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import labels
from tests.harness.modules import Call
from tests.harness.planes import CHART, SYSTEM, Planes
from tests.harness.proxy import WriteProxy

OLD = "1-31-0"
REQUESTS_WITHOUT_CHANGE = 15


def said(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The steps, without their reasons."""
    return [(step["action"], step["kind"], step["name"]) for step in answer["steps"]]


def test_it_is_installed_once_as_check_mode_predicted(planes: Planes) -> None:
    wanted = {"version": "1.31.0", "values": planes.istiod.values(OLD), "wait": False}
    predicted = planes.run("istio_revision", check=True, **wanted)
    assert planes.get("Deployment", f"istiod-{OLD}", SYSTEM) is None
    done = planes.run("istio_revision", **wanted)
    assert said(predicted) == said(done)
    assert (predicted["changed"], done["changed"], done["revision"]) == (True, True, OLD)
    for check in (True, False):
        again = planes.run("istio_revision", check=check, **wanted)
        assert (again["changed"], again["steps"]) == (False, [])


def test_nothing_changes_once_istiod_wrote_its_fields_and_few_requests_find_that_out(planes: Planes) -> None:
    given = planes.install(OLD)
    answer = planes.run("istio_revision", **given)
    assert (answer["changed"], answer["ready"]) == (False, True)
    assert answer["requests"] <= REQUESTS_WITHOUT_CHANGE
    assert {part["status"] for part in answer["components"]} == {"available"}
    hook = planes.there("ValidatingWebhookConfiguration", f"istio-validator-{OLD}-{SYSTEM}")["webhooks"][0]
    assert hook["failurePolicy"] == "Fail"
    assert hook["clientConfig"]["caBundle"]


def test_a_validator_that_istiod_has_not_closed_lets_everything_pass(planes: Planes) -> None:
    planes.run("istio_revision", version="1.31.0", wait=False)
    planes.run("istio_revision", version="1.31.0", wait=False)
    hook = planes.there("ValidatingWebhookConfiguration", f"istio-validator-{OLD}-{SYSTEM}")["webhooks"][0]
    assert hook["failurePolicy"] == "Ignore"


def test_drift_is_put_back_and_the_overruled_manager_named(planes: Planes) -> None:
    given = planes.install(OLD)
    planes.merge("Service", f"istiod-{OLD}", {"metadata": {"labels": {"app": "other", "of-the-user": "stays"}}}, SYSTEM)
    planes.client.request("DELETE", f"/apis/rbac.authorization.k8s.io/v1/clusterroles/istiod-clusterrole-{OLD}-{SYSTEM}")
    predicted = planes.run("istio_revision", **given, check=True, diff=True)
    done = planes.run("istio_revision", **given)
    expected = [("create", "ClusterRole", f"istiod-clusterrole-{OLD}-{SYSTEM}"), ("apply", "Service", f"istiod-{OLD}")]
    assert said(predicted) == said(done) == expected
    assert done["steps"][1]["fields"] == ["metadata.labels.app"]
    assert done["steps"][1]["overruled"] == {"metadata.labels.app": "somebody"}
    service = f"Service {SYSTEM}/istiod-{OLD}"
    assert predicted["diff"]["before"][service]["metadata"]["labels"]["app"] == "other"
    assert predicted["diff"]["after"][service]["metadata"]["labels"]["app"] == "istiod"
    marks = planes.there("Service", f"istiod-{OLD}", SYSTEM)["metadata"]["labels"]
    assert (marks["app"], marks["of-the-user"]) == ("istiod", "stays")
    assert not planes.run("istio_revision", **given)["changed"]


def test_replicas_that_an_autoscaler_owns_are_left_alone(planes: Planes) -> None:
    given = planes.install(OLD)
    planes.merge("Deployment", f"istiod-{OLD}", {"spec": {"replicas": 2}}, SYSTEM, manager="kube-controller-manager")
    assert not planes.run("istio_revision", **given, wait=False)["changed"]
    assert planes.there("Deployment", f"istiod-{OLD}", SYSTEM)["spec"]["replicas"] == 2


def test_another_version_in_place_prunes_what_its_chart_no_longer_has(planes: Planes) -> None:
    planes.install("stable", "1.31.0")
    values = planes.istiod.values("stable", "1.32.0")
    predicted = planes.run("istio_revision", version="1.32.0", revision="stable", values=values, check=True)
    done = planes.run("istio_revision", version="1.32.0", revision="stable", values=values)
    assert said(predicted) == said(done)
    assert "agentgateway-waypoint:" in planes.there("ConfigMap", "istio-sidecar-injector-stable", SYSTEM)["data"]["config"]
    assert ("delete", "ConfigMap", "istio-lab-removed-stable") in said(done)
    assert "istio-lab-removed-stable" not in planes.names("ConfigMap", SYSTEM)
    assert not planes.run("istio_revision", version="1.32.0", revision="stable", values=values)["changed"]


def test_what_is_no_longer_wanted_goes_though_a_run_was_killed_and_though_only_its_label_tells_whose_it_is(planes: Planes) -> None:
    given = planes.install(OLD)
    stray: dict[str, Any] = {"metadata": {"name": "stray", "namespace": SYSTEM, "labels": {labels.OWNER: f"revision-{OLD}"}}}
    pods = {"metadata": {"labels": {"some": "pod"}}, "spec": {"containers": [{"name": "any", "image": "any"}]}}
    stray["spec"] = {"replicas": 0, "selector": {"matchLabels": {"some": "pod"}}, "template": pods}
    planes.client.request("POST", kinds.kind("Deployment").path(SYSTEM), stray)
    # It named the kinds of all others.
    planes.client.request("DELETE", kinds.kind("ServiceAccount").path(SYSTEM, f"istiod-{OLD}"))
    given |= {"values": {**given["values"], "autoscaleEnabled": False}, "wait": False}
    with WriteProxy(planes.server.host) as proxy:
        process = Call("istio_revision", {**given, **CHART, "host": proxy.url, "api_key": planes.server.token}).start()
        proxy.at(1, process.kill, after=True)
        process.communicate(timeout=60)
        assert proxy.writes == [f"PATCH {kinds.kind('ServiceAccount').path(SYSTEM, f'istiod-{OLD}')}"]
    gone = [("delete", "HorizontalPodAutoscaler", f"istiod-{OLD}"), ("delete", "Deployment", "stray")]
    assert said(planes.run("istio_revision", **given))[-2:] == gone
    assert not planes.run("istio_revision", **given)["changed"]


def test_the_values_of_another_revision_go_along_without_what_names_its_version(planes: Planes) -> None:
    mine = {"meshConfig": {"accessLogFile": "/dev/stdout"}, "global": {"tag": "1.31.0-of-mine"}, "env": {"MINE": "yes"}}
    planes.install(OLD, values=mine)
    options = {"version": "1.32.0", "values_from_revision": OLD, "values": planes.istiod.values("1-32-0", "1.32.0"), "wait": False}
    planes.run("istio_revision", **options)
    mesh = planes.there("ConfigMap", "istio-1-32-0", SYSTEM)["data"]["mesh"]
    assert "accessLogFile: /dev/stdout" in mesh
    container = planes.there("Deployment", "istiod-1-32-0", SYSTEM)["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "MINE", "value": "yes"} in container["env"]
    assert container["image"].endswith(":1.32.0")
    # The old one is gone, and the same task says the same again.
    planes.stop(OLD)
    planes.run("istio_revision", revision=OLD, state="absent")
    assert not planes.run("istio_revision", **options)["changed"]


def test_carried_values_that_no_chart_reads_are_left_behind_with_a_warning(planes: Planes) -> None:
    unread = {"tracing": {"enabled": True}, "kiali": {"enabled": True}, "istio_cni": {"enabled": False}}
    inside = {"multiCluster": {"enabled": True}, "proxy": {"tag": "1.31.0", "logLevel": "debug"}}
    read = {"meshConfig": {"accessLogFile": "/dev/stdout"}, "env": {"MINE": "yes"}}
    planes.helm_install(f"istiod-{OLD}", revision=OLD, **unread, **{"global": inside}, **read)
    options = {"version": "1.32.0", "values_from_revision": OLD, "values": planes.istiod.values("1-32-0", "1.32.0"), "wait": False}
    answer = planes.run("istio_revision", **options)
    told = str(answer["warnings"])
    assert f"Values of revision {OLD} on cluster " in told
    assert "left behind: global.multiCluster.enabled, global.proxy.tag, istio_cni, kiali, tracing." in told
    kept = json.loads(planes.there("ConfigMap", "values-1-32-0", SYSTEM)["data"]["original-values"])
    assert kept["meshConfig"] == read["meshConfig"]
    assert kept["env"] == read["env"]
    assert kept["global"]["proxy"] == {"logLevel": "debug"}
    assert not {*unread} & {*kept}
    refused = planes.refusal("istio_revision", **{**options, "values": {**unread, "global": inside}})
    assert refused["unknown_values"] == ["tracing", "kiali", "istio_cni", "global.multiCluster.enabled", "global.proxy.tag"]


def test_the_wait_ends_with_the_reason_why_istiod_does_not_start(planes: Planes) -> None:
    answer = planes.answer("istio_revision", version="1.31.0", values={"nodeSelector": {"disk": "none"}}, wait_timeout=4)
    assert answer["failed"]
    assert "Deployment istiod-1-31-0: 0 of 1 pods are available" in answer["msg"]
    assert "not scheduled" in answer["msg"]
    assert (answer["changed"], answer["ready"]) == (True, False)
    assert answer["components"][0]["status"] == "reconciling"
    assert answer["evidence"]["pods"]


def test_the_wait_ends_with_the_revision_that_does_not_inject(planes: Planes) -> None:
    given = planes.install(OLD)
    planes.istiod.injector.silent.add(OLD)
    try:
        answer = planes.answer("istio_revision", **given, wait_timeout=2)
    finally:
        planes.istiod.injector.silent.discard(OLD)
    assert answer["failed"]
    assert f"a test pod to be injected by {OLD}: labelled {OLD} in namespace {SYSTEM} it is not injected" in answer["msg"]


def test_the_proof_of_injection_is_made_where_a_label_of_the_pod_decides(planes: Planes) -> None:
    given = planes.install(OLD)
    planes.namespace(SYSTEM, **{"istio-injection": "disabled"})
    try:
        answer = planes.run("istio_revision", **given, wait_timeout=30)
    finally:
        planes.namespace(SYSTEM)
    assert (answer["changed"], answer["ready"]) == (False, True)


def test_it_is_removed_once_as_check_mode_predicted_and_the_rest_stays(planes: Planes) -> None:
    planes.install(OLD)
    other = planes.install("1-32-0", "1.32.0")
    planes.stop(OLD)
    before = planes.names("ConfigMap", SYSTEM)
    predicted = planes.run("istio_revision", revision=OLD, state="absent", check=True)
    assert planes.names("ConfigMap", SYSTEM) == before
    done = planes.run("istio_revision", revision=OLD, state="absent")
    assert said(predicted) == said(done)
    assert done["steps"][0]["kind"] == "MutatingWebhookConfiguration"
    assert {name for kind in ("ConfigMap", "Service", "Deployment") for name in planes.names(kind, SYSTEM) if OLD in name} == set()
    assert not planes.run("istio_revision", revision=OLD, state="absent")["changed"]
    answer = planes.run("istio_revision", **other)
    assert (answer["changed"], answer["ready"]) == (False, True)


def test_a_revision_in_use_is_removed_by_force_alone_which_says_what_it_breaks(planes: Planes) -> None:
    planes.install(OLD)
    planes.stop(OLD)
    planes.namespace("shop", **{"istio.io/rev": OLD})
    refused = planes.refusal("istio_revision", revision=OLD, state="absent")
    assert f"Revision {OLD} on cluster" in refused["msg"]
    forced = planes.run("istio_revision", revision=OLD, state="absent", force=True)
    assert forced["changed"]
    for answer in (refused, forced):
        told = [(one["kind"], one["name"], one["reason"]) for one in answer["blockers"]]
        assert told == [("Namespace", "shop", "its new pods come to it")]
    planes.namespace("shop")


def test_the_namespace_of_the_control_plane_stays(planes: Planes) -> None:
    planes.install("default")
    planes.stop("default")
    planes.run("istio_revision", revision="default", state="absent")
    assert planes.names("Deployment", SYSTEM) == set()
    assert planes.there("Namespace", SYSTEM)["status"]["phase"] == "Active"
