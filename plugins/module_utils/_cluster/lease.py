# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""A short Lease that covers one mutating module call, so that two of them do not write to one cluster at once."""

from __future__ import annotations

import contextlib
import datetime
import threading
import time
from collections.abc import Callable, Iterator

from .._errors import MeshyardError
from . import read, write
from .connect import Cluster
from .errors import ApiError, Unreachable
from .holder import SECONDS, Found, Holder, Watch, clock
from .kinds import kind

MANAGER = "meshyard-lease"
NAME = "meshyard"
_PAUSE = 0.5
_RENEW_SECONDS = 1.0
_TRIES = 3
_KIND = kind("Lease")


class Busy(MeshyardError):
    """Somebody else is writing."""

    code = "another_run"


class Lost(MeshyardError):
    """Somebody else has taken over the Lease of this call."""

    code = "another_run"


class Lease:
    """Held while a module writes; renewed before writes and by the loop that waits, given back at the end.

    Another run is refused; tasks of one run wait for each other. Every change names the version of the Lease that is meant, so
    that who no longer holds it neither writes nor deletes it.
    Without the control plane's namespace there is nothing yet to protect, and no place for a Lease: then it is not taken.
    """

    def __init__(
        self, cluster: Cluster, namespace: str, holder: Holder, alive: Callable[[], None], tell: Callable[[str], None], patience: float
    ) -> None:
        """Takes nothing yet.

        :param alive: raises when the run is gone. :param tell: takes a progress line.
        :param patience: for how many seconds a task of the same run is waited for.
        """
        # Without the guard of the run: an abandoned module gives back, too.
        self._cluster = Cluster(cluster.name, cluster.api, cluster.options, cluster.context, cluster.uid)
        self._namespace = namespace
        self._holder = holder
        self._alive = alive
        self._tell = tell
        self._patience = patience
        self._live: Found | None = None
        self._renewed = 0.0
        self._lost: Lost | None = None
        self._renewing = threading.Lock()

    def __enter__(self) -> Lease:
        self.take()
        return self

    def __exit__(self, *_unused: object) -> None:
        live, self._live = self._live, None
        if live is not None and self._lost is None:
            with contextlib.suppress(ApiError, Unreachable):  # it expires by itself
                self._give_back(live)

    def take(self) -> None:
        """Takes the Lease; one whose holder shows no sign of life is waited out.

        :raises Busy: another run holds it, or a task of this run does so for too long.
        """
        watch = Watch()
        while True:
            found = self._read()
            if (found is None or self._is_over(found, watch)) and self._seize(found):
                return
            if found is not None:
                self._judge(found, watch)
            self._alive()
            time.sleep(_PAUSE)

    def _is_over(self, found: Found, watch: Watch) -> bool:
        """A task of the same run may be slow, but it lives as long as its process does."""
        holder = Holder.of(found)
        return watch.is_over(found) and not (holder.run == self._holder.run and holder.lives_here)

    def _judge(self, found: Found, watch: Watch) -> None:
        """A sign of life of another run refuses this one; a task of the same run is waited for."""
        noticed, holder, cluster = watch.notices(found), Holder.of(found), self._cluster.name
        if holder.run != self._holder.run:
            if noticed and watch.signs > 1:
                raise self._busy(holder, f"Another run is changing the mesh on cluster {cluster}")
        elif watch.seconds > self._patience:
            raise self._busy(holder, f"For {self._patience:.0f} s another task of this run is changing the mesh on cluster {cluster}")
        elif noticed and watch.is_new:
            self._tell(f"waiting for its turn on cluster {cluster}, where {holder.identity} writes")

    def renew(self) -> None:
        """Called before each request; writes once a second, so that another run soon sees that this one lives.

        :raises Lost: it is held by somebody else.
        """
        if self._lost is not None:
            raise self._lost
        if self._live is None or clock() - self._renewed < _RENEW_SECONDS or not self._renewing.acquire(blocking=False):
            return  # among others, this is a request of its own
        try:
            self._renew_now()
        finally:
            self._renewing.release()

    def _renew_now(self) -> None:
        live: Found | None = self._live
        for _try in range(_TRIES):
            if live is None or self._is_renewed(live):
                return
            live = self._look_again()
        if live is not None:
            self._renew(live)

    def _is_renewed(self, live: Found) -> bool:
        """Tries it; no success may mean that the Lease is another one by now, or that the answer was lost."""
        try:
            self._renew(live)
        except Unreachable:
            return False
        except ApiError as error:
            if error.status not in (404, 409) and error.status < 500:
                raise
            return False
        return True

    def _renew(self, live: Found) -> None:
        self._keep(self._merge(live, {"renewTime": _now()}))

    def _look_again(self) -> Found | None:
        """The Lease as it is now; one that was deleted is made anew, unless its namespace goes, too.

        :raises Lost: it is held by somebody else.
        """
        found, self._live = self._read(), None
        if found is None and self._seize(None):
            return self._live
        found = found or self._read()
        if found is None or not self._holder.holds(found):
            raise self._lose(found)
        self._live = found
        return found

    def _seize(self, found: Found | None) -> bool:
        """Whether the Lease is held now, or there is no place for it; False where somebody else was faster."""
        try:
            with self._lost_answer():
                self._keep(self._create() if found is None else self._merge(found, self._spec()))
        except ApiError as error:
            if error.status not in (404, 409) and not _is_ending(error):
                raise
            return error.status != 409  # no namespace, or one that goes
        return True

    @contextlib.contextmanager
    def _lost_answer(self) -> Iterator[None]:
        """A change may have been made though nobody answered."""
        try:
            yield
        except Unreachable:
            live = self._read()
            if live is None or not self._holder.holds(live):
                raise
            self._keep(live)

    def _give_back(self, live: Found) -> None:
        for _try in range(_TRIES):
            meta = live["metadata"]
            try:
                write.delete(self._cluster, _KIND, self._namespace, NAME, uid=meta["uid"], version=meta["resourceVersion"])
            except ApiError as error:
                found = self._read() if error.status == 409 else None
                if found is None or not self._holder.holds(found):
                    return
                live = found
            else:
                return

    def _read(self) -> Found | None:
        return read.get(self._cluster, _KIND, NAME, self._namespace)

    def _keep(self, live: Found) -> None:
        self._live, self._renewed = live, clock()

    def _create(self) -> Found:
        meta = {"name": NAME, "namespace": self._namespace, "annotations": self._holder.annotations}
        body: Found = {"apiVersion": _KIND.api_version, "kind": "Lease", "metadata": meta, "spec": self._spec()}
        return write.create(self._cluster, body, MANAGER)

    def _merge(self, live: Found, spec: Found) -> Found:
        meta = {"resourceVersion": live["metadata"]["resourceVersion"], "annotations": self._holder.annotations}
        return write.merge(self._cluster, _KIND, self._namespace, NAME, {"metadata": meta, "spec": spec}, MANAGER)

    def _spec(self) -> Found:
        now = _now()
        return {"holderIdentity": self._holder.identity, "leaseDurationSeconds": SECONDS, "acquireTime": now, "renewTime": now}

    def _busy(self, holder: Holder, problem: str) -> Busy:
        return Busy(
            f"{problem}: {holder.identity} since {holder.since}.",
            f"Wait until it has ended, then run again; a run that was killed frees the way after {SECONDS} s.",
            holder=holder.identity,
        )

    def _lose(self, live: Found | None) -> Lost:
        holder = Holder.of(live or {})
        self._lost = Lost(
            f"This task no longer holds the Lease {self._namespace}/{NAME} on cluster {self._cluster.name}, so that it writes no more: "
            f"{holder.identity} holds it since {holder.since}.",
            "Wait until that run has ended, then run again to go on.",
            holder=holder.identity,
        )
        return self._lost


def _is_ending(error: ApiError) -> bool:
    return error.status == 403 and "being terminated" in error.message


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
