# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Following what a primary shows: EndpointSlices on a remote cluster are brought up to date, once or for a while."""

from __future__ import annotations

import time
from typing import Any

from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError, Unreachable
from ..._plan.objects.steps import Plan, Step
from ..._plan.remote import endpoint_source, endpoints
from ..._run.remote import endpoints as reading
from ..._words import listed
from ..module import Run

PAUSE_SECONDS = 2.0


class EndpointFollower:
    """The slices of one remote cluster.

    No Lease is held: each slice is written whole by one apply, which another run that looked at the same primary would write alike,
    and a Lease of minutes would hold up everybody else who works on the cluster.

    :ivar steps: what was written. :ivar updates: the same for people, with the seconds since the beginning.
    :ivar missing: the sources that had no address when they were last looked at.
    """

    def __init__(self, run: Run, primary: Cluster) -> None:
        self._run, self._primary = run, primary
        self._started = time.monotonic()
        self._shown: set[str] = set()
        self._now: dict[tuple[str, str], dict[str, Any]] = {}
        self.steps: list[Step] = []
        self.updates: list[dict[str, Any]] = []
        self.missing: tuple[endpoint_source.Source, ...] = ()

    @property
    def plan(self) -> Plan:
        """All that was written, or would be."""
        return tuple(self.steps)

    @property
    def slices(self) -> list[dict[str, Any]]:
        """The slices and their addresses as they are now."""
        return [self._now[key] for key in sorted(self._now)]

    def follow(self, watch: float, patience: float) -> None:
        """Looks once, and again while there is time; check mode looks once.

        :param watch: seconds to go on looking. :param patience: seconds to go on looking only while istiod has no address.
        """
        self._look()
        if watch and not self._run.check:
            self._run.tell(f"watching {len(self._now)} EndpointSlices for {watch:.0f} s")
        while not self._run.check and (left := self._left(watch, patience)) > 0:
            time.sleep(min(PAUSE_SECONDS, left))
            self._run.alive()
            self._look_again()
        for one in self.missing:
            self._warn(f"{self._lacks(one)} Look at what is named and run again once it is back.")

    def _left(self, watch: float, patience: float) -> float:
        awaited = any(one.reach != endpoint_source.SERVICE for one in self.missing)  # a service may be without endpoints on purpose
        return max(watch, patience if awaited else 0) - (time.monotonic() - self._started)

    def _look_again(self) -> None:
        try:
            self._look()
        except (Unreachable, ApiError) as problem:
            if isinstance(problem, ApiError) and problem.status < 500:
                raise
            self._run.tell(problem.problem)
            self._warn(f"{problem.problem} Until it answered again the EndpointSlices stayed as they were.")

    def _look(self) -> None:
        slices = reading.slices(self._run.cluster)
        for name in endpoints.nameless(slices):
            self._warn(
                f"EndpointSlice {name} on cluster {self._run.cluster.name} does not say where its addresses come from and stays as it "
                "is: run remote_istio for its revision once more, or mirrored_services."
            )
        decided = endpoints.decide(slices, reading.shown(self._primary, self._namespace, endpoints.sources(slices)))
        self._remember(slices)
        for one in decided.missing:
            if one not in self.missing:
                self._run.tell(self._lacks(one))
        self.missing = decided.missing
        for step in decided.plan:
            self._write(step)

    @property
    def _namespace(self) -> str:
        return str(self._run.params["control_plane_namespace"])

    def _write(self, step: Step) -> None:
        """One step at a time, so that an address is on its way as soon as it is known."""
        self._run.execute((step,))
        self.steps.append(step)
        where = {"namespace": step.ref.namespace, "name": step.ref.name}
        addresses = endpoints.written(step)
        self.updates.append({**where, "addresses": addresses, "seconds": round(time.monotonic() - self._started, 1)})
        key = (step.ref.namespace, step.ref.name)
        if addresses:
            self._run.tell(f"{step.ref}: {listed(addresses)}")
            reach = self._now.get(key, {}).get("reach", endpoint_source.SERVICE)
            self._now[key] = {**where, "reach": reach, "addresses": addresses}
        else:
            self._now.pop(key, None)

    def _remember(self, slices: list[dict[str, Any]]) -> None:
        self._now = {}
        for one in slices:
            meta, known = one["metadata"], endpoint_source.source_of(one)
            said = {"namespace": meta["namespace"], "name": meta["name"], "reach": known.reach if known else None}
            self._now[meta["namespace"], meta["name"]] = {**said, "addresses": endpoints.addresses_of(one)}

    def _lacks(self, one: endpoint_source.Source) -> str:
        return f"Cluster {self._primary.name} shows no {one.lack}: what leads there from cluster {self._run.cluster.name} stays as it is."

    def _warn(self, text: str) -> None:
        if text not in self._shown:
            self._shown.add(text)
            self._run.warn(text)
