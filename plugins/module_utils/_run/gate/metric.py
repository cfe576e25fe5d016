# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Judging a workload's traffic: asking Prometheus again and again until there is a verdict, and keeping what was seen last."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from ..._cluster.wait import Pending, Ready, TimedOut, until
from ..._errors import MeshyardError
from ..._plan.gate import workload_checks
from ..._plan.gate.metrics import Sample
from ..._plan.gate.model import Check, Word, overall
from ..._plan.gate.workload_request import WorkloadRequest

Ask = Callable[[str], Sample]


class QueryRefused(MeshyardError):
    """Prometheus does not take a query, now or later."""

    code = "query_refused"


@dataclass(frozen=True)
class Patience:
    """For how many seconds what is not a verdict yet is looked at again.

    :ivar settle: how long nothing passes, so that the window holds no request from before a change. :ivar wait: a breach.
    :ivar no_data: too few requests, or a metric without data. :ivar hold: a Prometheus that does not answer.
    """

    settle: float = 0.0
    wait: float = 0.0
    no_data: float = 300.0
    hold: float = 120.0

    @property
    def longest(self) -> float:
        """Seconds after which it is over in any case."""
        return self.settle + self.wait + self.no_data + self.hold


@dataclass(frozen=True)
class Judgement:
    """The verdict, the checks that it is made of, and how long it took."""

    verdict: Word
    checks: tuple[Check, ...]
    seconds: float = 0.0


class WorkloadGate:
    """One gate.

    :ivar checks: what was seen last.
    """

    def __init__(
        self, request: WorkloadRequest, ask: Ask, patience: Patience, clock: Callable[[], float] = time.monotonic, validating: bool = False
    ) -> None:
        self._request = request.of_stable() if validating else request
        self._judged = workload_checks.accepted if validating else workload_checks.judged
        self._ask = ask
        self._patience = patience
        self._clock = clock
        self._started = clock()
        self._since: tuple[Word, float] = ("passed", self._started)
        self.checks: list[Check] = []

    @property
    def judgement(self) -> Judgement:
        """What the last look came to."""
        return Judgement(overall(self.checks), tuple(self.checks), round(self._clock() - self._started, 1))

    def look(self) -> Pending | Ready[None]:
        """One look; pending while the verdict may still become another one, and there is time for it.

        :raises QueryRefused: asking again would not help.
        """
        answers = self._answers()
        for what, sample in workload_checks.refused(self._request, answers):
            raise QueryRefused(
                f"The metric {what.name} cannot be judged: {sample.problem.rstrip('.')}.",
                "Correct its query, or the credentials for Prometheus, then run again.",
                code=sample.code,
            )
        self.checks = self._judged(self._request, answers)
        verdict = overall(self.checks)
        if self._clock() - self._begin(verdict) >= self._allowed(verdict):
            return Ready(None)
        if verdict == "passed":
            return Pending("requests from after the change alone")
        return Pending(next(check.detail for check in self.checks if check.verdict == verdict))

    def _begin(self, verdict: Word) -> float:
        """Since when it is as it is; nothing passes before it has settled."""
        if self._since[0] != verdict:
            self._since = verdict, self._clock()
        return self._started if verdict == "passed" else self._since[1]

    def _allowed(self, verdict: Word) -> float:
        patience = self._patience
        return {"passed": patience.settle, "failed": patience.wait, "unreachable": patience.hold}.get(verdict, patience.no_data)

    def _answers(self) -> dict[str, Sample]:
        """What all queries give, as close together as can be; a Prometheus that does not answer one is not asked the others."""
        found: dict[str, Sample] = {}
        silent: Sample | None = None
        for query in workload_checks.asked(self._request):
            found[query] = silent or self._ask(query)
            silent = found[query] if found[query].code == "unreachable" else None
        return found


def judge(request: WorkloadRequest, ask: Ask, patience: Patience, tell: Callable[[str], None], alive: Callable[[], None]) -> Judgement:
    """Looks at the traffic of a workload until there is a verdict.

    :param ask: gives the values of an expression. :param tell: takes lines of progress. :param alive: raises when the run is gone.
    :raises MeshyardError: Prometheus refuses a query, or the run is gone.
    """
    return _until(WorkloadGate(request, ask, patience), patience, tell, alive)


def validate(request: WorkloadRequest, ask: Ask, patience: Patience, tell: Callable[[str], None], alive: Callable[[], None]) -> Judgement:
    """Finds out, on the stable, whether Prometheus takes every query, with the parameters of C(judge).

    :raises MeshyardError: it refuses one, or the run is gone.
    """
    patience = replace(patience, settle=0)
    return _until(WorkloadGate(request, ask, patience, validating=True), patience, tell, alive)


def _until(gate: WorkloadGate, patience: Patience, tell: Callable[[str], None], alive: Callable[[], None]) -> Judgement:
    with suppress(TimedOut):  # what was seen last is the answer
        until(gate.look, timeout=patience.longest, where="Prometheus", tell=tell, alive=alive)
    return gate.judgement
