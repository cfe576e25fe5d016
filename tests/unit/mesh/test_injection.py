"""The oracle answers as the webhooks of a real cluster do: every row of Istio's precedence, and its corners."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._mesh import injection, policy, webhook
from tests.unit.mesh import build

R = "1-32-0"
OLD = "default"

# What stands in the cluster: an unrevisioned plane, a revision R, and the tag prod that points to R.
UNREVISIONED_AND_R = [build.injector(OLD), build.injector(R), build.injector(R, tag="prod")]
# The same, after istioctl made R the default: the old webhook is deactivated, the tag default stands in.
TAGGED_DEFAULT = [build.injector(OLD, deactivated=True), build.injector(R), build.injector(R, tag="default")]
PLANES = build.planes(build.istiod(OLD, tag="1.31.0"), build.istiod(R))

ENABLED = {"istio-injection": "enabled"}
DISABLED = {"istio-injection": "disabled"}
REV_R = {"istio.io/rev": R}
REV_PROD = {"istio.io/rev": "prod"}
REV_GONE = {"istio.io/rev": "gone"}
INJECT = {"sidecar.istio.io/inject": "true"}
KEEP_OUT = {"sidecar.istio.io/inject": "false"}


def decide(namespace: dict[str, str], pod: dict[str, str], webhooks: list[Any], **further: Any) -> injection.Decision:
    return injection.effective(namespace, pod, webhook.hooks(webhooks), "shop", PLANES, **further)


TABLE = [
    # istio-injection=enabled: the default, whatever istio.io/rev says on the namespace or the pod.
    (ENABLED, {}, OLD),
    (ENABLED | REV_R, {}, OLD),
    (ENABLED, REV_R, OLD),
    (ENABLED | REV_R, REV_PROD, OLD),
    (ENABLED, INJECT, OLD),
    (ENABLED, KEEP_OUT, None),
    # istio-injection with any other value: nobody, whatever the pod says.
    (DISABLED, {}, None),
    (DISABLED, INJECT, None),
    (DISABLED, REV_R, None),
    (DISABLED | REV_R, {}, None),
    ({"istio-injection": ""}, INJECT, None),
    # istio.io/rev on the namespace alone: that revision or tag; the pod's istio.io/rev is ignored.
    (REV_R, {}, R),
    (REV_R, {"istio.io/rev": OLD}, R),
    (REV_R, REV_GONE, R),
    (REV_R, INJECT, R),
    (REV_R, KEEP_OUT, None),
    (REV_PROD, {}, R),
    ({"istio.io/rev": OLD}, {}, OLD),
    # No label on the namespace: the pod's own revision.
    ({}, REV_R, R),
    ({}, REV_PROD, R),
    ({}, REV_R | INJECT, R),
    ({}, REV_R | KEEP_OUT, None),
    # No label on the namespace, and the pod only wants in: the default.
    ({}, INJECT, OLD),
    ({}, {}, None),
    ({}, KEEP_OUT, None),
]


@pytest.mark.parametrize(("namespace", "pod", "revision"), TABLE)
def test_every_row_of_the_precedence_table_gives_its_revision(namespace: dict[str, str], pod: dict[str, str], revision: str | None) -> None:
    decision = decide(namespace, pod, UNREVISIONED_AND_R)
    assert (decision.kind, decision.revision) == (("revision", revision) if revision else ("none", None))
    assert decision.unserved is None


@pytest.mark.parametrize(("namespace", "pod", "revision"), TABLE)
def test_with_a_tag_default_every_row_goes_to_the_tagged_revision(
    namespace: dict[str, str], pod: dict[str, str], revision: str | None
) -> None:
    webhooks = [*TAGGED_DEFAULT, build.injector(R, tag="prod")]
    decision = decide(namespace, pod, webhooks)
    assert decision.revision == (R if revision else None)


def test_the_tag_that_led_to_a_revision_is_told() -> None:
    by_tag = decide(REV_PROD, {}, UNREVISIONED_AND_R)
    assert (by_tag.via, by_tag.reason) == ("prod", "The pod gets a sidecar of revision 1-32-0 by tag prod.")
    assert decide(REV_R, {}, UNREVISIONED_AND_R).via is None
    assert decide(ENABLED, {}, TAGGED_DEFAULT).via == "default"


def test_the_matched_webhooks_are_named() -> None:
    assert decide(REV_R, {}, UNREVISIONED_AND_R).hooks == ("istio-sidecar-injector-1-32-0/rev.namespace.sidecar-injector.istio.io",)


def test_injection_by_default_reaches_unlabelled_pods_and_spares_system_namespaces() -> None:
    webhooks = [build.injector(OLD, by_default=True)]
    hooks = webhook.hooks(webhooks)
    assert injection.effective({}, {}, hooks, "shop", PLANES).revision == OLD
    assert injection.effective({}, KEEP_OUT, hooks, "shop", PLANES).kind == "none"
    assert injection.effective({}, {}, hooks, "kube-system", PLANES).kind == "none"


def test_istiod_declines_system_namespaces_even_if_they_are_labelled() -> None:
    decision = injection.effective(ENABLED, {}, webhook.hooks(UNREVISIONED_AND_R), "kube-system", PLANES)
    assert decision.kind == "none"
    assert "kube-system" in decision.reason


def test_a_planned_namespace_is_judged_as_if_it_had_its_name_label_already() -> None:
    hooks = webhook.hooks([build.injector(OLD, by_default=True)])
    bare = injection.effective({}, {}, hooks, "kube-public", PLANES)
    labelled = injection.effective({"kubernetes.io/metadata.name": "kube-public"}, {}, hooks, "kube-public", PLANES)
    assert bare == labelled


@pytest.mark.parametrize(
    ("namespace", "pod", "asked"),
    [(REV_GONE, {}, "gone"), ({}, REV_GONE, "gone"), (REV_GONE, REV_R, "gone")],
)
def test_a_label_that_no_webhook_serves_is_told_as_unserved(namespace: dict[str, str], pod: dict[str, str], asked: str) -> None:
    decision = decide(namespace, pod, UNREVISIONED_AND_R)
    assert (decision.kind, decision.unserved) == ("none", asked)
    assert f"revision or tag {asked}" in decision.reason


@pytest.mark.parametrize(("namespace", "pod"), [(ENABLED, {}), ({}, INJECT)])
def test_without_any_default_plane_the_default_is_told_as_unserved(namespace: dict[str, str], pod: dict[str, str]) -> None:
    for webhooks in ([build.injector(R)], [build.injector(OLD, deactivated=True), build.injector(R)]):
        assert decide(namespace, pod, webhooks).unserved == "default"


def test_a_webhook_whose_istiod_is_gone_blocks_pods() -> None:
    decision = decide(REV_GONE, {}, [build.injector("gone")])
    assert (decision.kind, decision.revision) == ("blocked", "gone")
    assert "istio-system/istiod-gone) is gone" in decision.reason


def test_a_webhook_without_ca_bundle_blocks_pods() -> None:
    decision = decide(REV_R, {}, [build.injector(R, ca=False)])
    assert (decision.kind, decision.revision) == ("blocked", R)
    assert "CA bundle" in decision.reason


def test_an_istiod_without_ready_pod_blocks_pods() -> None:
    planes = build.planes(build.istiod(R, ready=0))
    decision = injection.effective(REV_R, {}, build.hooks(build.injector(R)), "shop", planes)
    assert (decision.kind, decision.revision) == ("blocked", R)
    assert "istiod 1-32-0 has no ready pod" in decision.reason


def test_a_blocked_webhook_blocks_even_pods_that_istiod_would_decline() -> None:
    decision = decide(REV_GONE, {}, [build.injector("gone")], host_network=True)
    assert decision.kind == "blocked"


def test_a_dead_webhook_set_to_ignore_leaves_the_pod_without_sidecar() -> None:
    decision = decide(REV_GONE, {}, [build.injector("gone", policy="Ignore")])
    assert (decision.kind, decision.unserved) == ("none", "gone")


def test_a_webhook_by_url_needs_no_ca_bundle_and_is_answered_by_its_remote_plane() -> None:
    webhooks = [build.injector(R, url="https://istiod.example/inject", ca=False)]
    planes = build.planes(webhooks=webhooks)
    assert [plane.location for plane in planes] == ["remote"]
    assert injection.effective(REV_R, {}, webhook.hooks(webhooks), "shop", planes).revision == R


def test_a_webhook_by_url_is_answered_by_the_plane_of_its_own_revision() -> None:
    hooks = build.hooks(build.injector(R, url="https://istiod.example/inject"))
    planes = [*build.planes(build.istiod("a", ready=0)), *build.planes(webhooks=[build.injector(R, url="https://istiod.example/inject")])]
    assert injection.effective(REV_R, {}, hooks, "shop", planes).revision == R


def test_without_knowing_planes_every_trusted_webhook_counts_as_answered() -> None:
    hooks = build.hooks(build.injector("gone"))
    assert injection.effective(REV_GONE, {}, hooks, "shop").revision == "gone"


def test_webhooks_of_two_planes_that_both_match_are_told_as_double() -> None:
    decision = decide(ENABLED, {}, [build.injector(OLD), build.injector(R, tag="default")])
    assert (decision.kind, decision.rivals) == ("double", ("1-32-0", "default"))


def test_two_webhooks_of_the_same_plane_are_no_double_injection() -> None:
    webhooks = [build.injector(OLD), build.injector(OLD, tag="default")]
    decision = decide(ENABLED, {}, webhooks)
    assert (decision.kind, decision.revision, len(decision.hooks)) == ("revision", OLD, 2)


def test_planes_of_one_revision_name_in_two_namespaces_are_told_apart() -> None:
    webhooks = [build.injector(R), build.injector(R, namespace="mesh2")]
    planes = build.planes(build.istiod(R), build.istiod(R, "mesh2"))
    assert injection.effective(REV_R, {}, webhook.hooks(webhooks), "shop", planes).kind == "double"


@pytest.mark.parametrize(
    ("pod", "annotations", "kind"),
    [
        ({}, KEEP_OUT, "none"),
        ({}, INJECT, "revision"),
        (INJECT, KEEP_OUT, "revision"),
        ({"sidecar.istio.io/inject": "yes"}, KEEP_OUT, "revision"),
    ],
)
def test_the_old_annotation_still_counts_and_the_label_outweighs_it(pod: dict[str, str], annotations: dict[str, str], kind: str) -> None:
    assert decide(REV_R, pod, UNREVISIONED_AND_R, pod_annotations=annotations).kind == kind


def test_a_pod_on_the_hosts_network_is_not_injected() -> None:
    decision = decide(REV_R, {}, UNREVISIONED_AND_R, host_network=True)
    assert decision.kind == "none"
    assert "network" in decision.reason


@pytest.mark.parametrize(
    ("config", "pod", "kind"),
    [
        ({"policy": "disabled"}, {}, "none"),
        ({"policy": "disabled"}, INJECT, "revision"),
        ({"policy": "disabled", "alwaysInjectSelector": [{"matchLabels": {"mesh": "in"}}]}, {"mesh": "in"}, "revision"),
        ({"policy": "enabled", "neverInjectSelector": [{"matchLabels": {"job": "x"}}]}, {"job": "x"}, "none"),
        ({"policy": "enabled", "neverInjectSelector": [{"matchLabels": {"job": "x"}}]}, {"job": "x"} | INJECT, "revision"),
        ({"policy": "enabled", "neverInjectSelector": [{}]}, {}, "revision"),
    ],
)
def test_the_injectors_policy_and_selectors_count(config: dict[str, Any], pod: dict[str, str], kind: str) -> None:
    assert decide(REV_R, pod, UNREVISIONED_AND_R, policies={R: policy.parse(config)}).kind == kind
