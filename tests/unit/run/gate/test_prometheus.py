"""Asking Prometheus: a value, no data, a refusal and no answer are four things."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._ansible.fetching import fetcher
from ansible_collections.meshyard.istio.plugins.module_utils._plan.gate.metrics import Sample
from ansible_collections.meshyard.istio.plugins.module_utils._run.gate import prometheus


def vector(*values: str) -> dict[str, Any]:
    series = [{"metric": {"n": str(number)}, "value": [1700000000.1, value]} for number, value in enumerate(values)]
    return {"status": "success", "data": {"resultType": "vector", "result": series}}


ANSWERS: dict[str, tuple[int, str]] = {
    "one": (200, json.dumps(vector("0.25"))),
    "two": (200, json.dumps(vector("1", "+Inf"))),
    "nan": (200, json.dumps(vector("NaN"))),
    "none": (200, json.dumps(vector())),
    "scalar": (200, json.dumps({"status": "success", "data": {"resultType": "scalar", "result": [1700000000, "42"]}})),
    "range": (200, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}})),
    "wrong(": (400, json.dumps({"status": "error", "errorType": "bad_data", "error": "parse error: unclosed left parenthesis"})),
    "busy": (503, json.dumps({"status": "error", "errorType": "timeout", "error": "query timed out in expression evaluation"})),
    "many": (422, json.dumps({"status": "error", "errorType": "execution", "error": "multiple matches for labels"})),
    "proxy": (502, "<html>Bad Gateway</html>"),
    "list": (200, "[]"),
}


class _Prometheus(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        status, body = ANSWERS.get(parse_qs(asked.query).get("query", [""])[0], (500, ""))
        if asked.path != "/prometheus/api/v1/query":
            status, body = 404, "not found"
        if self.headers.get("Authorization") not in (None, "Bearer secret"):
            status, body = 401, "who are you"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is http.server's
        """Silent."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Prometheus) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/prometheus/"
        server.shutdown()


@pytest.mark.parametrize(("query", "values"), [("one", (0.25,)), ("two", (1.0, math.inf)), ("none", ()), ("scalar", (42.0,))])
def test_values_are_read_whatever_the_query_gives(url: str, query: str, values: tuple[float, ...]) -> None:
    assert prometheus.query(fetcher(), url, query) == Sample(values)


def test_a_value_that_is_no_number_stays_one(url: str) -> None:
    (value,) = prometheus.query(fetcher(), url, "nan").values
    assert math.isnan(value)


@pytest.mark.parametrize(
    ("query", "why", "code"),
    [
        ("wrong(", "Prometheus refuses the query: parse error: unclosed left parenthesis", "query_refused"),
        ("many", "Prometheus refuses the query: multiple matches for labels", "query_refused"),
        ("busy", "Prometheus cannot answer now: query timed out in expression evaluation", "unreachable"),
        ("proxy", "does not answer like Prometheus (status 502)", "unreachable"),
        ("list", "does not answer like Prometheus (status 200)", "unreachable"),
        ("range", "Prometheus refuses the query: it gives a matrix, and no values of now", "query_refused"),
        ("unknown", "does not answer like Prometheus (status 500)", "unreachable"),
    ],
)
def test_what_is_no_answer_says_why_and_whether_asking_again_may_help(url: str, query: str, why: str, code: str) -> None:
    found = prometheus.query(fetcher(), url, query)
    assert (found.values, found.code) == ((), code)
    assert why in found.problem


def test_no_connection_is_no_answer() -> None:
    found = prometheus.query(fetcher(), "http://127.0.0.1:1", "one")
    assert (found.values, found.code, "does not answer: " in found.problem) == ((), "unreachable", True)


def test_the_token_is_shown(url: str) -> None:
    assert prometheus.query(fetcher("secret"), url, "one").values == (0.25,)
    assert prometheus.query(fetcher("wrong"), url, "one").code == "unauthorized"


def test_the_labels_of_each_value_are_kept(url: str) -> None:
    assert prometheus.query(fetcher(), url, "two").labels == ({"n": "0"}, {"n": "1"})
