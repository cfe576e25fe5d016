# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""A short Lease that covers one mutating module call, so that two runs do not write at once."""

from __future__ import annotations

import datetime
import time
from typing import Any

from .._errors import MeshyardError
from . import read, write
from .connect import Cluster
from .errors import ApiError
from .kinds import kind

MANAGER = "meshyard-lease"
NAME = "meshyard"
SECONDS = 15
_PAUSE = 1.0
_KIND = kind("Lease")


class Busy(MeshyardError):
    """Another run is writing."""

    code = "another_run"


class Lease:
    """Held while a module writes; renewed by the loop that waits, given back at the end.

    Without the control plane's namespace there is nothing yet to protect, and no place for a Lease: then it is not taken.
    """

    def __init__(self, cluster: Cluster, namespace: str, holder: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._holder = holder
        self._held = False
        self._renewed = 0.0

    def __enter__(self) -> Lease:
        self.take()
        return self

    def __exit__(self, *_unused: object) -> None:
        if self._held:
            self._held = False
            write.delete(self._quiet(), _KIND, self._namespace, NAME)

    def take(self) -> None:
        """Takes the Lease; one whose holder shows no sign of life is waited out.

        :raises Busy: another run holds it and renews it.
        """
        found = read.get(self._cluster, _KIND, NAME, self._namespace)
        if found is not None and not self._is_free(found):
            self._wait_out(found)
            found = read.get(self._cluster, _KIND, NAME, self._namespace)
        try:
            if found is None:
                self._create()
            else:
                self._replace(found)
        except ApiError as error:
            if error.status == 404:  # no namespace
                return
            if error.status != 409:
                raise
            raise self._busy(read.get(self._cluster, _KIND, NAME, self._namespace) or {}) from None
        self._held, self._renewed = True, time.monotonic()

    def _is_free(self, found: dict[str, Any]) -> bool:
        return found.get("spec", {}).get("holderIdentity") == self._holder or _age(found) > 4 * SECONDS

    def _wait_out(self, found: dict[str, Any]) -> None:
        """Until the Lease was not renewed for its time by our own clock, for clocks of two machines may differ."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            self._cluster.before_write()
            time.sleep(_PAUSE)
            now = read.get(self._cluster, _KIND, NAME, self._namespace)
            if now is None:
                return
            if now.get("spec", {}).get("renewTime") != found.get("spec", {}).get("renewTime"):
                raise self._busy(now)

    def renew(self) -> None:
        """Called often; writes once per third of the Lease's time."""
        if self._held and time.monotonic() - self._renewed > SECONDS / 3:
            patch = {"spec": {"holderIdentity": self._holder, "renewTime": _now()}}
            write.merge(self._cluster, _KIND, self._namespace, NAME, patch, MANAGER)
            self._renewed = time.monotonic()

    def _create(self) -> None:
        body: dict[str, Any] = {
            "apiVersion": _KIND.api_version,
            "kind": "Lease",
            "metadata": {"name": NAME, "namespace": self._namespace},
            "spec": self._spec(),
        }
        write.create(self._cluster, body, MANAGER)

    def _replace(self, found: dict[str, Any]) -> None:
        version = found["metadata"]["resourceVersion"]
        patch = {"metadata": {"resourceVersion": version}, "spec": self._spec()}
        write.merge(self._cluster, _KIND, self._namespace, NAME, patch, MANAGER)

    def _spec(self) -> dict[str, Any]:
        now = _now()
        return {"holderIdentity": self._holder, "leaseDurationSeconds": SECONDS, "acquireTime": now, "renewTime": now}

    def _busy(self, found: dict[str, Any]) -> Busy:
        spec = found.get("spec", {})
        return Busy(
            f"Another run is changing the mesh on cluster {self._cluster.name}: {spec.get('holderIdentity', 'unknown')} "
            f"since {spec.get('acquireTime', 'just now')}.",
            f"Wait until it has ended, then run again; a run that was killed frees the way after {SECONDS} s.",
            holder=spec.get("holderIdentity"),
        )

    def _quiet(self) -> Cluster:
        """Giving back is allowed to an abandoned module too."""
        return Cluster(self._cluster.name, self._cluster.api, self._cluster.options, self._cluster.context, self._cluster.uid)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _age(found: dict[str, Any]) -> float:
    """Seconds since the last renewal; a Lease without one is as old as can be."""
    try:
        renewed = datetime.datetime.fromisoformat(str(found["spec"]["renewTime"]).replace("Z", "+00:00"))
    except (KeyError, ValueError):
        return float("inf")
    return (datetime.datetime.now(datetime.UTC) - renewed).total_seconds()
