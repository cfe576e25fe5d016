"""Who may answer a probe of the gate."""

from __future__ import annotations

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster.kinds import kind
from ansible_collections.meshyard.istio.plugins.module_utils._plan.dataplane.labels import NamespaceState
from ansible_collections.meshyard.istio.plugins.module_utils._run.gate import probes as gate_probes
from ansible_collections.meshyard.istio.plugins.module_utils._run.gate.probes import Probe
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.exec import Request
from ansible_collections.meshyard.istio.plugins.module_utils._run.probe.source import Source
from tests.unit.mesh import build
from tests.unit.run.fake import FakeApi, cluster

OLD, NEW = "1-31-0", "1-32-0"


@pytest.mark.parametrize(
    ("url", "namespace", "found"),
    [
        ("http://cart.shop:8080/", "front", ["cart-1"]),
        ("http://cart.shop.svc.cluster.local/", "front", ["cart-1"]),
        ("http://cart/", "shop", ["cart-1"]),
        ("http://cart/", "front", []),
        ("http://10.0.0.1/", "shop", []),
        ("http://shop.example.com/", "shop", []),
    ],
)
def test_the_pods_behind_a_url_are_those_of_its_service(url: str, namespace: str, found: list[str]) -> None:
    api = FakeApi()
    api.add("Service", build.service("cart", "shop", app="cart"))
    api.add("Pod", build.pod("cart-1", revision=OLD, marks={"app": "cart"}), build.pod("web-1", marks={"app": "web"}))
    one = Probe("p", Source(namespace=namespace, workload="web"), Request(url))
    assert sorted(gate_probes.behind(cluster(api), one, []).service) == found


def test_pods_of_the_moved_namespaces_are_known_by_name_even_if_services_may_not_be_read() -> None:
    api = FakeApi()
    api.refused = [kind("Service").path("shop")]
    namespace_state = NamespaceState("shop", build.namespace("shop"), pods=(build.pod("web-1", revision=NEW),))
    one = Probe("p", Source(controller=True), Request("http://cart.shop/"))
    found = gate_probes.behind(cluster(api), one, [namespace_state])
    assert (found.plane("web-1"), found.plane("unnamed")) == (NEW, None)
