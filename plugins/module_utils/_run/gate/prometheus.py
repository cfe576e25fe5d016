# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Instant queries to Prometheus. Not reachable, refused and no data are told apart, and none of them is an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from ..._errors import MeshyardError
from ..._plan.gate.metrics import Sample

# Fetches a URL: the status and the body. Raises MeshyardError where nothing answers.
Fetch = Callable[[str], tuple[int, bytes]]
_ABOUT_THE_QUERY = ("bad_data", "execution")
_CREDENTIALS = (401, 403)


def query(fetch: Fetch, url: str, promql: str) -> Sample:
    """The values of an expression now.

    :param url: of Prometheus, with a path prefix if it has one.
    """
    try:
        status, body = fetch(f"{url.rstrip('/')}/api/v1/query?{urlencode({'query': promql})}")
    except MeshyardError as problem:
        return Sample(problem=problem.problem.rstrip("."), code="unreachable")
    if status in _CREDENTIALS:
        return Sample(problem=f"{url} does not accept the credentials (status {status})", code="unauthorized")
    try:
        answer = json.loads(body)
        return _sample(answer["data"]) if answer["status"] == "success" else _refused(answer, status)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return Sample(problem=f"{url} does not answer like Prometheus (status {status})", code="unreachable")


def _sample(data: Any) -> Sample:
    if data["resultType"] not in ("scalar", "vector"):
        return Sample(problem=f"Prometheus refuses the query: it gives a {data['resultType']}, and no values of now", code="query_refused")
    series = [*_series(data)]
    return Sample(tuple(value for _labels, value in series), labels=tuple(labels for labels, _value in series))


def _series(data: Any) -> Iterable[tuple[Mapping[str, str], float]]:
    """The numbers of a vector or a scalar, which come as text."""
    if data["resultType"] == "scalar":
        yield {}, float(data["result"][1])
        return
    for series in data["result"]:
        yield series["metric"], float(series["value"][1])


def _refused(answer: Mapping[str, Any], status: int) -> Sample:
    """What Prometheus says in place of data: of the query, or of its own state, which passes."""
    why = answer.get("error", f"status {status}")
    if answer.get("errorType") in _ABOUT_THE_QUERY:
        return Sample(problem=f"Prometheus refuses the query: {why}", code="query_refused")
    return Sample(problem=f"Prometheus cannot answer now: {why}", code="unreachable")
