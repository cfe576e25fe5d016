"""Revision tags: two objects that move together, and the tag that an unrevisioned control plane gives way to."""

from __future__ import annotations

from typing import Any

from tests.harness.planes import SYSTEM, Planes

OLD, NEW = "1-31-0", "1-32-0"


def said(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(step["action"], step["kind"], step["name"]) for step in answer["steps"]]


def claims(planes: Planes, tag: str) -> set[tuple[str, str]]:
    """What both objects of a tag say of its revision: by label, and by whom they lead to."""
    configuration = planes.there("MutatingWebhookConfiguration", f"istio-revision-tag-{tag}")
    service = planes.there("Service", f"istiod-revision-tag-{tag}", SYSTEM)
    called = {hook["clientConfig"]["url"].rpartition("/")[2] for hook in configuration["webhooks"]}
    return {
        *((configuration["metadata"]["labels"]["istio.io/rev"], one) for one in called),
        (service["metadata"]["labels"]["istio.io/rev"], service["spec"]["selector"]["istio.io/rev"]),
    }


def test_a_tag_is_made_moved_and_removed_once_as_check_mode_predicted(planes: Planes) -> None:
    planes.install(OLD)
    planes.install(NEW, "1.32.0")
    for revision, former in ((OLD, None), (NEW, OLD)):
        predicted = planes.run("istio_tag", name="prod", revision=revision, check=True)
        done = planes.run("istio_tag", name="prod", revision=revision)
        assert said(predicted) == said(done)
        assert (done["changed"], done["revision"], done["former_revision"]) == (True, revision, former)
        assert claims(planes, "prod") == {(revision, revision)}
        planes.istiod.serve(revision)
        again = planes.run("istio_tag", name="prod", revision=revision)
        assert (again["changed"], again["former_revision"]) == (False, revision)
    hooks = planes.there("MutatingWebhookConfiguration", "istio-revision-tag-prod")["webhooks"]
    assert {hook["clientConfig"]["caBundle"] for hook in hooks} == {planes.istiod.injector.ca_bundle}
    predicted = planes.run("istio_tag", name="prod", state="absent", check=True)
    assert said(predicted) == said(planes.run("istio_tag", name="prod", state="absent"))
    assert "istiod-revision-tag-prod" not in planes.names("Service", SYSTEM)
    assert not planes.run("istio_tag", name="prod", state="absent")["changed"]


def test_half_a_move_of_somebody_else_is_completed(planes: Planes) -> None:
    planes.install(OLD)
    planes.run("istio_tag", name="prod", revision=OLD)
    planes.merge("Service", "istiod-revision-tag-prod", {"metadata": {"labels": {"istio.io/rev": "elsewhere"}}}, SYSTEM)
    done = planes.run("istio_tag", name="prod", revision=OLD)
    assert [(step["kind"], step["overruled"]) for step in done["steps"]] == [("Service", {"metadata.labels.istio.io/rev": "somebody"})]
    assert claims(planes, "prod") == {(OLD, OLD)}


def test_what_a_tag_may_not_be_is_refused(planes: Planes) -> None:
    planes.install(OLD)
    planes.run("istio_revision", version="1.32.0", wait=False)
    refused = {
        "The tag 1-31-0 has the name of a revision.": {"name": OLD, "revision": OLD},
        "cannot point to revision gone, which cluster": {"name": "prod", "revision": "gone"},
        "which is not ready: ": {"name": "prod", "revision": NEW},
        "The option name is 'No_Label', which nothing in a cluster can be called.": {"name": "No_Label", "revision": OLD},
    }
    for sentence, options in refused.items():
        assert sentence in planes.refusal("istio_tag", **options)["msg"]
    planned = planes.run("istio_tag", name="prod", revision="soon", planned_revisions=["soon"], check=True)
    assert {step["kind"] for step in planned["steps"]} == {"MutatingWebhookConfiguration", "Service"}


def test_a_tag_is_not_taken_from_those_who_follow_it(planes: Planes) -> None:
    planes.install(OLD)
    planes.run("istio_tag", name="prod", revision=OLD)
    planes.namespace("shop", **{"istio.io/rev": "prod"})
    answer = planes.refusal("istio_tag", name="prod", state="absent")
    assert answer["followers"] == ["Namespace shop"]
    assert "their new pods would start without a sidecar" in answer["msg"]
    planes.namespace("shop")
    template = {"metadata": {"labels": {"app": "cart", "istio.io/rev": "prod"}}, "spec": {"containers": [{"name": "app", "image": "x"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "cart"}}, "template": template}
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "cart", "namespace": "shop"}, "spec": spec}
    planes.client.create("/apis/apps/v1/namespaces/shop/deployments", body)
    assert planes.refusal("istio_tag", name="prod", state="absent")["followers"] == ["Deployment shop/cart"]
    assert planes.run("istio_tag", name="prod", state="absent", force=True)["changed"]
    planes.client.request("DELETE", "/apis/apps/v1/namespaces/shop/deployments/cart")


def test_the_tag_default_takes_over_from_an_unrevisioned_plane_and_gives_back(planes: Planes) -> None:
    plain = planes.install("default")
    planes.install(NEW, "1.32.0")
    planes.namespace("shop", **{"istio-injection": "enabled"})
    assert injected(planes) == "default"
    assert planes.run("istio_tag", name="default", revision=NEW)["changed"]
    assert injected(planes) == NEW
    assert not planes.run("istio_tag", name="default", revision=NEW)["changed"]
    # The unrevisioned plane sleeps, and its module takes that for no drift.
    assert not planes.run("istio_revision", **plain)["changed"]
    assert injected(planes) == NEW
    planes.run("istio_tag", name="default", state="absent")
    assert injected(planes) == "default"
    planes.run("istio_revision", **plain)
    assert not planes.run("istio_revision", **plain)["changed"]
    planes.namespace("shop")


def test_the_tag_default_has_the_selectors_of_the_chart(planes: Planes) -> None:
    planes.install("default", values={"sidecarInjectorWebhook": {"enableNamespacesByDefault": True}})
    planes.install(NEW, "1.32.0", values={"sidecarInjectorWebhook": {"enableNamespacesByDefault": True}})
    made_by_chart = selectors(planes, "istio-sidecar-injector")
    planes.run("istio_tag", name="default", revision=NEW, wait=False)
    assert selectors(planes, "istio-revision-tag-default") == made_by_chart


def selectors(planes: Planes, configuration: str) -> dict[str, Any]:
    hooks = planes.there("MutatingWebhookConfiguration", configuration)["webhooks"]
    return {hook["name"]: (hook["namespaceSelector"], hook["objectSelector"]) for hook in hooks}


def injected(planes: Planes) -> str:
    """The revision that injects a new pod of the namespace shop, by a dry run."""
    pod = {"metadata": {"name": "probe"}, "spec": {"containers": [{"name": "app", "image": "x"}]}}
    path = "/api/v1/namespaces/shop/pods?dryRun=All"
    annotations: dict[str, str] = planes.client.create(path, pod)["metadata"]["annotations"]
    return annotations["istio.io/rev"]
