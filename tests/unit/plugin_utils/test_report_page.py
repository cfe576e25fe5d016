"""The page of a mesh report."""

from __future__ import annotations

import html.parser
from typing import Any

from ansible_collections.meshyard.istio.plugins.module_utils._plan.mesh_report.change import Ending, change
from tests.unit.plan.mesh_report.made import (
    answer,
    changed,
    facts,
    gateway,
    mismatch,
    part,
    plane,
    remote_secret,
    rendered,
    report,
    workload,
)

ATTACK = "<script>alert(1)</script>{{ 1 }}"


class Outline(html.parser.HTMLParser):
    """The tags and the headings of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name == "href" and value]


def test_names_from_a_cluster_are_escaped_everywhere() -> None:
    found = answer(
        plane(ATTACK, tags=[ATTACK], status=ATTACK, ready=False),
        workloads=[{**workload(ATTACK, ATTACK), "namespace": ATTACK, "pods": {ATTACK: 1}}],
        gateways=[gateway(name=ATTACK, namespace=ATTACK, services=[ATTACK], running=[ATTACK])],
        namespaces=[{"cluster": "eu", "name": ATTACK, "injection": "double", "revision": ATTACK, "tag": ATTACK, "reason": ATTACK}],
        mismatches=[mismatch("a", workload=f"Deployment {ATTACK}", reason=ATTACK)],
        unreadable=[ATTACK],
    )
    rule = {"namespace": ATTACK, "name": ATTACK, "host": ATTACK, "locality": ATTACK, "outlier_detection": True}
    text = rendered(report(part(answer=found, facts=facts(ATTACK, localities=[rule], remote_secrets=[remote_secret(name=ATTACK)]))))
    assert "script" not in Outline(text).tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 1 }}" in text


def test_the_page_requests_nothing_and_has_no_script() -> None:
    text = rendered(report(part(), part("us", facts={"msg": "gone"}, answer={}, releases={})))
    outline = Outline(text)
    assert text.startswith("<!DOCTYPE html>")
    assert {"script", "img", "iframe", "object"}.isdisjoint(outline.tags)
    assert all(link.startswith(("#", "data:")) for link in outline.links)
    assert not [word for word in ("src=", "url(", "@import") if word in text]


def test_each_section_has_one_heading_to_which_a_link_leads() -> None:
    outline = Outline(rendered(report(part())))
    assert len(outline.ids) == len(set(outline.ids))
    assert {link.removeprefix("#") for link in outline.links if link.startswith("#")} == set(outline.ids)


def test_what_is_not_known_is_an_empty_cell() -> None:
    assert ">None<" not in rendered(report(part(answer=answer(plane(version=None, ca_source=None, pods=None)))))


def test_a_page_of_ten_thousand_pods_is_small_whether_they_are_of_few_workloads_or_many() -> None:
    for count in (2000, 10_000):
        rows = [{**workload(f"workload-with-a-long-name-{number}"), "pods": {"1-31-0": 10_000 // count}} for number in range(count)]
        mismatches = [
            mismatch(
                f"pod-{number}", workload=f"Deployment workload-with-a-long-name-{number % count}", reason="its proxy is of another" * 3
            )
            for number in range(10_000)
        ]
        text = rendered(report(part(answer=answer(workloads=rows, mismatches=mismatches))))
        assert len(text.encode()) < 3 * 2**20
    assert "8000 more rows are in the data beside this page." in text
    assert "9500 more problems are in the data beside this page." in text


STEP: dict[str, Any] = {"cluster": "eu", "task": ATTACK, "module": "upgrade_gate", "began_at": "2026-01-31T12:00:05+00:00", "seconds": 75}


def test_the_page_of_a_change_tells_steps_with_their_time_and_figures_and_escapes_them() -> None:
    before = report(part(answer=answer(workloads=[{**workload(ATTACK, r1_31_0=2), "images": [ATTACK]}])))
    after = report(part(answer=answer(workloads=[{**workload(ATTACK, r1_32_0=2), "images": ["web:2"]}])))
    step = {**STEP, "changed": False, "failed": False, "verdict": "passed", "details": [ATTACK, "p99_ms is 12, at most 100"]}
    text = changed(change("upgrade", before, after, [step], [Ending("eu", False, ATTACK)]))
    assert "script" not in Outline(text).tags
    assert all(word in text for word in ("Verdict: failed.", "1 min 15 s", "p99_ms is 12, at most 100", "1-31-0: 2", "1-32-0: 2", "web:2"))
