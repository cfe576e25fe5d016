# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Instant queries to Prometheus. Not reachable, refused and no data are told apart, and none of them is an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from ..._errors import MeshyardError
from ..._plan.gate.traffic_checks import Sample

# Fetches a URL: the status and the body. Raises MeshyardError where nothing answers.
Fetch = Callable[[str], tuple[int, bytes]]


def query(fetch: Fetch, url: str, promql: str) -> Sample:
    """The values of an expression now.

    :param url: of Prometheus, with a path prefix if it has one.
    """
    try:
        status, body = fetch(f"{url.rstrip('/')}/api/v1/query?{urlencode({'query': promql})}")
    except MeshyardError as problem:
        return Sample(problem=problem.problem.rstrip("."))
    try:
        answer = json.loads(body)
        if answer["status"] != "success":
            return Sample(problem=f"Prometheus refuses the query: {answer.get('error', f'status {status}')}")
        return Sample(tuple(_values(answer["data"])))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        return Sample(problem=f"{url} does not answer like Prometheus (status {status})")


def _values(data: Any) -> Iterable[float]:
    """The numbers of a vector or a scalar, which come as text."""
    if data["resultType"] == "scalar":
        yield float(data["result"][1])
    elif data["resultType"] == "vector":
        for series in data["result"]:
            yield float(series["value"][1])
    else:
        raise ValueError("an instant query gives a vector or a scalar")
