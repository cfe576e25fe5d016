"""Watching clusters that cut watches, forget versions, fall silent and come back."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from ansible_collections.meshyard.istio.plugins.module_utils._cluster import connect
from ansible_collections.meshyard.istio.plugins.module_utils._cluster.connection_options import WORDS
from ansible_collections.meshyard.istio.plugins.module_utils._plan.events import changes, request
from ansible_collections.meshyard.istio.plugins.module_utils._run.events.watcher import Watcher
from tests.unit.run.events.scripted import Handler, Object, Scripted

SECONDS = 20


@pytest.fixture
def cluster() -> Iterator[Scripted]:
    with Scripted() as found:
        found.pods = [pod("10.0.0.1")]
        yield found


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "pause", lambda failures: 0.05 * failures)


def pod(address: str) -> Object:
    meta = {"name": "istiod", "labels": {"app": "istiod", "istio.io/rev": "1-32-0"}, "resourceVersion": "11"}
    return {"metadata": meta, "status": {"podIP": address, "conditions": [{"type": "Ready", "status": "True"}]}}


@contextmanager
def watched(cluster: Scripted, name: str = "eu") -> Iterator[Callable[[], dict[str, Any]]]:
    """The next event of a cluster."""
    found: queue.Queue[dict[str, Any]] = queue.Queue()
    arguments = {"clusters": [{"name": name, **cluster.options}], "events": [request.ISTIOD], "settle_seconds": 0, "watch_seconds": 30}
    wanted = request.parse(arguments, WORDS)
    watcher = Watcher(name, wanted, partial(connect.connect, cluster.options, name=name), found.put)
    watcher.start()
    try:
        yield lambda: found.get(timeout=SECONDS)
    finally:
        watcher.stop()
        cluster.over.set()
        for thread in threading.enumerate():
            if thread.name.startswith(f"{name}-"):
                thread.join(SECONDS)
                assert not thread.is_alive()
        assert found.empty()


def test_a_change_is_told_with_what_is_there_after_it(cluster: Scripted) -> None:
    def change(handler: Handler) -> None:
        cluster.pods = [pod("10.0.0.2")]
        handler.tell("MODIFIED", pod("10.0.0.2"))

    cluster.watches = [change]
    with watched(cluster) as event:
        assert (event()["addresses"], event()["addresses"]) == (["10.0.0.1"], ["10.0.0.2"])


def test_a_watch_that_ends_goes_on_from_the_last_bookmark(cluster: Scripted) -> None:
    def mark(handler: Handler) -> None:
        handler.tell("BOOKMARK", {"metadata": {"resourceVersion": "42"}})

    def change(handler: Handler) -> None:
        cluster.pods = [pod("10.0.0.2")]
        handler.tell("MODIFIED", pod("10.0.0.2"))

    cluster.watches = [mark, change]
    with watched(cluster) as event:
        event()
        assert event()["addresses"] == ["10.0.0.2"]
    assert cluster.asked[:2] == ["10", "42"]


def test_a_version_that_is_too_old_is_listed_anew_and_what_was_told_is_not_told_again(cluster: Scripted) -> None:
    def outdated(handler: Handler) -> None:
        cluster.version = 99
        handler.tell("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"})

    def change(handler: Handler) -> None:
        cluster.pods = [pod("10.0.0.3")]
        handler.tell("MODIFIED", pod("10.0.0.3"))

    cluster.watches = [outdated, change]
    with watched(cluster) as event:
        assert (event()["first"], event()["addresses"]) == (True, ["10.0.0.3"])
    assert cluster.asked[:2] == ["10", "99"]


def test_a_watch_that_is_cut_in_the_middle_of_a_line_goes_on(cluster: Scripted) -> None:
    def cut(handler: Handler) -> None:
        handler.wfile.write(b'{"type": "MODIF\n')

    cluster.watches = [cut]
    with watched(cluster) as event:
        event()
        assert event()["type"] == "cluster_unreachable"
        assert event()["type"] == "cluster_reachable"


def test_a_cluster_that_falls_silent_is_told_once_and_its_changes_when_it_is_back(cluster: Scripted) -> None:
    def silence(_handler: Handler) -> None:
        cluster.closed = True

    cluster.watches = [silence]
    with watched(cluster) as event:
        event()
        lost = event()
        assert lost["type"] == "cluster_unreachable"
        assert "of cluster eu gave no answer" in lost["problem"]
        assert "token-of-the-test" not in str(lost)
        cluster.watches = [lambda handler: (setattr(cluster, "pods", [pod("10.0.0.7")]), handler.tell("ADDED", pod("10.0.0.7")))[1]]
        cluster.closed = False
        assert [event()["type"], event()["type"]] == ["cluster_reachable", "istiod_endpoints_changed"]


def test_a_cluster_that_is_down_holds_up_none_of_the_others(cluster: Scripted) -> None:
    with Scripted() as down:
        down.closed = True
        with watched(down, "us") as of_down, watched(cluster, "eu") as of_other:
            assert of_other()["addresses"] == ["10.0.0.1"]
            assert of_down()["type"] == "cluster_unreachable"


def test_what_nobody_foresaw_is_told_by_its_kind_alone(cluster: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_further: Any) -> str:
        raise RuntimeError("holds token-of-the-test")

    with monkeypatch.context() as patched:
        patched.setattr("ansible_collections.meshyard.istio.plugins.module_utils._cluster.watch.version", fail)
        with watched(cluster) as event:
            assert event()["problem"] == "Cluster eu cannot be watched: RuntimeError."
