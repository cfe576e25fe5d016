"""Control planes that Helm, istioctl or an operator made: refused, taken over, or removed with all that made them."""

from __future__ import annotations

from typing import Any

from tests.harness.planes import SYSTEM, Planes

PLAIN = {"version": "1.31.0", "revision": "default", "wait": False}
OURS = "meshyard-revision-default"


def by_helm(planes: Planes, release: str = "istiod", **values: Any) -> None:
    planes.helm_install(release, **planes.istiod.values("default"), **values)
    planes.istiod.serve("default")


def records(planes: Planes) -> set[str]:
    return {name for name in planes.names("Secret", SYSTEM) if name.startswith("sh.helm.release")}


def test_a_plane_of_the_same_name_that_helm_made_is_refused_with_the_way_to_take_it_over(planes: Planes) -> None:
    by_helm(planes)
    answer = planes.refusal("istio_revision", **PLAIN)
    assert "Revision default on cluster" in answer["msg"]
    assert f"was made by Helm (release istiod in namespace {SYSTEM})" in answer["msg"]
    assert "Set adopt to true" in answer["remedy"]


def test_adopted_it_has_one_owner_and_no_stale_field_and_nothing_helm_wrote(planes: Planes) -> None:
    by_helm(planes, env={"STALE": "yes"})
    options = {**PLAIN, "values": planes.istiod.values("default"), "adopt": True}
    predicted = planes.run("istio_revision", check=True, **options)
    done = planes.run("istio_revision", **options)
    assert [(step["action"], step["name"]) for step in predicted["steps"]] == [(step["action"], step["name"]) for step in done["steps"]]
    assert "Helm's release istio-system/istiod is taken over" in str(done["warnings"])
    deployment = planes.there("Deployment", "istiod", SYSTEM)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert "STALE" not in {variable["name"] for variable in container["env"]}
    assert "meta.helm.sh/release-name" not in deployment["metadata"]["annotations"]
    assert deployment["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "meshyard"
    for kind, name in (("Service", "istiod"), ("ConfigMap", "istio"), ("Role", "istiod")):
        assert planes.managers(kind, name, SYSTEM) == {(OURS, "Apply"), ("meshyard", "Update")}
    assert not planes.run("istio_revision", **options)["changed"]
    assert not planes.run("istio_revision", **{**options, "adopt": False})["changed"]


def test_an_adoption_leaves_to_istiod_what_is_its_own(planes: Planes) -> None:
    by_helm(planes)
    planes.run("istio_revision", **PLAIN, values=planes.istiod.values("default"), adopt=True)
    validator = planes.there("ValidatingWebhookConfiguration", f"istio-validator-{SYSTEM}")
    assert validator["webhooks"][0]["failurePolicy"] == "Fail"
    assert planes.managers("ValidatingWebhookConfiguration", f"istio-validator-{SYSTEM}") >= {("pilot-discovery", "Update")}
    hooks = planes.there("MutatingWebhookConfiguration", "istio-sidecar-injector")["webhooks"]
    assert {hook["clientConfig"]["caBundle"] for hook in hooks} == {planes.istiod.injector.ca_bundle}


def test_an_open_validator_that_is_adopted_stays_open(planes: Planes) -> None:
    planes.helm_install("istiod", **planes.istiod.values("default"))
    planes.run("istio_revision", **PLAIN, values=planes.istiod.values("default"), adopt=True)
    validator = planes.there("ValidatingWebhookConfiguration", f"istio-validator-{SYSTEM}")
    assert validator["webhooks"][0]["failurePolicy"] == "Ignore"


def test_the_record_of_an_adopted_release_goes_with_the_revision(planes: Planes) -> None:
    by_helm(planes)
    planes.run("istio_revision", **PLAIN, values=planes.istiod.values("default"), adopt=True)
    assert records(planes) == {"sh.helm.release.v1.istiod.v1"}
    planes.run("istio_revision", revision="default", state="absent", force=True)
    assert records(planes) == set()


def test_retiring_what_helm_made_removes_all_of_it_and_its_record_but_nothing_that_moved_on(planes: Planes) -> None:
    planes.install("1-32-0", "1.32.0")
    by_helm(planes, revisionTags=["prod"])
    planes.istiod.serve("default")
    moved = planes.run("istio_tag", name="prod", revision="1-32-0", wait=False)
    assert "unless it is taken out of its revisionTags" in str(moved["warnings"])
    planes.stop("default")
    answer = planes.run("istio_revision", revision="default", state="absent")
    assert answer["made_by"] == "helm"
    assert records(planes) == set()
    assert planes.names("Service", SYSTEM) == {"istiod-1-32-0", "istiod-revision-tag-prod"}
    left = {name for name in planes.names("ConfigMap", SYSTEM) if name.startswith(("istio", "values"))}
    assert {name for name in left if "1-32-0" not in name} == set()


def test_the_record_of_a_release_that_made_more_stays_and_is_named(planes: Planes) -> None:
    by_helm(planes)
    planes.helm_install("other", "gateway", name="istio-ingress")
    mark = {"metadata": {"annotations": {"meta.helm.sh/release-name": "istiod", "meta.helm.sh/release-namespace": SYSTEM}}}
    planes.merge("Service", "istio-ingress", mark, SYSTEM)
    umbrella = {"metadata": {"labels": {"name": "istiod", "owner": "helm", "version": "9"}}}
    planes.merge("Secret", "sh.helm.release.v1.other.v1", umbrella, SYSTEM)
    answer = planes.run("istio_revision", revision="default", state="absent", force=True)
    assert f"stays, because it also made Service {SYSTEM}/istio-ingress" in str(answer["warnings"])
    assert "sh.helm.release.v1.istiod.v1" in records(planes)


KEEPERS: dict[str, dict[str, Any]] = {
    "Sail operator Istio/default": {
        "labels": {"managed-by": "sail-operator"},
        "annotations": {"operator-sdk/primary-resource": "Istio/default"},
    },
    "Argo CD application mesh": {"annotations": {"argocd.argoproj.io/tracking-id": "mesh:apps/Deployment:istio-system/istiod"}},
    "Flux HelmRelease istiod": {"labels": {"helm.toolkit.fluxcd.io/name": "istiod"}},
}


def test_what_a_live_operator_or_gitops_keeps_is_refused_even_with_adopt(planes: Planes) -> None:
    by_helm(planes)
    for keeper, mark in KEEPERS.items():
        planes.merge("Deployment", "istiod", {"metadata": mark}, SYSTEM)
        answer = planes.refusal("istio_revision", **PLAIN, adopt=True)
        assert f"is kept by {keeper}, which would undo every change" in answer["msg"]
        removed = {part: dict.fromkeys(content) for part, content in mark.items()}
        planes.merge("Deployment", "istiod", {"metadata": removed}, SYSTEM)
    planes.merge("Deployment", "istiod", {"metadata": KEEPERS["Flux HelmRelease istiod"]}, SYSTEM)
    answer = planes.refusal("istio_revision", revision="default", state="absent", force=True)
    assert "is kept by Flux HelmRelease istiod" in answer["msg"]


def test_a_plane_that_a_killed_adoption_left_half_done_is_finished_with_adopt_alone(planes: Planes) -> None:
    by_helm(planes)
    options = {**PLAIN, "values": planes.istiod.values("default")}
    planes.run("istio_revision", **options, adopt=True)
    # As if the run had been killed right after it took over the fields of this one.
    annotations = {"meta.helm.sh/release-name": "istiod", "meta.helm.sh/release-namespace": SYSTEM}
    planes.merge("Service", "istiod", {"metadata": {"labels": {"meshyard.io/owner": None}, "annotations": annotations}}, SYSTEM, "helm")
    assert "was made by Helm" in planes.refusal("istio_revision", **options)["msg"]
    done = planes.run("istio_revision", **options, adopt=True)
    assert {(step["kind"], step["name"]) for step in done["steps"]} == {("Service", "istiod")}
    assert "meta.helm.sh/release-name" not in planes.there("Service", "istiod", SYSTEM)["metadata"]["annotations"]
