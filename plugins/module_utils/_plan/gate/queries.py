# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""The queries in PromQL that tell of a workload's requests, from the metrics that Istio's proxies give."""

from __future__ import annotations

import json

from .workload_request import PLACEHOLDER, Reporter, Subject

_COUNT, _DURATION = "istio_requests_total", "istio_request_duration_milliseconds_bucket"
# Of HTTP: the server's errors, and 0 where no answer came or the client did not wait for it.
_HTTP = "5..|0"
# Of gRPC, whose errors come with the HTTP status 200: those that OpenTelemetry counts against a server, UNKNOWN, DEADLINE_EXCEEDED,
# UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS. The others are answers to what the client asked for, as the 4.. of HTTP.
_GRPC = "2|4|12|13|14|15"


def requests(subject: Subject, reporter: Reporter, window: int) -> str:
    """How many requests there were in the window."""
    return f"{_succeeded(subject, reporter, window)} + {_failed(subject, reporter, window)}"


def success_percent(subject: Subject, reporter: Reporter, window: int) -> str:
    """The share of requests that succeeded; NaN where there were none."""
    good, bad = _succeeded(subject, reporter, window), _failed(subject, reporter, window)
    return f"100 * ({good} / ({good} + {bad}))"


def durations(subject: Subject, reporter: Reporter, window: int) -> str:
    """How many requests of the window took at most each bound of the histogram, in milliseconds."""
    return f"sum by (le) (increase({_series(_DURATION, subject, reporter)}[{window}s]))"


def filled(query: str, subject: Subject, window: int) -> str:
    """A query of the user's own with its placeholders filled in."""
    values = {"workload": subject.workload, "namespace": subject.namespace, "service": subject.host, "window": f"{window}s"}
    return PLACEHOLDER.sub(lambda found: values[found.group(1)], query)


def _succeeded(subject: Subject, reporter: Reporter, window: int) -> str:
    good = _series(_COUNT, subject, reporter, f'response_code!~"{_HTTP}"', f'grpc_response_status!~"{_GRPC}"')
    return f"(sum(increase({good}[{window}s])) or vector(0))"


def _failed(subject: Subject, reporter: Reporter, window: int) -> str:
    """Failures are never lost: the first ones make a series of their own, of which C(increase) does not see the beginning.

    A series that was not there before the window counts whole.
    """
    http = _series(_COUNT, subject, reporter, f'response_code=~"{_HTTP}"')
    grpc = _series(_COUNT, subject, reporter, f'response_code!~"{_HTTP}"', f'grpc_response_status=~"{_GRPC}"')
    before = f"{_series(_COUNT, subject, reporter)} offset {window}s"
    grown = f"(increase({http}[{window}s]) or increase({grpc}[{window}s])) and {before}"
    new = f"({http} or {grpc}) unless {before}"
    return f"(sum(({grown}) or ({new})) or vector(0))"


def _series(metric: str, subject: Subject, reporter: Reporter, *further: str) -> str:
    if reporter == "destination":
        told = {"destination_workload": subject.workload, "destination_workload_namespace": subject.namespace}
    else:  # who calls knows no workload of a connection that failed, but always the Service that was meant
        told = {"destination_service": subject.host}
    wanted = {"reporter": reporter, **told, **subject.labels}
    matchers = [f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in wanted.items()]
    return f"{metric}{{{','.join([*matchers, *further])}}}"
