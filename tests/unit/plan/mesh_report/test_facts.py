"""What a report tells beside control planes and workloads: settings, entries, tokens."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh_report import attached, entries, settings
from ansible_collections.meshyard.istio.plugins.module_utils._plan.remote.kubeconfig import Kubeconfig


def jwt(**claims: Any) -> str:
    content = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"head.{content}.signature"


def named(name: str, namespace: str = "shop", group: str = "", **spec: Any) -> dict[str, Any]:
    return {"apiVersion": f"{group}/v1", "metadata": {"name": name, "namespace": namespace, "labels": {}}, "spec": spec}


def test_what_a_mesh_leaves_out_is_what_istio_does() -> None:
    assert settings.settings({}) == {
        "trust_domain": "cluster.local",
        "trust_domain_aliases": [],
        "mesh_id": "",
        "auto_mtls": True,
        "min_tls": "TLSV1_2",
        "outbound_policy": "ALLOW_ANY",
        "locality": "",
    }


def test_what_a_mesh_says_is_told() -> None:
    config = {"trustDomain": "td", "enableAutoMtls": False, "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}
    found = settings.settings({**config, "localityLbSetting": {"failover": [{"from": "eu", "to": "us"}]}})
    assert (found["trust_domain"], found["auto_mtls"], found["outbound_policy"]) == ("td", False, "REGISTRY_ONLY")
    assert found["locality"] == "eu fails over to us"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"enabled": False, "failover": [{"from": "eu", "to": "us"}]}, "off"),
        ({"enabled": True}, "on"),
        ({"distribute": [{"from": "eu/*", "to": {"us/*": 20, "eu/*": 80}}]}, "from eu/*: 80 % to eu/*, 20 % to us/*"),
        ({"failoverPriority": ["topology.istio.io/network", "a"]}, "priority by topology.istio.io/network, a"),
    ],
)
def test_a_locality_setting_is_told_in_words(setting: dict[str, Any], said: str) -> None:
    rule = named(
        "cart", host="cart", trafficPolicy={"loadBalancer": {"localityLbSetting": setting}, "outlierDetection": {"interval": "1s"}}
    )
    found = settings.policies([settings.kept_of_rule(rule), named("plain", host="plain")])
    assert found == [{"namespace": "shop", "name": "cart", "host": "cart", "locality": said, "outlier_detection": True}]


def test_services_that_lead_in_are_told_and_others_left_out() -> None:
    inside = named("app", type="ClusterIP", ports=[{"port": 80}])
    mesh_only = named("inner", ports=[{"port": 15021}, {"port": 443, "protocol": "TCP"}])
    outside = {**named("web", type="LoadBalancer", ports=[{"port": 443}]), "status": {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}}
    found = entries.services(map(entries.kept_of_service, [outside, inside, mesh_only]))
    assert [(one["name"], one["type"], one["addresses"], one["ports"]) for one in found] == [
        ("inner", "ClusterIP", [], ["15021/TCP", "443/TCP"]),
        ("web", "LoadBalancer", ["10.0.0.1"], ["443/TCP"]),
    ]


def test_a_gateway_tells_its_hosts_and_those_that_are_routed_behind_it() -> None:
    istio, api = "networking.istio.io", "gateway.networking.k8s.io"
    servers = [{"port": {"number": 443, "protocol": "HTTPS"}, "hosts": ["*.example.com"]}]
    gateways = [
        named("web", "edge", istio, selector={"istio": "web"}, servers=servers),
        named("web", "edge", api, listeners=[{"port": 80, "protocol": "HTTP"}]),
    ]
    virtual = [named("shop", hosts=["shop.example.com"], gateways=["edge/web", "mesh"]), named("inner", hosts=["cart"])]
    routes = [
        named("bank", hostnames=["bank.example.com"], parentRefs=[{"name": "web", "namespace": "edge"}, {"kind": "Service", "name": "web"}])
    ]
    found = entries.listeners(gateways, map(entries.kept_of_route, virtual), map(entries.kept_of_route, routes))
    assert [(one["group"], one["ports"], one["hosts"], one["routed_hosts"]) for one in found] == [
        (api, ["80/HTTP"], ["*"], ["bank.example.com"]),
        (istio, ["443/HTTPS"], ["*.example.com"], ["shop.example.com"]),
    ]


def test_a_remote_secret_tells_when_its_token_expires_and_never_the_token() -> None:
    token = jwt(exp=1_800_000_000)
    kubeconfig = base64.b64encode(Kubeconfig("us", "https://user:pass@us:6443/x", "", token).render().encode()).decode()
    meta = {"name": "istio-remote-secret-us", "namespace": "istio-system", "annotations": {"meshyard.io/cluster-uid": "u"}}
    found = attached.attached([{"metadata": meta, "data": {"us": kubeconfig}}, {"metadata": {"name": "broken"}, "data": {"asia": "!"}}])
    assert [(one["name"], one["server"], one["uid"], one["token_expiry"], one["usable"]) for one in found] == [
        ("asia", "", "", None, False),
        ("us", "https://us:6443", "u", "2027-01-15T08:00:00Z", True),
    ]
    assert token not in str(found)
    assert "pass" not in str(found)


@given(st.text() | st.builds("head.{}.tail".format, st.text()) | st.builds(lambda exp: jwt(exp=exp), st.none() | st.text() | st.integers()))
def test_whatever_a_token_is_its_expiry_is_a_time_or_not_known(token: str) -> None:
    found = attached.token_expiry(token)
    assert found is None or found.tzinfo is not None
