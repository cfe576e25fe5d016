"""What the answers to a probe say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.meshyard.istio.plugins.module_utils._errors import MeshyardError
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate import traffic
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.traffic import Answer, Expectation, Naming, judge

PLAIN = Naming()


def answers(*statuses: int | None) -> list[Answer]:
    return [Answer(status, None if status is None else 0.01, error="" if status else "Connection refused") for status in statuses]


def unmet(given: list[Answer], **expected: object) -> tuple[str, ...]:
    return judge(given, PLAIN, traffic.parse_expectation(expected)).unmet


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("HTTP/1.1 200 OK\nX-Responder: web-1\n\nHostname=other", "web-1"),
        ("  HTTP/1.1 200 OK\n  x-responder: web-1\r\n", "web-1"),
        ("HTTP/1.1 200 OK\n\nServiceVersion=v1\nHostname=echo-7\nMethod=GET", "echo-7"),
        ("HTTP/1.1 200 OK\n\nHostname: whoami-9\nIP: 127.0.0.1", "whoami-9"),
        ("HTTP/1.1 200 OK\n\nFortio version 1.66.0 echo debug server up for 2.4s on echo-5d - request from 10.0.0.1:42", "echo-5d"),
        ("HTTP/1.1 200 OK\n\nhello", ""),
        ("", ""),
    ],
)
def test_responders_are_named_by_the_header_or_as_echo_servers_do(text: str, name: str) -> None:
    assert PLAIN.responder(Answer(200, text=text)) == name


def test_a_pattern_of_the_user_names_by_its_first_group_that_matches() -> None:
    naming = traffic.parse_naming({"body_regex": r"pod=(\S+)|node=(\S+)"})
    assert naming.responder(Answer(200, text="\nnode=n1")) == "n1"
    assert traffic.parse_naming({"body_regex": "v[12]"}).responder(Answer(200, text="\nI am v2")) == "v2"


def test_an_empty_pattern_switches_the_search_in_the_body_off() -> None:
    assert traffic.parse_naming({"body_regex": ""}).responder(Answer(200, text="\nHostname=web")) == ""


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("success_percent", 101.0),
        ("success_percent", -1.0),
        ("success_percent", float("nan")),
        ("max_latency_ms", 0.0),
        ("max_latency_ms", -3.0),
        ("max_latency_ms", float("nan")),
        ("max_latency_ms", float("inf")),
    ],
)
def test_an_expectation_that_nothing_can_meet_is_refused(option: str, value: float) -> None:
    with pytest.raises(MeshyardError, match=option):
        traffic.parse_expectation({option: value})


def test_a_pattern_that_is_no_regular_expression_is_refused() -> None:
    with pytest.raises(MeshyardError, match="body_regex"):
        traffic.parse_naming({"body_regex": "("})


def test_requests_without_an_answer_are_counted_and_never_succeed() -> None:
    result = judge(answers(200, None, 503), PLAIN, Expectation(statuses=(503, 200)))
    assert result.counts == {"total": 3, "succeeded": 2, "by_status": {"200": 1, "503": 1, "no_answer": 1}, "by_responder": {"unnamed": 2}}
    assert result.failures == ({"status": None, "error": "Connection refused", "count": 1},)


@pytest.mark.parametrize(("status", "good"), [(200, True), (204, True), (302, True), (400, False), (404, False), (503, False)])
def test_every_status_below_400_succeeds_unless_others_are_named(status: int, good: bool) -> None:
    assert bool(unmet(answers(status))) is not good


def test_the_share_of_successes_is_a_limit_that_may_be_met_exactly() -> None:
    assert unmet(answers(*[200] * 99, 503), success_percent=99.0) == ()
    assert unmet(answers(*[200] * 98, 503, 503), success_percent=99.0) == ("98 of 100 requests succeeded, and 99 % must",)


def test_a_probe_without_answers_meets_nothing() -> None:
    assert unmet([], success_percent=0.0)


def test_each_expected_responder_must_answer_and_nobody_else() -> None:
    given = [Answer(200, 0.01, f"X-Responder: {name}\n") for name in ("web-1", "web-2", "cart-1")]
    assert unmet(given, responders=["web-*", "cart-*"]) == ()
    assert unmet(given, responders=["web-*"]) == ("cart-1 (1) answered, which expect.responders does not name",)
    assert unmet(given, responders=["*", "pay-*"]) == ("no answer came from pay-*",)


def test_the_limit_of_the_latency_is_that_of_the_99th_percentile() -> None:
    given = [Answer(200, 0.01)] * 99 + [Answer(200, 9.0)]
    assert unmet(given, max_latency_ms=10.0) == ()
    (sentence,) = unmet([*given, Answer(200, 9.0)], max_latency_ms=10.0)
    assert sentence == "the 99th percentile of the latency is 9000 ms, and 10 ms is the limit"


def test_a_latency_that_could_not_be_measured_does_not_pass() -> None:
    assert unmet([Answer(200)], max_latency_ms=10.0) == ("no latency could be measured",)


@given(st.lists(st.floats(min_value=0.0001, max_value=100), min_size=1))
def test_percentiles_rise_and_are_times_that_were_measured(seconds: list[float]) -> None:
    found = [value for value in traffic.latency(seconds).values() if value is not None]
    assert found == sorted(found)
    assert found[-1] == round(max(seconds) * 1000, 3)
    assert set(found) <= {round(one * 1000, 3) for one in seconds}
