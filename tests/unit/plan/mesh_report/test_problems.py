"""What a report calls a problem, and the command that mends it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.plan.mesh_report.made import (
    ENTRY,
    OLD,
    answer,
    endpoints,
    facts,
    gateway,
    mismatch,
    part,
    plane,
    remote_secret,
    report,
    root,
)

WAITING = {"namespace": "shop", "name": "cart", "waiting": True, "refused": False, "release": None}
SHOP = {"cluster": "eu", "name": "shop", "injection": "double", "reason": "two"}


@pytest.mark.parametrize(
    ("changes", "severity", "code", "name"),
    [
        ({"answer": answer(plane(ready=False, status="1 of 2 replicas"))}, "error", "control_plane_not_ready", "Revision 1-32-0"),
        ({"answer": answer(plane(ca_expiry="2026-02-01T00:00:00Z"))}, "warning", "ca_expires", "Secret istio-system/cacerts"),
        ({"answer": answer(plane(ca_expiry="2026-01-01T00:00:00Z"))}, "error", "ca_expires", "Secret istio-system/cacerts"),
        ({"answer": answer(plane(), plane(OLD), blockers={OLD: []})}, "info", "revision_unused", "Revision 1-31-0"),
        ({"answer": answer(namespaces=[SHOP])}, "error", "injection_double", "Namespace shop"),
        ({"answer": answer(unreadable=["Secrets may not be read."])}, "warning", "unreadable", "Cluster eu"),
        (
            {"answer": answer(gateways=[gateway()]), "facts": facts(services=[{**ENTRY, "addresses": []}])},
            "warning",
            "gateway_without_address",
            "Service edge/web",
        ),
        (
            {"facts": facts(remote_secrets=[remote_secret(token_expiry="2026-02-01T00:00:00Z")])},
            "warning",
            "token_expires",
            "Secret istio-system/istio-remote-secret-us",
        ),
        (
            {"facts": facts(remote_secrets=[remote_secret(usable=False)])},
            "error",
            "remote_secret_unusable",
            "Secret istio-system/istio-remote-secret-us",
        ),
        ({"endpoints": endpoints("istiod-1-32-0")}, "error", "endpoints_differ", "EndpointSlice istio-system/istiod-1-32-0"),
        ({"endpoints": endpoints(missing=["ready pod of istiod 1-32-0"])}, "warning", "unreadable", "Cluster eu"),
        ({"releases": {"workloads": [WAITING]}}, "info", "release_waits", "Deployment shop/cart"),
    ],
)
def test_a_problem_names_its_object_and_a_command(changes: dict[str, Any], severity: str, code: str, name: str) -> None:
    (one,) = report(part(**changes))["problems"]
    assert (one["severity"], one["code"], one["cluster"], one["object"]) == (severity, code, "eu", name)
    assert one["evidence"]
    assert one["command"].startswith(("kubectl --context eu ", "ansible-playbook meshyard.istio."))


def test_clusters_that_read_each_other_without_a_root_in_common_are_a_problem() -> None:
    reads = facts(remote_secrets=[remote_secret(uid="uid-us")])
    strange = part("us", names={"us": "us"}, facts=facts("us", roots=[root("b" * 64)]))
    (one,) = report(part(facts=reads), strange)["problems"]
    assert (one["code"], one["command"]) == ("roots_differ", "ansible-playbook meshyard.istio.trust")
    common = part("us", names={"us": "us"}, facts=facts("us", roots=[root("b" * 64), root()]))
    assert report(part(facts=reads), common)["problems"] == []


def test_pods_of_a_workload_are_one_problem_with_the_command_that_restarts_it() -> None:
    (one,) = report(part(answer=answer(mismatches=[mismatch("cart-1"), mismatch("cart-2")])))["problems"]
    assert one["evidence"] == "2 pods: old"
    assert one["command"] == "kubectl --context eu -n shop rollout restart deployment/cart"


def test_a_workload_with_the_right_sidecar_is_looked_at_and_not_restarted() -> None:
    (one,) = report(part(answer=answer(mismatches=[mismatch("cart-1", injected="1-32-0", reason="it is not ready")])))["problems"]
    assert one["command"] == "kubectl --context eu -n shop get deployment cart -o wide"


def test_of_a_control_plane_elsewhere_its_webhook_is_looked_at() -> None:
    (one,) = report(part(answer=answer(plane(location="remote", ready=False, status="webhook no_ca_bundle"))))["problems"]
    assert one["command"] == "kubectl --context eu get mutatingwebhookconfigurations -l istio.io/rev=1-32-0"


def test_what_is_not_known_is_told_as_information() -> None:
    (one,) = report(part(answer=answer(mismatches=[mismatch("cart-1", status="unknown", reason="no istiod was asked")])))["problems"]
    assert one["severity"] == "info"


def test_a_name_with_words_of_a_shell_stays_one_word_of_the_command() -> None:
    (one,) = report(part(answer=answer(namespaces=[{**SHOP, "name": "shop; rm -r x"}])))["problems"]
    assert one["command"] == "kubectl --context eu get namespace 'shop; rm -r x' --show-labels"


@pytest.mark.parametrize(
    ("kubeconfig", "cluster", "command"),
    [
        ("/c/eu.yml", {"host": "https://eu", "context": "admin"}, "kubectl --kubeconfig /c/eu.yml --context admin get "),
        ("/c/eu.yml", {"host": "https://eu", "context": None}, "kubectl --kubeconfig /c/eu.yml get "),
        (
            "/c/eu.yml:/c/users",
            {"host": "https://eu", "context": "admin"},
            "env KUBECONFIG=/c/eu.yml:/c/users kubectl --context admin get ",
        ),
        ("", {"host": "https://eu", "context": None}, "kubectl --server https://eu get "),
    ],
)
def test_a_command_leads_to_the_cluster_that_it_is_about(kubeconfig: str, cluster: dict[str, Any], command: str) -> None:
    read = {"answer": answer(namespaces=[SHOP], cluster=cluster), "facts": facts(cluster=cluster)}
    (one,) = report(part(kubeconfig=kubeconfig, **read))["problems"]
    assert one["command"] == f"{command}namespace shop --show-labels"
