"""What is kept of listed objects: whatever decisions read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import gateway, labels, maker, proxies, reduced, restart, usage, workload
from ansible_collections.meshyard.istio.plugins.module_utils._mesh.evidence import TEMPLATE_KINDS, Evidence
from ansible_collections.meshyard.istio.plugins.module_utils._plan.preflight import checks
from ansible_collections.meshyard.istio.plugins.module_utils._plan.preflight.model import PreflightInput
from ansible_collections.meshyard.istio.plugins.module_utils._plan.survey import cluster as cluster_survey
from ansible_collections.meshyard.istio.plugins.module_utils._plan.survey.cluster import Survey
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade import planning
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade.remaining import Selection
from ansible_collections.meshyard.istio.plugins.module_utils._plan.upgrade.route import Asked
from tests.unit.mesh import build
from tests.unit.plan import world
from tests.unit.run.large import worn

OLD, NEW = world.OLD, world.NEW
ROLLING = ("Deployment", "StatefulSet", "DaemonSet")

MARKS = st.dictionaries(
    st.sampled_from([labels.REV, labels.INJECT, labels.GATEWAY_NAME, labels.GATEWAY_MANAGED, "app.kubernetes.io/name"]),
    st.sampled_from([OLD, NEW, "prod", "true", "false", "web"]),
)
ANNOTATIONS = st.dictionaries(
    st.sampled_from(
        [labels.REV, labels.INJECT, labels.TEMPLATES, labels.STATUS, labels.PROXY_IMAGE, labels.PROXY_OVERRIDES, maker.HELM_RELEASE]
    ),
    st.sampled_from([OLD, NEW, "true", "gateway", "{}", f'{{"revision": "{OLD}"}}', "hub/proxyv2:1.31.0"]),
)
OWNERS = st.sampled_from([None, ("ReplicaSet", "web-5d4c7"), ("Deployment", "web"), ("Job", "night"), ("StatefulSet", "data")])


@st.composite
def pods(draw: st.DrawFn) -> dict[str, Any]:
    further = {"deletionTimestamp": "2026-11-27T00:00:00Z"} if draw(st.booleans()) else {}
    found = build.pod(
        draw(st.sampled_from(["web-1", "web-2", "data-0"])),
        draw(st.sampled_from(["shop", "cart", "gone"])),
        revision=draw(st.sampled_from([None, OLD, NEW])),
        native=draw(st.booleans()),
        owner=draw(OWNERS),
        marks=draw(MARKS),
        phase=draw(st.sampled_from(["Running", "Succeeded", "Failed", "Pending"])),
        ready=draw(st.booleans()),
        annotations=draw(ANNOTATIONS),
        **further,
    )
    found["spec"]["hostNetwork"] = draw(st.booleans())
    if found["spec"]["containers"][-1]["name"] == labels.PROXY_CONTAINER and draw(st.booleans()):
        found["spec"]["containers"][-1]["args"] = ["proxy", "router", "--domain", "x"]
    return found


@st.composite
def workloads(draw: st.DrawFn) -> dict[str, Any]:
    strategy = {
        "type": draw(st.sampled_from(["Recreate", "OnDelete", "RollingUpdate"])),
        "rollingUpdate": {"partition": 1, "maxUnavailable": "100%"},
    }
    found = build.workload(
        draw(st.sampled_from(["web", "data", "istio-cni-node", "ztunnel"])),
        draw(st.sampled_from(["shop", "cart"])),
        draw(MARKS),
        draw(ANNOTATIONS),
        spec={
            "replicas": draw(st.integers(0, 3)),
            "paused": draw(st.booleans()),
            "selector": {"matchLabels": draw(MARKS)},
            draw(st.sampled_from(["strategy", "updateStrategy"])): strategy,
        },
        status={
            "readyReplicas": draw(st.integers(0, 3)),
            "numberReady": 1,
            "desiredNumberScheduled": 2,
            "currentRevision": "a",
            "updateRevision": draw(st.sampled_from(["a", "b"])),
            "conditions": [
                {"type": "Progressing", "status": "False", "reason": draw(st.sampled_from(["ProgressDeadlineExceeded", "NewReplicaSet"]))},
                {"type": draw(st.sampled_from(["Complete", "Available"])), "status": "True"},
            ],
        },
        annotations=draw(ANNOTATIONS),
        generation=draw(st.integers(1, 2)),
    )
    found["spec"]["jobTemplate"] = {"spec": {"template": found["spec"]["template"]}}
    container = found["spec"]["template"]["spec"]["containers"][0]
    container |= draw(st.sampled_from([{}, {"readinessProbe": {"tcpSocket": {"port": 1}}}, {"lifecycle": {"preStop": {"exec": {}}}}]))
    found["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = draw(st.sampled_from([0, 30]))
    return found


def evidence(found: Mapping[str, list[dict[str, Any]]], *, whole: bool) -> Evidence:
    """What was read of a cluster with two control planes, as it is or as it is kept."""
    given = {
        "Namespace": [build.namespace("shop", {labels.REV: OLD}), build.namespace("cart", {labels.INJECTION: "enabled"})],
        "Service": [build.service("web", "shop", **{"app.kubernetes.io/name": "web"}), build.tag_service("prod", OLD)],
        "MutatingWebhookConfiguration": [build.injector(OLD), build.injector(NEW), build.injector(OLD, tag="prod")],
        **found,
    }
    given["Deployment"] = [*given.get("Deployment", ()), build.istiod(OLD, tag="1.31.0"), build.istiod(NEW)]
    kept = {kind: [one if whole else reduced.of(kind)(one) for one in map(worn, objects)] for kind, objects in given.items()}
    return Evidence(
        cluster="central",
        namespaces=kept["Namespace"],
        pods=kept.get("Pod", []),
        workloads={kind: kept.get(kind, []) for kind in (*TEMPLATE_KINDS, "Rollout")},
        config={},
        mutating_webhooks=kept["MutatingWebhookConfiguration"],
        validating_webhooks=[],
        services=kept["Service"],
        remotes=(),
        owners={},
    )


def decisions(seen: Evidence) -> dict[str, Any]:
    """All that is decided about a cluster."""
    planned = planning.plan("upgrade", Asked(OLD, NEW, "1.32.0"), planning.Seen(seen, build.SYSTEM, None), Selection())
    scene = PreflightInput(route=planned.route, upgrade=planned.left, members=planned.members, evidence=seen)
    survey = Survey(
        mesh=world.mesh(tags={"prod": OLD}),
        namespaces=seen.namespaces or (),
        pods=seen.pods or (),
        workloads={kind: seen.workloads[kind] or () for kind in ROLLING},
        services=seen.services or (),
    )
    return {
        "blockers": [usage.blockers(one, [seen]) for one in (OLD, NEW)],
        "plan": planned,
        "findings": checks.findings(scene),
        "revisions": cluster_survey.revisions(survey),
        "verdicts": survey.verdicts,
        "details": [
            detail(survey) for detail in (cluster_survey.pods, cluster_survey.workloads, cluster_survey.namespaces, cluster_survey.gateways)
        ],
    }


KINDS = {"Pod": st.lists(pods(), max_size=3), **{kind: st.lists(workloads(), max_size=1) for kind in (*ROLLING, "CronJob", "Job")}}


@settings(max_examples=30)
@given(st.fixed_dictionaries(KINDS))
def test_decisions_about_what_is_kept_are_those_about_whole_objects(found: dict[str, list[dict[str, Any]]]) -> None:
    assert decisions(evidence(found, whole=False)) == decisions(evidence(found, whole=True))


def _bare(pod: dict[str, Any]) -> workload.Workload:
    """A pod as a workload, without the record of its injection."""
    seen = workload.parse(pod, "Pod")
    return replace(seen, template_annotations={key: seen.template_annotations.get(key, "") for key in (labels.REV, labels.INJECT)})


@settings(max_examples=50)
@given(pods())
def test_a_pod_keeps_its_proxy_its_owner_and_its_end(pod: dict[str, Any]) -> None:
    kept = reduced.of("Pod")(worn(pod))
    for read in (proxies.proxy_of, proxies.injected_by, proxies.finished, restart.owner_of_pod, _bare):
        assert read(kept) == read(pod)


@pytest.mark.parametrize("kind", [*ROLLING, "ReplicaSet", "Job", "CronJob", "ReplicationController", "Rollout"])
@settings(max_examples=20)
@given(obj=workloads())
def test_a_workload_keeps_all_that_is_parsed_of_it(kind: str, obj: dict[str, Any]) -> None:
    # A ReplicaSet is listed for its owner alone; those without one are read whole.
    kept = reduced.of(kind)(worn(obj))
    assert (workload.owner(kept), maker.maker(kept)) == (workload.owner(obj), maker.maker(obj))
    if kind != "ReplicaSet":
        assert workload.parse(kept, kind) == workload.parse(obj, kind)
        assert gateway.is_gateway(kept, kind) == gateway.is_gateway(obj, kind)


def test_what_no_decision_reads_is_dropped() -> None:
    kept = str(reduced.of("Pod")(worn(build.pod("web-1", revision=OLD))))
    assert not [word for word in ("managedFields", "volumes", "env", "resources", "checksum", "imageID", "last-applied") if word in kept]


def test_the_older_record_of_an_injection_is_kept_where_it_alone_tells_the_revision() -> None:
    status = f'{{"revision": "{OLD}"}}'
    alone = build.pod("web-1", annotations={labels.STATUS: status})
    beside = build.pod("web-1", annotations={labels.STATUS: status, labels.REV: OLD})
    assert [proxies.injected_by(reduced.of("Pod")(pod)) for pod in (alone, beside)] == [OLD, OLD]


def test_null_fields_and_other_types_than_expected_do_no_harm() -> None:
    odd = {
        "metadata": {"name": "a", "labels": None, "annotations": None, "ownerReferences": None},
        "spec": None,
        "status": {"conditions": None},
    }
    assert reduced.of("Pod")(odd) == odd
