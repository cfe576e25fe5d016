"""What stands against a canary."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._plan.objects.steps import Object
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release import canary
from ansible_collections.meshyard.istio.plugins.module_utils._plan.release.canary_problems import problems
from tests.unit.plan.release.build import CART, deployment, service, template

EXPRESSION = {"key": "app", "operator": "In", "values": ["cart"]}
MOUNTED = [{"name": "data", "persistentVolumeClaim": {"claimName": "cart"}}]
CASES: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "all is well": ({}, []),
    "metrics could not tell": (
        {"template": template({"app": "cart", "service.istio.io/workload-name": "cart"})},
        [("blocker", "workload_name_label")],
    ),
    "no service": ({"services": [service(selector={"app": "stock"})]}, [("blocker", "no_service")]),
    "a service outside": ({"services": [service(type="ExternalName")]}, [("blocker", "no_service")]),
    "a service without a selector": ({"services": [service(selector=None)]}, [("blocker", "no_service")]),
    "a service that has the canary's labels": (
        {"services": [service(), service("other", selector={"app": "cart-canary"})]},
        [("blocker", "canary_selected")],
    ),
    "a service by Istio's labels alone": (
        {
            "services": [service(selector={"istio.io/rev": "x"})],
            "template": template({"app": "cart", "istio.io/rev": "x"}),
        },
        [("blocker", "canary_selected")],
    ),
    "ports that clients encrypt": (
        {"services": [service("cart", {"name": "https-web", "port": 443}, {"name": "http", "port": 80})]},
        [("warning", "port_encrypted")],
    ),
    "labels that the selector wants": (
        {"template": template({"app": "stock"})},
        [("blocker", "no_service"), ("blocker", "template_not_selected")],
    ),
    "a selector by expressions": ({"selector": {"matchExpressions": [EXPRESSION]}}, [("blocker", "selector_unmet")]),
    "a selector by both": (
        {"selector": {"matchLabels": {"app": "cart"}, "matchExpressions": [{"key": "app", "operator": "Exists"}]}},
        [],
    ),
    "a selector by Istio's labels alone": (
        {"selector": {"matchLabels": {"istio.io/x": "cart"}}, "template": template({"istio.io/x": "cart"}), "services": [service()]},
        [("blocker", "no_service"), ("blocker", "selector_unmet")],
    ),
    "the network of nodes": ({"template": template(hostNetwork=True)}, [("blocker", "host_network")]),
    "ports of nodes": (
        {"template": template(containers=[{"name": "app", "ports": [{"containerPort": 80, "hostPort": 80}]}])},
        [("warning", "host_port")],
    ),
    "volumes": ({"template": template(volumes=MOUNTED)}, [("warning", "volume_claim")]),
}


@pytest.mark.parametrize("what", CASES)
def test_what_stands_against_a_canary_is_found(what: str) -> None:
    case, wanted = CASES[what]
    new: Object = case.get("template", template())
    found = problems(deployment(selector=case.get("selector")), case.get("services", [service()]), new)
    assert [(one.level, one.code) for one in found] == wanted
    assert all(one.object == "Deployment shop/cart" and one.message and one.remedy for one in found)


def test_a_canary_that_is_there_already_stands_against_nothing() -> None:
    beside = canary.service(service(), CART, {"app": "cart-canary"})
    assert problems(deployment(), [service(), beside], template()) == []
