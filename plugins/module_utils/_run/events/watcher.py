# Copyright (c) 2026, Meshyard contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# Private to this collection: may change at any time.
"""Looking at one cluster for as long as it is to be watched: lists, watches, and patience where it does not answer."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from ..._cluster import read, watch
from ..._cluster.connect import Cluster
from ..._cluster.errors import ApiError
from ..._cluster.kinds import Kind, kind
from ..._errors import MeshyardError
from ..._mesh import raw, release
from ..._plan.events import changes
from ..._plan.events.changes import Event
from ..._plan.events.request import CERTIFICATES, ISTIOD, RELEASES, TOKENS, EventRequest
from ..._plan.remote import reader

Tell = Callable[[Event], None]
Connect = Callable[[], Cluster]

_DEPLOYMENT, _POD, _REPLICA_SET, _SECRET = kind("Deployment"), kind("Pod"), kind("ReplicaSet"), kind("Secret")
_TRIED = 3
"""How often a list is begun anew for versions that are too old at once, before it counts as a failure."""

_SHORT_SECONDS = 0.5
"""A watch that ends sooner is not begun anew at once: something on the way may cut all of them."""


class Subject:
    """What of a cluster is watched.

    :ivar settle: seconds to wait after a change, before all is looked at again; None where each change is looked at by itself.
    """

    kind: Kind
    namespace: str | None = None
    labels: str | None = None
    settle: float | None = None

    def listed(self, cluster: Cluster) -> Iterable[Event]:
        """What is to be told of all of it."""
        raise AssertionError(cluster)

    def changed(self, cluster: Cluster, happened: str, metadata: read.Object) -> Iterable[Event]:
        """What is to be told of one object of it."""
        raise AssertionError(cluster, happened, metadata)


class IstiodPods(Subject):
    """The pods of istiod. Each restart changes several of them, one after the other: they are looked at together."""

    kind = _POD
    labels = "app=istiod"

    def __init__(self, name: str, request: EventRequest) -> None:
        self.namespace = request.namespace
        self.settle = request.settle
        self._known = changes.IstiodEndpoints(name)

    def listed(self, cluster: Cluster) -> Iterable[Event]:
        """The pods as they are now."""
        return self._known.events(read.objects(cluster, self.kind, self.namespace, labels=self.labels))


class EnabledDeployments(Subject):
    """The Deployments whose changes wait for a release. Of all others only the metadata is seen."""

    kind = _DEPLOYMENT

    def __init__(self, name: str, _request: EventRequest) -> None:
        self._known = changes.WaitingReleases(name)

    def listed(self, cluster: Cluster) -> Iterable[Event]:
        """All that are enabled."""
        for one in read.objects(cluster, self.kind, metadata_only=True):
            yield from self.changed(cluster, "ADDED", one)

    def changed(self, cluster: Cluster, happened: str, metadata: read.Object) -> Iterable[Event]:
        """One of them."""
        if happened == "DELETED" or not release.is_enabled(metadata):
            self._known.forget(metadata)
            return []
        whole = read.get(cluster, self.kind, raw.name(metadata), raw.namespace(metadata))
        if whole is None:
            return []
        return self._known.events(whole, read.objects(cluster, _REPLICA_SET, raw.namespace(metadata)))


_SUBJECTS: dict[str, Callable[[str, EventRequest], Subject]] = {ISTIOD: IstiodPods, RELEASES: EnabledDeployments}


class Watcher:
    """All that is asked of one cluster. What it tells comes from threads of its own."""

    def __init__(self, name: str, request: EventRequest, connect: Connect, tell: Tell) -> None:
        """Nothing yet.

        :param connect: is called for each attempt, so that tokens that were renewed are read again. :param tell: takes the events.
        """
        self._name, self._request, self._connect, self._tell = name, request, connect, tell
        self._over = threading.Event()
        self._reachable = changes.Reachability(name)
        self._telling = threading.Lock()
        self._answers: set[Any] = set()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begins to look, and returns."""
        subjects = [_SUBJECTS[one](self._name, self._request) for one in self._request.subjects if one in _SUBJECTS]
        for subject in subjects:
            self._run(lambda subject=subject: self._follow(subject))  # type: ignore[misc]  # bound at once
        if {CERTIFICATES, TOKENS} & set(self._request.subjects):
            self._run(self._look_again)

    def stop(self) -> None:
        """Ends all that is under way, as far as that does not take long."""
        self._over.set()
        for answer in list(self._answers):
            with contextlib.suppress(Exception):  # it may have ended meanwhile; urllib3 knows no way before 2.3
                answer.shutdown()

    def _run(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, name=f"{self._name}-{len(self._threads)}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _say(self, events: Iterable[Event]) -> None:
        for event in events:
            if not self._over.is_set():
                self._tell(event)

    def _persist(self, who: str, attempt: Callable[[], float]) -> None:
        """Does something again and again; after failures with growing pauses.

        :param attempt: returns the seconds until it is to be done again.
        """
        failures = 0
        while not self._over.is_set():
            try:
                pause = attempt()
                failures = 0
            except Exception as problem:  # noqa: BLE001  # a thread that ends without a word would leave a cluster unwatched
                failures += 1
                pause = changes.pause(failures)
                with self._telling:
                    self._say(self._reachable.failed(who, _sentence(self._name, problem)))
            self._over.wait(pause)

    def _answered(self, who: str) -> None:
        with self._telling:
            self._say(self._reachable.answered(who))

    def _follow(self, subject: Subject) -> None:
        """One watch after the other, from where the last one ended, or from a new list where that is too long ago."""
        who, known = type(subject).__name__, [""]

        def attempt() -> float:
            cluster = self._connect()
            for _number in range(_TRIED):
                if not known[0]:
                    known[0] = self._listed(cluster, subject)
                self._answered(who)
                try:
                    began = time.monotonic()
                    self._watch(cluster, subject, known)
                    return 0.0 if time.monotonic() - began > _SHORT_SECONDS else _SHORT_SECONDS
                except ApiError as problem:
                    if not watch.is_outdated(problem):
                        raise
                    known[0] = ""
            return 1.0

        self._persist(who, attempt)

    def _listed(self, cluster: Cluster, subject: Subject) -> str:
        """Looks at all of it. The version is asked for before, so that nothing in between is missed."""
        version = watch.version(cluster, subject.kind, subject.namespace, subject.labels)
        self._say(subject.listed(cluster))
        return version

    def _watch(self, cluster: Cluster, subject: Subject, known: list[str]) -> None:
        """Until the watch ends, or something changed that has to settle.

        :param known: the version that was seen, kept up to date.
        """
        where, seconds = (subject.kind, subject.namespace, known[0]), self._request.watch
        answers: list[Any] = []

        def opened(answer: Any) -> None:
            answers.append(answer)
            self._answers.add(answer)

        try:
            for happened, obj in watch.changes(cluster, *where, labels=subject.labels, seconds=seconds, opened=opened):
                if self._over.is_set():
                    return
                if happened != "BOOKMARK":
                    if subject.settle is not None:
                        self._over.wait(subject.settle)
                        known[0] = ""
                        return
                    self._say(subject.changed(cluster, happened, obj))
                known[0] = raw.text(obj, "metadata", "resourceVersion")
        finally:
            self._answers.difference_update(answers)

    def _look_again(self) -> None:
        """What expires, from time to time."""
        known = changes.Expiring(self._name, self._request.certificate_days, self._request.token_days)

        def attempt() -> float:
            cluster, now = self._connect(), datetime.now(UTC)
            if CERTIFICATES in self._request.subjects:
                self._say(known.certificates(_authorities(cluster, self._request.namespace), now))
            if TOKENS in self._request.subjects:
                self._say(known.tokens(_tokens(cluster, self._request.namespace), now))
            self._answered("expiry")
            return self._request.check

        self._persist("expiry", attempt)


def _sentence(cluster: str, problem: Exception) -> str:
    """What went wrong; of what nobody foresaw only the kind, for its text may hold anything."""
    return problem.problem if isinstance(problem, MeshyardError) else f"Cluster {cluster} cannot be watched: {type(problem).__name__}."


def _authorities(cluster: Cluster, namespace: str) -> dict[str, read.Object]:
    found = {name: read.get(cluster, _SECRET, name, namespace) for name in changes.CA_SECRETS}
    return {name: secret for name, secret in found.items() if secret is not None}


def _tokens(cluster: Cluster, namespace: str) -> Sequence[read.Object]:
    """The Secrets with tokens of the account by which others read this cluster; what is in them is not asked for."""
    known = read.objects(cluster, _SECRET, namespace, fields=f"type={reader.TOKEN_TYPE}", metadata_only=True)
    return [one for one in known if raw.annotations_of(one).get(reader.ACCOUNT_NAME) == reader.ACCOUNT]
