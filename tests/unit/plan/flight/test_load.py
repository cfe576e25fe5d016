"""The load of a test flight: it has an end, whatever the target does."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import InvalidOption
from ansible_collections.meshyard.istio.plugins.module_utils._plan.flight import job, load
from ansible_collections.meshyard.istio.plugins.module_utils._plan.flight.job import Place
from ansible_collections.meshyard.istio.plugins.module_utils._plan.flight.load import Load

GIVEN = {
    "url": "http://web.shop/",
    "qps": 10.0,
    "seconds": 30,
    "requests": None,
    "connections": 4,
    "timeout": 5.0,
    "method": "get",
    "headers": {},
    "url_validate_certs": True,
}


def parse(**options: Any) -> Load:
    return load.parse({**GIVEN, **options})


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"seconds": None}, "after a time or after a number"),
        ({"requests": 5}, "after a time or after a number"),
        ({"seconds": 0}, "seconds is 0"),
        ({"seconds": -1}, "seconds is -1"),
        ({"seconds": 7201}, "seconds is 7201"),
        ({"seconds": None, "requests": 0}, "requests is 0"),
        ({"qps": 0.0}, "qps is 0"),
        ({"qps": -1.0}, "qps is -1"),
        ({"qps": math.inf}, "qps is inf"),
        ({"qps": math.nan}, "qps is nan"),
        ({"connections": 0}, "connections is 0"),
        ({"timeout": 0.0}, "timeout is 0"),
        ({"seconds": None, "requests": 2}, "over 4 connections"),
        ({"seconds": None, "requests": 72_001}, "may take 90010 s"),
        ({"seconds": None, "requests": 5762, "qps": 1000.0}, "may take 7210 s"),
    ],
)
def test_a_load_without_an_end_is_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidOption, match=why):
        parse(**options)


@given(st.integers(1, 10_000), st.floats(0.1, 1000), st.integers(1, 100), st.floats(0.1, 60))
def test_what_is_accepted_is_over_in_time_though_nothing_answers(count: int, qps: float, connections: int, timeout: float) -> None:
    try:
        found = parse(seconds=None, requests=count, qps=qps, connections=connections, timeout=timeout)
    except InvalidOption:
        return
    assert count / qps <= found.longest <= load.MOST_SECONDS
    assert math.ceil(count / connections) * timeout <= found.longest


def test_fortio_is_told_all_of_it_and_reports_to_standard_output() -> None:
    found = parse(seconds=None, requests=100, qps=2.5, headers={"X-Test": "a b", "Host": "shop"}, method="post", url_validate_certs=False)
    assert load.command(found, "/opt/fortio") == [
        *["/opt/fortio", "load", "-quiet", "-loglevel", "Critical", "-log-errors=false", "-allow-initial-errors", "-json", "-"],
        *["-p", "50,90,99", "-qps", "2.5", "-c", "4", "-timeout", "5s", "-n", "100", "-X", "POST"],
        *["-H", "X-Test: a b", "-H", "Host: shop", "-k", "http://web.shop/"],
    ]
    assert load.command(parse(), "fortio")[-3:] == ["-t", "30s", "http://web.shop/"]


def test_kubernetes_ends_and_removes_a_job_that_nobody_is_left_to_delete() -> None:
    body = job.manifest("flight", Place("shop", "fortio:1", {"istio.io/rev": "1-32-0"}), parse(), 120)
    spec = body["spec"]
    assert (spec["activeDeadlineSeconds"], spec["backoffLimit"], spec["ttlSecondsAfterFinished"]) == (120 + 35 + 30, 0, 300)
    assert body["metadata"]["labels"] == {"meshyard.io/owner": "test-flight"}
    assert spec["template"]["metadata"]["labels"] == {"istio.io/rev": "1-32-0", "meshyard.io/owner": "test-flight"}
    assert spec["template"]["spec"]["restartPolicy"] == "Never"


@pytest.mark.parametrize(("sidecar", "label"), [(True, "true"), (False, "false"), (None, None)])
def test_the_sidecar_is_chosen_by_its_label_or_left_to_the_namespace(sidecar: bool | None, label: str | None) -> None:
    template = job.manifest("flight", Place("shop", "fortio:1", sidecar=sidecar), parse(), 120)["spec"]["template"]
    assert template["metadata"]["labels"].get("sidecar.istio.io/inject") == label
    assert "holdApplicationUntilProxyStarts" in template["metadata"]["annotations"]["proxy.istio.io/config"]


@pytest.mark.parametrize("missing", ["namespace", "image"])
def test_a_job_needs_its_namespace_and_image(missing: str) -> None:
    given_options = {"namespace": "shop", "image": "fortio:1", "labels": {}, "sidecar": None, missing: None}
    with pytest.raises(InvalidOption, match=f"needs {missing}"):
        job.parse(given_options)
