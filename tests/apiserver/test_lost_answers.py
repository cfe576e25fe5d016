"""Requests whose answers are lost on the way: what may be repeated is, and what may not ends in a sentence."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from lab.apiserver import ApiServer
from tests.harness import leases
from tests.harness.killing import CHART, contents, run
from tests.harness.modules import Call
from tests.harness.spoiler import Spoil, Spoiler, cut, dropped, leaderless

REVISION = {"revision": "lost-answer", "version": "1.31.0"}
EACH = (cut, None, leaderless, None, None, dropped)


@pytest.fixture
def spoiler(server: ApiServer) -> Iterator[Spoiler]:
    server.client.ensure("/api/v1/namespaces", {"metadata": {"name": leases.SYSTEM}})
    with Spoiler(server.host) as found:
        yield found
    leases.expire(server.client)
    run(server, "istio_revision", {"revision": "lost-answer", "state": "absent", "force": True})


def call(server: ApiServer, spoiler: Spoiler, name: str, **options: Any) -> dict[str, Any]:
    return Call(name, {"host": spoiler.url, "api_key": server.token, **options}).run()


def test_a_read_is_repeated_with_pauses(server: ApiServer, spoiler: Spoiler) -> None:
    undisturbed = call(server, spoiler, "istio_revision_info")
    spoiler.spoil("GET", EACH)
    found = call(server, spoiler, "istio_revision_info")
    assert not found.get("failed"), found
    assert len(spoiler.spoiled) == 3
    assert found.pop("requests") == undisturbed.pop("requests") + 3
    assert found == undisturbed


@pytest.mark.parametrize(
    ("how", "problem"),
    [(cut, "is cut, or no JSON: it was to read"), (leaderless, "etcdserver: leader changed."), (dropped, "gave no answer: ")],
)
def test_a_read_that_is_never_answered_well_ends_in_a_sentence(server: ApiServer, spoiler: Spoiler, how: Spoil, problem: str) -> None:
    spoiler.spoil("GET", itertools.repeat(how))
    found = call(server, spoiler, "istio_revision_info")
    assert found["failed"]
    assert problem in found["problem"]
    assert found["remedy"]
    assert "Traceback" not in json.dumps(found)
    assert "object at 0x" not in found["msg"]


def test_writes_whose_answers_were_lost_are_repeated_and_leave_what_they_should(server: ApiServer, spoiler: Spoiler) -> None:
    absent = {"revision": "lost-answer", "state": "absent", "force": True}
    run(server, "istio_revision", REVISION)
    left = contents(server)
    run(server, "istio_revision", absent)
    spoiler.spoil("PATCH", EACH)
    found = call(server, spoiler, "istio_revision", **CHART, **REVISION)
    assert found["changed"], found
    assert len(spoiler.spoiled) == 3
    assert contents(server) == left
    spoiler.spoil("DELETE", EACH)
    gone = call(server, spoiler, "istio_revision", **CHART, **absent)
    assert gone["changed"], gone
    assert len(spoiler.spoiled) == 6


def test_what_may_not_be_done_twice_ends_in_a_sentence_and_the_next_run_goes_on(server: ApiServer, spoiler: Spoiler) -> None:
    spoiler.spoil("POST", [cut])
    found = call(server, spoiler, "istio_revision", **CHART, **REVISION)
    assert found["failed"], spoiler.spoiled
    assert "is cut, or no JSON: it was to create " in found["problem"]
    assert leases.held(server.client) is None
    assert not call(server, spoiler, "istio_revision", **CHART, **REVISION).get("failed")
