# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Looking at the gate of an upgrade again and again until it is passed, and keeping what was seen last."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from ..._cluster.connect import Cluster
from ..._cluster.wait import Pending, Ready
from ..._errors import Abandoned, InvalidOption, MeshyardError
from ..._mesh.plane import ControlPlane
from ..._mesh.syncz import Connections
from ..._mesh.verdict import Target
from ..._plan.dataplane.labels import NamespaceState
from ..._plan.dataplane.mesh import Mesh
from ..._plan.gate import checks as gate_checks
from ..._plan.gate import metrics, traffic_checks
from ..._plan.gate.metrics import Limits, Sample
from ..._plan.gate.model import Check, Word, overall, predicted
from ..._words import listed
from ..dataplane import read as dataplane
from ..probe.exec import NoClient
from ..probe.source import WaitPolicy
from ..remote.primary import Primary
from ..survey import proxies
from . import probes as gate_probes
from .probes import Probe

# What istiods say, and the name by which they know this cluster.
Heard: TypeAlias = tuple[Connections, str]


class UnknownRevision(MeshyardError):
    """The revision that pods are to be on is not there."""

    code = "revision_missing"


@dataclass(frozen=True)
class GateRequest:
    """What the gate is asked.

    :ivar revision: a revision or a tag. :ivar version: of the proxies; empty for that of the revision.
    :ivar cluster_name: by which istiod knows the cluster; empty for the ID that its own istiods tell.
    :ivar sample: asks Prometheus. :ivar hold: seconds to look again while something cannot be looked at and nothing is wrong.
    """

    namespaces: tuple[str, ...]
    revision: str
    version: str = ""
    control_plane_namespace: str = "istio-system"
    cluster_name: str = ""
    probes: tuple[Probe, ...] = ()
    metrics: tuple[Limits, ...] = ()
    sample: Callable[[str], Sample] = lambda _query: Sample(problem="no URL of Prometheus was given")
    hold: float = 0.0
    check: bool = False

    def asking(self, sample: Callable[[str], Sample]) -> GateRequest:
        """The same with a way to ask Prometheus."""
        return replace(self, sample=sample)


