"""Proxies of pods, their connections by istiod's word, and the verdict on each pod."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._mesh import image, proxies, syncz, verdict
from tests.unit.mesh import build

CDS = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
LDS = "type.googleapis.com/envoy.config.listener.v3.Listener"


def entry(proxy: str = "cart-1.shop", *, version: str = "1.32.0", cluster: str = "east", **resources: Any) -> dict[str, Any]:
    given = resources or {CDS: {"sent": "n1", "acked": "n1"}, LDS: {"sent": "n2", "acked": "n2"}}
    return {"proxy": proxy, "cluster_id": cluster, "istio_version": version, "resources": given}


def connected(*entries: dict[str, Any], plane: str = "r1", silent: tuple[syncz.Silent, ...] = ()) -> syncz.Connections:
    return syncz.merge(syncz.parse(list(entries), plane, f"istiod-{plane}-0"), silent)


@pytest.mark.parametrize(
    ("reference", "tag", "version"),
    [
        ("docker.io/istio/proxyv2:1.32.0", "1.32.0", "1.32.0"),
        ("proxyv2:1.32.0-distroless", "1.32.0-distroless", "1.32.0"),
        ("registry:5000/istio/proxyv2", "", ""),
        ("registry:5000/proxyv2:1.32.0-rc.1-debug@sha256:00", "1.32.0-rc.1-debug", "1.32.0-rc.1"),
        ("proxyv2@sha256:00", "", ""),
        ("", "", ""),
    ],
)
def test_the_version_is_the_tag_of_the_image_without_its_variant(reference: str, tag: str, version: str) -> None:
    assert (image.tag(reference), image.version(reference)) == (tag, version)


@pytest.mark.parametrize("native", [False, True])
def test_a_sidecar_is_found_as_container_and_as_native_sidecar(native: bool) -> None:
    (found,) = proxies.proxies([build.pod("cart-1", revision="r1", native=native), build.pod("bare")])
    assert (found.revision, found.version, found.native, found.gateway, found.ready) == ("r1", "1.32.0", native, False, True)


def test_the_revision_is_read_from_the_status_where_the_annotation_is_missing() -> None:
    annotations = {"sidecar.istio.io/status": json.dumps({"revision": "r7"})}
    assert proxies.injected_by(build.pod("x", annotations=annotations)) == "r7"
    assert proxies.injected_by(build.pod("x", annotations={"sidecar.istio.io/status": "not json"})) is None
    assert proxies.injected_by(build.pod("x", annotations={"sidecar.istio.io/status": "[]"})) is None


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_pods_that_have_ended_have_no_proxy(phase: str) -> None:
    assert not proxies.proxies([build.pod("x", revision="r1", phase=phase)])


def test_a_gateway_is_known_by_its_template_its_gateway_label_or_its_arguments() -> None:
    by_template = build.pod("a", revision="r1", annotations={"inject.istio.io/templates": "gateway", "istio.io/rev": "r1"})
    by_label = build.pod("b", revision="r1", marks={"gateway.networking.k8s.io/gateway-name": "g"})
    by_arguments = build.pod("c", revision="r1")
    by_arguments["spec"]["containers"][1]["args"] = ["proxy", "router"]
    assert all(proxy.gateway for proxy in proxies.proxies([by_template, by_label, by_arguments]))


def test_a_connection_of_the_new_shape_is_read() -> None:
    (found,) = syncz.parse([entry()], "r1", "istiod-r1-0")
    assert (found.pod, found.namespace, found.cluster, found.version) == ("cart-1", "shop", "east", "1.32.0")
    assert (found.plane, found.istiod, found.synced) == ("r1", "istiod-r1-0", True)


def test_a_connection_of_the_old_shape_is_read() -> None:
    old = {"proxy": "cart-1.shop", "istio_version": "1.20.0", "cluster_sent": "a", "cluster_acked": "a", "route_sent": "b"}
    (found,) = syncz.parse([old], "r1", "i")
    assert (found.pending, found.synced) == (("route",), False)
    (done,) = syncz.parse([{**old, "route_acked": "b"}], "r1", "i")
    assert done.synced


def test_a_pod_with_dots_in_its_name_keeps_them() -> None:
    (found,) = syncz.parse([entry("web.v1.example.shop")], "r1", "i")
    assert (found.pod, found.namespace) == ("web.v1.example", "shop")


def test_a_rejection_is_told_with_its_type_and_message() -> None:
    (found,) = syncz.parse([entry(**{LDS: {"sent": "n2", "acked": "n1", "lastError": "bad port"}})], "r1", "i")
    assert (found.errors, found.pending, found.synced) == (("Listener: bad port",), ("Listener",), False)


def test_a_proxy_that_was_sent_nothing_is_not_synced() -> None:
    (found,) = syncz.parse([{"proxy": "cart-1.shop"}], "r1", "i")
    assert (found.idle, found.synced) == (True, False)


@pytest.mark.parametrize("answer", [{"proxies": []}, ["text"], "no"])
def test_an_answer_that_is_no_list_of_proxies_is_refused_by_name(answer: Any) -> None:
    with pytest.raises(MeshyardError, match="istiod-r1-0 of revision r1"):
        syncz.parse(answer, "r1", "istiod-r1-0")


def test_no_clients_at_all_is_a_proper_answer() -> None:
    assert syncz.parse(None, "r1", "i") == []
    assert syncz.parse([], "r1", "i") == []


def test_after_a_reconnect_the_stream_with_the_latest_push_counts() -> None:
    old = entry(**{CDS: {"sent": "a", "acked": "a", "sentTime": "2026-11-21T10:00:00.5Z"}})
    new = entry(**{CDS: {"sent": "b", "acked": "", "sentTime": "2026-11-21T10:00:00.75Z"}})
    streams = [*syncz.parse([old], "r1", "one"), *syncz.parse([new], "r2", "two")]
    for order in (streams, streams[::-1]):
        found = syncz.merge(order).find("shop", "cart-1")
        assert found
        assert (found.plane, found.synced) == ("r2", False)


@given(st.permutations([("a", "a"), ("a", ""), ("b", "b")]))
def test_without_times_a_proxy_listed_twice_counts_as_the_worse(order: list[tuple[str, str]]) -> None:
    streams = [syncz.parse([entry(**{CDS: {"sent": sent, "acked": acked}})], "r1", sent + acked)[0] for sent, acked in order]
    found = syncz.merge(streams).find("shop", "cart-1")
    assert found
    assert not found.synced


def test_pods_of_one_name_in_two_clusters_are_told_apart() -> None:
    connections = connected(entry(cluster="east"), entry(cluster="west", version="1.31.0"))
    west = connections.find("shop", "cart-1", "west")
    assert west
    assert west.version == "1.31.0"
    assert connections.find("shop", "cart-1", "north") is None
    anywhere = connections.find("shop", "cart-1")
    assert anywhere
    assert anywhere.cluster == "east"


def judge(pod: dict[str, Any], connections: syncz.Connections | None, target: verdict.Target | None = None) -> verdict.Verdict:
    wanted = verdict.Target("r1", "1.32.0") if target is None else target
    (found,) = verdict.verdicts([pod], {("shop", "cart-1"): wanted}, connections)
    return found


def test_a_pod_with_everything_right_is_ok() -> None:
    found = judge(build.pod("cart-1", revision="r1"), connected(entry()))
    assert (found.status, found.reason) == ("ok", "")
    assert (found.desired, found.injected, found.connected, found.version) == ("r1", "r1", "r1", "1.32.0")


@pytest.mark.parametrize(
    ("pod", "connections", "part"),
    [
        (build.pod("cart-1"), connected(entry()), "has no sidecar"),
        (build.pod("cart-1", revision="r0"), connected(entry()), "is of revision r0"),
        (build.pod("cart-1", revision="r1", version="1.31.0"), connected(entry()), "version 1.31.0"),
        (build.pod("cart-1", revision="r1", ready=False), connected(entry()), "not ready"),
        (build.pod("cart-1", revision="r1", deletionTimestamp="now"), connected(entry()), "being deleted"),
        (build.pod("cart-1", revision="r1"), connected(entry("other.shop")), "connected to no istiod"),
        (build.pod("cart-1", revision="r1"), connected(entry(), plane="r0"), "connected to istiod r0"),
        (build.pod("cart-1", revision="r1"), connected(entry(**{CDS: {"sent": "b", "acked": "a"}})), "acknowledged Cluster"),
        (build.pod("cart-1", revision="r1"), connected(entry(**{CDS: {"sent": "b", "acked": "b", "lastError": "no"}})), "rejected"),
        (build.pod("cart-1", revision="r1"), connected({"proxy": "cart-1.shop"}), "no configuration yet"),
    ],
)
def test_whatever_is_wrong_with_a_pod_fails_it_in_words(pod: dict[str, Any], connections: syncz.Connections, part: str) -> None:
    found = judge(pod, connections)
    assert found.status == "failed"
    assert part in found.reason


def test_a_proxy_whose_image_is_a_digest_is_judged_by_its_own_word() -> None:
    pod = build.pod("cart-1", revision="r1")
    pod["spec"]["containers"][1]["image"] = "hub/proxyv2@sha256:00"
    assert judge(pod, connected(entry(version="1.32.0"))).status == "ok"
    found = judge(pod, connected(entry(version="1.31.0")))
    assert (found.status, found.reason) == ("failed", "its proxy says that it has version 1.31.0, and should have 1.32.0")


@pytest.mark.parametrize(
    ("image", "build_says", "status"),
    [
        ("hub/proxyv2:1.32.0-20260101-abc", "1.32.0", "ok"),
        ("hub/proxyv2:prod-7-distroless", "1.32.0", "ok"),
        ("hub/proxyv2:prod-7", "1.31.0", "failed"),
        ("hub/proxyv2:1.31.0-ours", "1.32.0", "failed"),
    ],
)
def test_a_tag_of_ones_own_leaves_it_to_the_build_unless_it_names_another_release(image: str, build_says: str, status: str) -> None:
    pod = build.pod("cart-1", revision="r1")
    pod["spec"]["containers"][1]["image"] = image
    assert judge(pod, connected(entry(version=build_says))).status == status


@pytest.mark.parametrize("tag", ["prod-7", "1.32.0-20260101-abc", "prod-7-distroless"])
def test_the_image_that_the_revision_gives_is_right_whatever_its_tag_and_registry(tag: str) -> None:
    pod = build.pod("cart-1", revision="r1")
    pod["spec"]["containers"][1]["image"] = f"mirror.example/istio/proxyv2:{tag}"
    target = verdict.Target("r1", "1.32.0", "hub/proxyv2:" + tag.removesuffix("-distroless"))
    assert verdict.is_right(pod, target)
    assert not verdict.is_right(pod, verdict.Target("r1", "1.32.0", "hub/proxyv2:other"))


@pytest.mark.parametrize(
    "annotations",
    [
        {"sidecar.istio.io/proxyImage": "hub/proxyv2:1.29.9-ours"},
        {"proxy.istio.io/overrides": '{"containers": [{"name": "istio-proxy", "image": "hub/proxyv2:1.29.9-ours"}]}'},
        {"proxy.istio.io/overrides": '{"initContainers": [{"name": "istio-proxy", "image": "hub/proxyv2:1.29.9-ours"}]}'},
    ],
)
def test_an_image_that_the_pod_brings_itself_is_right(annotations: dict[str, str]) -> None:
    pod = build.pod("cart-1", revision="r1", version="1.29.9-ours")
    assert judge(pod, connected(entry())).status == "failed"
    pod["metadata"]["annotations"] |= annotations
    assert judge(pod, connected(entry())).status == "ok"


@pytest.mark.parametrize(
    "told",
    ["not json", '{"containers": [{"name": "istio-proxy"}]}', '{"containers": [{"name": "app", "image": "i"}]}'],
)
def test_other_notes_of_the_injector_say_nothing_about_the_image(told: str) -> None:
    pod = build.pod("cart-1", revision="r1", version="1.29.9-ours")
    pod["metadata"]["annotations"]["proxy.istio.io/overrides"] = told
    assert judge(pod, connected(entry())).status == "failed"


def test_an_istiod_that_could_not_be_asked_leaves_a_verdict_unknown() -> None:
    pod = build.pod("cart-1", revision="r1")
    assert judge(pod, None).status == "unknown"
    silent = (syncz.Silent("r1", "istiod-r1-1", "timed out"),)
    found = judge(pod, connected(silent=silent))
    assert found.status == "unknown"
    assert "istiod-r1-1" in found.reason
    assert judge(pod, connected(entry(), silent=silent)).status == "ok"


def test_a_pod_that_should_be_out_of_the_mesh_must_have_no_sidecar() -> None:
    out = verdict.Target(None)
    assert judge(build.pod("cart-1"), None, out).status == "ok"
    assert judge(build.pod("cart-1", revision="r1"), None, out).status == "failed"


def test_pods_without_target_and_finished_pods_get_no_verdict() -> None:
    pods = [build.pod("other"), build.pod("cart-1", phase="Succeeded")]
    assert not verdict.verdicts(pods, {("shop", "cart-1"): verdict.Target("r1")}, None)
