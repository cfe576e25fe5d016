"""What of the use of a revision is left when other things go, and how it is shown."""

from __future__ import annotations

from typing import Any

from ansible_collections.meshyard.istio.plugins.plugin_utils.blockers import besides, lines


def blocker(kind: str, namespace: str, name: str, code: str = "pod", tag: str = "") -> dict[str, Any]:
    return {"cluster": "eu", "kind": kind, "namespace": namespace, "name": name, "code": code, "reason": "r", "tag": tag}


def test_a_namespace_that_leaves_takes_along_all_that_is_in_it() -> None:
    rows = [blocker("Namespace", "", "shop"), blocker("Pod", "shop", "cart-0"), blocker("Pod", "bank", "shop")]
    assert besides(rows, namespaces=["shop"]) == rows[2:]


def test_a_gateway_takes_along_its_own_pods_and_no_others() -> None:
    gateway = {"namespace": "edge", "name": "web", "kind": "ingress"}
    own = [blocker("Deployment", "edge", "web"), blocker("Pod", "edge", "web-5f-x")]
    others = [blocker("Pod", "edge", "website-5f-x"), blocker("Pod", "shop", "web")]
    assert besides([*own, *others], gateways=[gateway]) == others


def test_tags_that_go_are_known_by_their_name_and_not_by_a_sentence() -> None:
    rows = [blocker("Service", "istio-system", "a", "tag", "prod"), blocker("Namespace", "", "shop", "namespace", "prod")]
    other = blocker("Service", "istio-system", "b", "tag", "prod-2")
    assert besides([*rows, other], tags=["prod"]) == [rows[1], other]


def test_a_kind_of_use_that_goes_is_known_by_its_code() -> None:
    rows = [
        blocker("ValidatingWebhookConfiguration", "", "istiod-default-validator", "default_validator"),
        blocker("Pod", "shop", "cart-0"),
    ]
    assert besides(rows, codes=["default_validator"]) == rows[1:]


def test_each_blocker_is_one_line_once_and_those_beyond_the_limit_are_counted() -> None:
    rows = [blocker("Pod", "shop", f"cart-{number}") for number in (0, 0, 1, 2)]
    assert lines(rows) == ["Pod shop/cart-0 (r)", "Pod shop/cart-1 (r)", "Pod shop/cart-2 (r)"]
    assert lines(rows, limit=1) == ["Pod shop/cart-0 (r)", "and 2 more"]
    assert lines(rows, limit=3) == lines(rows)
    assert lines([blocker("Pods", "", "")]) == ["Pods (r)"]