class Gate:
    """One gate.

    :ivar checks: what was seen last, one entry for each check.
    :ivar pairs: how many answers crossed each pair of planes, in the last run of each probe.
    """

    def __init__(
        self,
        cluster: Cluster,
        request: GateRequest,
        patience: WaitPolicy,
        clock: Callable[[], float] = time.monotonic,
        primary: Primary | None = None,
    ) -> None:
        self._cluster = cluster
        self._primary = primary
        self._request = request
        self._patience = patience
        self._clock = clock
        self._started = clock()
        self._held_since: float | None = None
        self._spaces: Sequence[NamespaceState] = ()
        self._settled = False
        self._proven: set[tuple[str, str]] = set()
        self._final: dict[str, Check] = {}
        self._attempts = Counter[str]()
        self._pairs: dict[str, Counter[str]] = {}
        self.checks: list[Check] = []

    @property
    def pairs(self) -> dict[str, int]:
        """The answers of all probes by pair of planes."""
        total = sum(self._pairs.values(), Counter[str]())
        return {pair: total[pair] for pair in (*traffic_checks.PAIRS, traffic_checks.OTHER)}

    @property
    def longest(self) -> float:
        """Seconds after which it is over in any case."""
        return self._patience.seconds + self._request.hold

    def look(self) -> Pending | Ready[None]:
        """One look; pending while something may still become better, and there is time for it."""
        found = self._look()
        self.checks = [predicted(check) for check in found] if self._request.check else found
        open_checks = [check for check in self.checks if check.verdict != "passed" and check not in self._final.values()]
        final = any(check.code == "namespace_missing" for check in open_checks)  # waiting does not bring one
        if not open_checks or self._request.check or final or self._is_over(overall(open_checks)):
            return Ready(None)
        return Pending(f"{open_checks[0].check}: {open_checks[0].detail}")

    def _is_over(self, verdict: Word) -> bool:
        now = self._clock()
        if verdict == "inconclusive":
            self._held_since = now if self._held_since is None else self._held_since
            return now - self._held_since >= self._request.hold
        self._held_since = None
        return now - self._started >= self._patience.seconds

    def _look(self) -> list[Check]:
        try:
            mesh = dataplane.mesh(self._cluster, self._request.control_plane_namespace)
            target = self._target(mesh)
            if target is None:
                return self._without_plane(mesh)
            heard = self._heard([plane for plane in mesh.planes if plane.revision == target.revision])
            found = self._pods(mesh, target, heard)
        except (Abandoned, UnknownRevision):
            raise
        except MeshyardError as problem:  # not readable is no verdict on the pods
            return [
                Check("pods", "inconclusive", problem.problem.rstrip("."), code=problem.code),
                *self._unasked("the pods could not be read"),
            ]
        verdicts = [gate_checks.pods(found, self._spaces, target)]
        self._settled = verdicts[0].verdict == "passed"
        verdicts.append(self._proxies(target, found, heard))
        if "failed" in (check.verdict for check in verdicts) and not self._request.check:
            return [*verdicts, *self._unasked("pods or proxies had not passed")]
        return [*verdicts, *self._probes(target), *self._metrics()]

    def _target(self, mesh: Mesh) -> Target | None:
        revision = mesh.resolve(self._request.revision)
        if not any(plane.revision == revision and plane.location != "orphan" for plane in mesh.planes):
            return None
        return mesh.target(revision, self._request.version)

    def _without_plane(self, mesh: Mesh) -> list[Check]:
        """What is said of a revision that went meanwhile, or is still to come where this is a check; refuses one that never was."""
        name = self._request.revision
        if not (self._request.check or self.checks):
            raise UnknownRevision(f"There is no revision or tag {name} on cluster {self._cluster.name}.", mesh.choose_revision)
        detail = f"revision {name} does not exist; there are: {listed(plane.revision for plane in mesh.planes) or 'none'}"
        return [Check("pods", "failed", detail, code="revision_missing"), *self._unasked(detail)]

    def _unasked(self, why: str) -> list[Check]:
        """Checks that made no sense, since one before them had not passed; those that had passed before stay so."""
        word: Word = "predicted" if self._request.check else "inconclusive"
        names = [("probe", one.name) for one in self._request.probes] + [("metric", one.name) for one in self._request.metrics]
        checks = [Check(kind, word, f"{name}: not looked at, since {why}", {"name": name}, "not_tried") for kind, name in names]
        return [self._final.get(f"{check.check} {check.facts['name']}", check) for check in checks]

    def _pods(self, mesh: Mesh, target: Target, heard: Heard | MeshyardError) -> gate_checks.Pods:
        if self._settled:
            self._spaces = [
                replace(namespace_state, pods=tuple(dataplane.pods(self._cluster, namespace_state.name)))
                for namespace_state in self._spaces
            ]
        else:
            self._spaces = dataplane.namespaces(self._cluster, self._request.namespaces)
        connections, name = (None, "") if isinstance(heard, MeshyardError) else heard
        return gate_checks.sort_pods(self._spaces, mesh, target, connections, name)

    def _proxies(self, target: Target, found: gate_checks.Pods, heard: Heard | MeshyardError) -> Check:
        if isinstance(heard, MeshyardError):
            return Check("proxies", "inconclusive", heard.problem.rstrip("."), code=heard.code)
        return gate_checks.proxies(found, heard[0], target, heard[1], self._proven)

    def _heard(self, asked: Sequence[ControlPlane]) -> Heard | MeshyardError:
        """What the istiods of a revision say, or why they could not be asked."""
        try:
            return self._connections(asked)
        except Abandoned:
            raise
        except MeshyardError as problem:
            return problem

    def _connections(self, asked: Sequence[ControlPlane]) -> Heard:
        """What the istiods of a revision say, wherever they run, and the name by which they know this cluster."""
        if self._primary and all(plane.location != "cluster" for plane in asked):
            return self._primary.connections(asked[0].revision), self._primary.served
        istiods = proxies.istiods(self._cluster)
        return proxies.connections(self._cluster, asked, istiods), self._request.cluster_name or proxies.cluster_id(istiods)

    def _probes(self, target: Target) -> list[Check]:
        return [self._once(f"probe {one.name}", partial(self._probe, one, target)) for one in self._request.probes]

    def _probe(self, one: Probe, target: Target) -> Check:
        try:
            if self._request.check:
                return gate_probes.foresee(self._cluster, one, self._patience)
            self._attempts[one.name] += 1
            check, seen = gate_probes.send(self._cluster, one, target.revision or "", self._spaces, self._patience)
        except Abandoned:
            raise
        except MeshyardError as problem:
            detail = f"{one.name}: it could not be sent: {problem.problem.rstrip('.')}"
            check = Check("probe", "inconclusive", detail, {"name": one.name}, problem.code)
            if isinstance(problem, NoClient):  # waiting does not bring one
                self._final[f"probe {one.name}"] = check
            return check
        self._pairs[one.name] = seen
        return replace(check, facts={**check.facts, "attempts": self._attempts[one.name]})

    def _metrics(self) -> list[Check]:
        return [self._once(f"metric {one.name}", partial(self._metric, one)) for one in self._request.metrics]

    def _metric(self, one: Limits) -> Check:
        return metrics.metric(one, self._request.sample(one.query))

    def _once(self, key: str, look: Callable[[], Check]) -> Check:
        """A check that passed is not made again while others are waited for."""
        if key not in self._final:
            check = look()
            if check.verdict != "passed":
                return self._final.get(key, check)
            self._final[key] = check
        return self._final[key]


def parse_namespaces(given: Sequence[str], traffic: bool) -> tuple[str, ...]:
    """The option C(namespaces), each once.

    :param traffic: whether probes or metrics are to be judged, for which no namespace is needed.
    :raises MeshyardError: there is nothing to judge.
    """
    names = tuple(dict.fromkeys(given))
    if not (names or traffic):
        raise InvalidOption("The gate is given no namespace.", "Name the namespaces that were moved.")
    return names
