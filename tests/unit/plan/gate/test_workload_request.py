"""What a gate can be asked of a workload, and what is refused before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._errors import InvalidOption
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import queries, workload_request
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.workload_request import Subject

OWN = {"name": "db", "query": "q", "min": None, "max": 1.0, "relative": False}
GIVEN = {
    "workload": "web-canary",
    "namespace": "shop",
    "service": "web-canary",
    "stable_workload": "web",
    "stable_service": "web",
    "cluster_domain": "cluster.local",
    "labels": {},
    "reporters": ["destination", "source"],
    "window": 60,
    "min_requests": 20,
    "success_percent": 99.0,
    "p99_ms": 500.0,
    "metrics": [],
}


def parse(**options: Any) -> workload_request.WorkloadRequest:
    return workload_request.parse({**GIVEN, **options})


def own(**entries: Any) -> list[dict[str, Any]]:
    return [{**OWN, **entries}]


def test_services_are_known_by_their_whole_host_names() -> None:
    request = parse(cluster_domain="mesh.example", stable_service="web.other.svc.cluster.local")
    assert request.subject == Subject("web-canary", "shop", "web-canary.shop.svc.mesh.example")
    assert request.stable == Subject("web", "shop", "web.other.svc.cluster.local")


def test_the_order_of_reporters_does_not_matter() -> None:
    assert parse(reporters=["source", "destination"]) == parse()


def test_the_same_is_asked_of_the_stable_or_where_none_is_named_of_the_workload() -> None:
    assert parse().of_stable().subject == Subject("web", "shop", "web.shop.svc.cluster.local")
    assert parse(stable_workload=None).of_stable() == parse(stable_workload=None)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"success_percent": None, "p99_ms": None}, "nothing to judge"),
        ({"reporters": []}, "need a reporter"),
        ({"service": None}, "knows a workload by its Service"),
        ({"success_percent": 100.5}, "success_percent is 100.5"),
        ({"p99_ms": 0.0}, "p99_ms is 0"),
        ({"p99_ms": float("nan")}, "p99_ms is nan"),
        ({"success_percent": float("nan")}, "success_percent is nan"),
        ({"workload": 'web"} or vector(1)'}, "nothing in a cluster can be called"),
        ({"labels": {"a b": "c"}}, "no label"),
        ({"metrics": own(max=None)}, "has no limit"),
        ({"metrics": own(name="requests")}, "have the name 'requests'"),
        ({"metrics": own() + own()}, "have the name 'db'"),
        ({"metrics": own(relative=True)}, "asks the same of both"),
        ({"metrics": own(relative=True, query="$workload"), "stable_workload": None}, "there is no stable"),
        ({"metrics": own(relative=True, query="$service"), "stable_service": None}, "names .service, and none is given"),
    ],
)
def test_what_cannot_be_judged_is_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidOption, match=why):
        parse(**options)


def test_metrics_of_the_users_own_can_be_judged_alone() -> None:
    request = parse(reporters=[], service=None, success_percent=None, p99_ms=None, metrics=own())
    assert [one.limits.query for one in request.own] == ["q"]


def test_a_query_is_filled_in_and_the_dollar_of_a_pattern_stays() -> None:
    given = 'm{w="$workload",n="$namespace",s="$service",c=~"5..$",x="$workloads"}[$window]'
    filled = 'm{w="web-canary",n="shop",s="web-canary.shop.svc.cluster.local",c=~"5..$",x="$workloads"}[60s]'
    assert queries.filled(given, parse().subject, 60) == filled


def test_series_are_chosen_by_equality_and_by_the_labels_that_were_asked_for() -> None:
    query = queries.durations(parse(labels={"cluster": 'e"u'}).subject, "destination", 30)
    told = 'reporter="destination",destination_workload="web-canary",destination_workload_namespace="shop",cluster="e\\"u"'
    assert query == f"sum by (le) (increase(istio_request_duration_milliseconds_bucket{{{told}}}[30s]))"
    assert 'reporter="source",destination_service="web-canary.shop.svc.cluster.local"' in queries.requests(parse().subject, "source", 30)
