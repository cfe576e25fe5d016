"""The page of a mesh report in a real browser."""

from __future__ import annotations

import re

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh_report.part import Part
from tests.browser.shown import A4_MARGINS, Scheme, Shown, content_width
from tests.unit.plan.mesh_report import made

LONG = "a-name-as-long-as-kubernetes-allows-for-namespaces-and-workloads"
RELEASE = {"phase": "progressing", "weight": 25, "begun": "2026-01-31T11:00:00+00:00", "verdicts": ["success_percent is 99.9"]}


@pytest.fixture(scope="module")
def full() -> str:
    """A page on which every section has something to show."""
    hooks = {"cluster": "eu", "labels": {}, "tag": "prod", "reason": "The pod gets a sidecar by tag prod."}
    spaces = [{**hooks, "name": name, "injection": "double", "revision": made.NEW} for name in ("shop", LONG)]
    listener = {"group": "networking.istio.io", "namespace": "edge", "name": "web", "selector": {}, "ports": ["443/HTTPS"]}
    rule = {"namespace": "shop", "name": "cart", "host": f"cart.{LONG}.svc.cluster.local", "locality": "eu fails over to us"}
    eu = made.part(
        answer=made.answer(
            made.plane(),
            made.plane(made.OLD, ready=False, status="1 of 2 replicas", tags=[], default=True),
            workloads=[made.workload("cart", r1_31_0=1, r1_32_0=2), made.workload(LONG, r1_32_0=3)],
            gateways=[made.gateway(), made.gateway(name="inner", services=[])],
            namespaces=spaces,
            mismatches=[made.mismatch("cart-1", reason="its proxy is of revision 1-31-0 in version 1.31.0, and should be of 1-32-0")],
            unreadable=["Secrets in namespace istio-system may not be read."],
        ),
        facts=made.facts(
            remote_secrets=[made.remote_secret(token_expiry="2026-02-01T00:00:00Z")],
            services=[made.ENTRY],
            localities=[{**rule, "outlier_detection": True}],
            listeners=[{**listener, "hosts": ["*.example.com"], "routed_hosts": ["shop.example.com"]}],
        ),
        releases={"workloads": [{"namespace": "shop", "name": "cart", "waiting": False, "release": RELEASE, "canary": None}]},
    )
    lost = Part("us", facts={"msg": f"The API server https://{LONG}{LONG}.example.com:6443 gave no answer.", "code": "unreachable"})
    return made.rendered(made.report(eu, lost))


@pytest.fixture(scope="module")
def large() -> str:
    """A page of 10,000 pods in 2,000 workloads, half of which are on another control plane than they should be."""
    rows = [
        {**made.workload(f"workload-{number}"), "namespace": f"team-{number // 10}", "pods": {made.OLD if number % 2 else made.NEW: 5}}
        for number in range(2000)
    ]
    pods = [made.mismatch(f"pod-{number}", workload=f"Deployment workload-{number // 5}") for number in range(10_000) if number // 5 % 2]
    return made.rendered(made.report(made.part(answer=made.answer(workloads=rows, mismatches=pods))))


def test_all_of_it_is_shown_without_a_word_of_the_console_and_without_a_request(shown: Shown, full: str) -> None:
    with shown.page(full) as page:
        titles = page.locator("h2").all_inner_texts()
        assert titles[:3] == ["Problems", "Control planes", "Migration"]
        assert page.locator("table").count() == 14
        assert page.locator("svg rect").first.is_visible()
        page.get_by_role("link", name="Gateways").click()
        assert page.url.endswith("#gateways")
    assert (shown.said, shown.requests) == ([], [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_against_it(shown: Shown, full: str, scheme: Scheme) -> None:
    assert shown.violations(full, scheme) == []


def test_on_a_narrow_screen_only_tables_scroll_sideways(shown: Shown, full: str) -> None:
    with shown.page(full, width=400) as page:
        assert content_width(page) <= 400


def test_it_prints_on_a4_with_all_of_its_tables(shown: Shown, full: str) -> None:
    pdf, width = shown.printed(full)
    sheets = {tuple(map(round, map(float, box.split()))) for box in re.findall(rb"/MediaBox \[([\d. ]+)\]", pdf)}
    assert sheets == {(0, 0, 595, 842)}
    assert width <= A4_MARGINS


def test_a_page_of_ten_thousand_pods_opens_and_is_narrow_too(shown: Shown, large: str) -> None:
    assert len(large.encode()) < 3 * 2**20
    with shown.page(large, width=400) as page:
        assert page.locator("#workloads").is_visible()
        assert content_width(page) <= 400
    assert (shown.said, shown.requests) == ([], [])
