"""What a revision gives its pods, as its ConfigMaps tell, and how few requests it takes to know."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connect import Cluster
from ansible_collections.meshyard.istio.plugins.module_utils._run.dataplane import read as dataplane
from tests.unit.mesh import build
from tests.unit.run.fake import FakeApi

(PLANE,) = build.planes(build.istiod("1-32-0", tag="1.32.0"))


def config(values: Any = None, text: str = "policy: enabled\n") -> dict[str, str]:
    return {"config": text, "values": values if isinstance(values, str) else json.dumps(values or {})}


@pytest.mark.parametrize(
    ("values", "version"),
    [
        ({"global": {"tag": "1.32.1", "proxy": {"image": "proxyv2"}}}, "1.32.1"),
        ({"global": {"tag": "1.32.1-distroless"}}, "1.32.1"),
        ({"global": {"tag": "1.32.1", "proxy": {"image": "hub.example/own/proxy:1.32.5-debug"}}}, "1.32.5"),
        ({"global": {"tag": 1.32}}, "1.32"),
        ({}, "1.32.0"),
        ("broken", "1.32.0"),
    ],
)
def test_the_version_of_proxies_is_that_of_the_image_the_template_names(values: Any, version: str) -> None:
    assert dataplane.injector(config(values), {}, PLANE).version == version


def test_other_values_or_templates_make_another_fingerprint() -> None:
    first = dataplane.injector(config(), {"merged-values": "a"}, PLANE).fingerprint
    assert first == dataplane.injector(config(), {"merged-values": "a"}, PLANE).fingerprint
    assert first != dataplane.injector(config(), {"merged-values": "b"}, PLANE).fingerprint
    assert first != dataplane.injector(config(text="policy: disabled\n"), {"merged-values": "a"}, PLANE).fingerprint


POLICIES = [("policy: disabled\n", False), ("policy: enabled\n", True), ("a: [", True), ("", True), ("3", True)]


@pytest.mark.parametrize(("text", "enabled"), POLICIES)
def test_the_policy_is_read_and_a_broken_one_counts_as_the_default(text: str, enabled: bool) -> None:
    assert dataplane.injector(config(text=text), {}, PLANE).policy.enabled is enabled


def test_all_of_a_mesh_is_read_in_four_lists() -> None:
    api = FakeApi()
    api.add("Deployment", build.istiod("1-31-0"), build.istiod("1-32-0"))
    api.add("MutatingWebhookConfiguration", build.injector("1-31-0"), build.injector("1-32-0"), build.injector("1-31-0", tag="prod"))
    api.add("Service", build.tag_service("prod", "1-31-0"))
    meta = build.meta("istio-sidecar-injector-1-32-0", "istio-system", {"istio.io/rev": "1-32-0"})
    api.add("ConfigMap", {"metadata": meta, "data": config({"global": {"tag": "1.32.7"}})})

    found = dataplane.mesh(Cluster("fake", api), "istio-system")  # type: ignore[arg-type]  # stands in for it

    assert len(api.sent) == 4
    assert [plane.revision for plane in found.planes] == ["1-31-0", "1-32-0"]
    assert (found.resolve("prod"), found.target("1-32-0").version) == ("1-31-0", "1.32.7")


def test_a_namespace_is_read_in_six_requests_and_a_missing_one_in_one() -> None:
    api = FakeApi()
    api.add("Namespace", build.namespace("shop"))
    api.add(
        "ReplicaSet",
        {
            "metadata": build.meta(
                "web-5d4c",
                "shop",
                ownerReferences=[
                    {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web", "controller": True},
                ],
            )
        },
    )

    shop, gone = dataplane.namespaces(Cluster("fake", api), ["shop", "gone"])  # type: ignore[arg-type]  # stands in for it

    assert len(api.sent) == 7
    assert gone.obj is None
    assert shop.owners["shop", "ReplicaSet", "web-5d4c"].kind == "Rollout"
