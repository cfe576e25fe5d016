# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""What a gate is asked of a workload's traffic: whose requests count, who reports them, and the limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ..._errors import InvalidOption
from .metrics import Limits, parse_limits
from .model import refuse_twins

Reporter = Literal["destination", "source"]
REPORTERS: tuple[Reporter, ...] = ("destination", "source")
# The names of the checks that are built in.
REQUESTS, SUCCESS, DURATION = "requests", "success_percent", "p99_ms"
# What a query of the user's own may name; $window is the same for all.
PLACEHOLDER = re.compile(r"\$(workload|namespace|service|window)\b")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Subject:
    """Whose requests are judged.

    :ivar workload: by which its own proxies report. :ivar host: of its Service, by which those who call it report.
    :ivar labels: that the series must have besides.
    """

    workload: str
    namespace: str
    host: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class OwnMetric:
    """A metric of the user's own; where C(relative), its limits are those of the ratio to the stable's value."""

    limits: Limits
    relative: bool = False


@dataclass(frozen=True)
class WorkloadRequest:
    """One question to the gate.

    :ivar stable: what relative metrics are compared with.
    :ivar window: seconds of requests that are looked at. :ivar min_requests: how many there must be, from each reporter.
    """

    subject: Subject
    stable: Subject | None = None
    reporters: tuple[Reporter, ...] = REPORTERS
    window: int = 60
    min_requests: int = 20
    success_percent: float | None = None
    p99_ms: float | None = None
    own: tuple[OwnMetric, ...] = ()

    def of_stable(self) -> WorkloadRequest:
        """The same of the stable, where one is named."""
        return replace(self, subject=self.stable or self.subject)


def parse(given: Mapping[str, Any]) -> WorkloadRequest:
    """The options of the module.

    :raises MeshyardError: they leave nothing to judge, or cannot be met.
    """
    reporters = tuple(one for one in REPORTERS if one in given["reporters"])
    request = WorkloadRequest(
        subject=_subject(given, "workload", "service"),
        stable=_subject(given, "stable_workload", "stable_service") if given["stable_workload"] else None,
        reporters=reporters,
        window=given["window"],
        min_requests=given["min_requests"],
        success_percent=given[SUCCESS],
        p99_ms=given[DURATION],
        own=tuple(OwnMetric(parse_limits(one), bool(one["relative"])) for one in given["metrics"]),
    )
    _refuse_empty(request)
    _refuse_numbers(request)
    _refuse_unnamed(request)
    refuse_twins("metrics", [REQUESTS, SUCCESS, DURATION, *(one.limits.name for one in request.own)])
    return request


def _subject(given: Mapping[str, Any], workload: str, service: str) -> Subject:
    for option in (workload, service):
        if given[option] and not _NAME.fullmatch(given[option]):
            raise InvalidOption(f"The option {option} is {given[option]!r}, which nothing in a cluster can be called.", "Correct the name.")
    for name in given["labels"]:
        if not _LABEL.fullmatch(str(name)):
            raise InvalidOption(f"The option labels names {name!r}, which is no label.", "Use letters, digits and underscores.")
    host = given[service] or ""
    if host and "." not in host:
        host = f"{host}.{given['namespace']}.svc.{given['cluster_domain']}"
    labels = {str(name): str(value) for name, value in given["labels"].items()}
    return Subject(given[workload], given["namespace"], host, labels)


def _refuse_empty(request: WorkloadRequest) -> None:
    built_in = request.success_percent is not None or request.p99_ms is not None
    if not built_in and not request.own:
        raise InvalidOption("The gate is given nothing to judge.", "Give success_percent, p99_ms or metrics.")
    if built_in and not request.reporters:
        raise InvalidOption("success_percent and p99_ms need a reporter.", "Give reporters, or judge metrics of your own alone.")


def _refuse_numbers(request: WorkloadRequest) -> None:
    if request.success_percent is not None and not 0 <= request.success_percent <= 100:
        raise InvalidOption(f"success_percent is {request.success_percent:g}.", "Give a percentage between 0 and 100.")
    if request.p99_ms is not None and not 0 < request.p99_ms < float("inf"):
        raise InvalidOption(f"p99_ms is {request.p99_ms:g}.", "Give a positive number of milliseconds.")


def _refuse_unnamed(request: WorkloadRequest) -> None:
    """What a query would name must be known."""
    if "source" in request.reporters and not request.subject.host:
        raise InvalidOption(
            "The reporter source knows a workload by its Service, and none is given.",
            "Give service, or reporters without source where nobody who calls the workload has a proxy.",
        )
    for one in request.own:
        if one.relative and request.stable is None:
            raise InvalidOption(f"The metric {one.limits.name} is relative, and there is no stable.", "Give stable_workload as well.")
        named = set(PLACEHOLDER.findall(one.limits.query))
        if one.relative and not named & {"workload", "service"}:
            raise InvalidOption(
                f"The query of the relative metric {one.limits.name} asks the same of both workloads.",
                "Write $workload or $service in it where the name of either is to stand.",
            )
        hosts = [request.subject.host, *([request.stable.host] if one.relative and request.stable else [])]
        if "service" in named and not all(hosts):
            raise InvalidOption(
                f"The query of the metric {one.limits.name} names $service, and none is given.", "Give service, and stable_service too."
            )
